#include "gateway/http/compound.hpp"

#include <msgpack/pack.hpp>

namespace lmq {

namespace {

// Each format is written twice by the same code: once to be counted, for the answer's head comes before its
// body.
struct counter {
  std::uint64_t bytes = 0;

  void add(std::string_view text) { bytes += text.size(); }
  void add(const payload& body) { bytes += body.body().size(); }
};

/// A preserved header that would stand twice in a part.
bool ours(std::string_view name) {
  return name == "content-type" || name == "content-transfer-encoding";
}

template <class Visit>
void each_header(const message& m, Visit visit) {
  visit("content-type", shown_content_type(m));
  if (m.preserved)
    for (const auto& [name, value] : *m.preserved)
      if (!ours(name))
        visit(name, value);
}

template <class Out>
void write_multipart(Out& out, const compound& parts, std::string_view boundary) {
  for (const auto& part : parts) {
    out.add("\r\n--");
    out.add(boundary);
    out.add("\r\n");
    each_header(part.content, [&](std::string_view name, std::string_view value) {
      out.add(name);
      out.add(": ");
      out.add(value);
      out.add("\r\n");
    });
    out.add("content-transfer-encoding: binary\r\n\r\n");
    out.add(part.content.content);
  }
  out.add("\r\n--");
  out.add(boundary);
  out.add("--\r\n");
}

template <class Out>
struct msgpack_stream {
  Out& out;

  void write(const char* bytes, std::size_t n) { out.add(std::string_view{bytes, n}); }
};

template <class Out>
void write_msgpack(Out& out, const compound& parts) {
  msgpack_stream<Out> stream{out};
  msgpack::packer<msgpack_stream<Out>> packer{stream};
  auto pack_str = [&](std::string_view text) {
    packer.pack_str(static_cast<std::uint32_t>(text.size()));
    packer.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  };
  packer.pack_array(static_cast<std::uint32_t>(parts.size()));
  for (const auto& part : parts) {
    std::uint32_t headers = 0;
    each_header(part.content, [&](auto, auto) { ++headers; });
    packer.pack_array(2);
    packer.pack_map(headers);
    each_header(part.content, [&](std::string_view name, std::string_view value) {
      pack_str(name);
      pack_str(value);
    });
    packer.pack_bin(static_cast<std::uint32_t>(part.content.content.body().size()));
    out.add(part.content.content);
  }
}

} // namespace

std::string_view shown_content_type(const message& m) {
  auto type = m.content.content_type();
  return type.empty() ? default_content_type : type;
}

std::uint64_t multipart_size(const compound& parts, std::string_view boundary) {
  counter out;
  write_multipart(out, parts, boundary);
  return out.bytes;
}

void append_multipart(outbox& out, const compound& parts, std::string_view boundary) {
  write_multipart(out, parts, boundary);
}

std::uint64_t msgpack_size(const compound& parts) {
  counter out;
  write_msgpack(out, parts);
  return out.bytes;
}

void append_msgpack(outbox& out, const compound& parts) {
  write_msgpack(out, parts);
}

} // namespace lmq
