#include "cluster/transport/hello.hpp"

#include "cluster/transport/transport.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <msgpack.hpp>

namespace lmq {

namespace {

constexpr std::string_view magic = "LMQ hello";
constexpr std::uint32_t fields = 9; ///< as of version 1; more may follow

bool is_name(std::string_view s) {
  return !s.empty() && s.size() <= transport_limits::name_length_max &&
         std::none_of(s.begin(), s.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

} // namespace

std::string to_bytes(const hello& h) {
  msgpack::sbuffer out;
  msgpack::packer<msgpack::sbuffer> to{out};
  to.pack_array(fields);
  to.pack(magic).pack(h.node).pack(h.incarnation).pack(h.version_min).pack(h.version_max);
  to.pack(h.host).pack(h.port).pack(h.session).pack(h.refusal);
  return {out.data(), out.size()};
}

std::optional<hello> parse_hello(std::string_view bytes) {
  if (bytes.size() > hello_bytes_max)
    return std::nullopt;
  try {
    auto unpacked = msgpack::unpack(bytes.data(), bytes.size());
    const auto& all = unpacked.get();
    if (all.type != msgpack::type::ARRAY || all.via.array.size < fields)
      return std::nullopt;
    const auto* at = all.via.array.ptr;
    if (at++->as<std::string_view>() != magic)
      return std::nullopt;
    hello h;
    h.node = at++->as<std::string>();
    h.incarnation = at++->as<std::uint64_t>();
    h.version_min = at++->as<std::uint16_t>();
    h.version_max = at++->as<std::uint16_t>();
    h.host = at++->as<std::string>();
    h.port = at++->as<std::uint16_t>();
    h.session = at++->as<std::uint64_t>();
    h.refusal = at++->as<std::string>();
    if (!is_name(h.node))
      return std::nullopt;
    return h;
  } catch (const msgpack::unpack_error&) {
  } catch (const msgpack::type_error&) {
  }
  return std::nullopt;
}

tl::expected<std::uint16_t, objection> judge(const hello& ours, const hello& theirs) {
  auto object = [](objection::kind what, std::string sentence) {
    return tl::unexpected<objection>(objection{what, std::move(sentence)});
  };
  if (theirs.incarnation == ours.incarnation)
    return object(objection::kind::itself, "that is this node itself");
  if (theirs.node == ours.node)
    return object(objection::kind::name,
                  fmt::format("both nodes are named {}; give one of them another --name", ours.node));
  if (theirs.version_min > ours.version_max || theirs.version_max < ours.version_min)
    return object(
      objection::kind::version,
      fmt::format("{} speaks the cluster's protocol in versions {} to {}, {} in versions {} to {}; "
                  "upgrade the older one",
                  ours.node, ours.version_min, ours.version_max, theirs.node, theirs.version_min,
                  theirs.version_max));
  return std::min(ours.version_max, theirs.version_max);
}

} // namespace lmq
