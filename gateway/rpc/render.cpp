#include "gateway/rpc/render.hpp"

#include "core/utf8.hpp"
#include "gateway/rpc/frame_splitter.hpp"
#include "gateway/rpc/pack.hpp"
#include "gateway/rpc/properties.hpp"

#include <algorithm>
#include <limits>

namespace lmq {

namespace {

/// What a length in MessagePack can say.
constexpr std::size_t length_max = std::numeric_limits<std::uint32_t>::max();

constexpr int answer_type = 1;

rpc_error word_of(reason why) noexcept {
  switch (why) {
  case reason::bad_name: return rpc_errors::bad_argument;
  case reason::bad_pattern: return rpc_errors::invalid_regexp;
  case reason::bad_property:
  case reason::unknown_property:
  case reason::unknown_hook: return rpc_errors::invalid;
  case reason::no_such_lease:
  case reason::no_such_message: return rpc_errors::not_found;
  case reason::no_such_queue: return rpc_errors::queue_not_found;
  case reason::over_limit:
  case reason::no_space: return rpc_errors::over_limit;
  case reason::no_such_member: return rpc_errors::not_found;
  case reason::member_in_use:
  case reason::unavailable: return rpc_errors::unavailable;
  case reason::queue_full: return rpc_errors::queue_full;
  }
  return rpc_errors::unavailable;
}

std::string_view word_of(push_outcome outcome) noexcept {
  switch (outcome) {
  case push_outcome::stored: return "ok";
  case push_outcome::opened: return "packing started";
  case push_outcome::joined: return "packed";
  }
  return "ok";
}

/// More than MessagePack has a length for; body limits that allow it are beyond reason, but can be set.
bool too_large(const delivery& d) {
  auto large = [](const message& m) { return m.content.body().size() > length_max; };
  if (const auto* single = std::get_if<message>(&d.content))
    return large(*single);
  const auto& parts = *std::get<std::shared_ptr<const compound>>(d.content);
  return parts.size() > length_max ||
         std::any_of(parts.begin(), parts.end(), [&](const part& p) { return large(p.content); });
}

struct renderer {
  outbox& out;
  rpc_answer_id id;
  rpc_result as;
  std::size_t depth_max;
  pack_stream stream{out};
  packer pack{stream};

  void head() {
    pack.pack_array(4);
    pack.pack_int(answer_type);
    if (id)
      pack.pack_uint32(*id);
    else
      pack.pack_nil();
  }

  void error(rpc_error why) {
    head();
    pack.string(why);
    pack.pack_nil();
  }

  void word(std::string_view result) {
    head();
    pack.pack_nil();
    pack.string(result);
  }

  // -- answers

  void operator()(nothing) { word(as == rpc_result::message ? "empty" : "ok"); }
  void operator()(push_outcome outcome) { word(word_of(outcome)); }
  void operator()(const push_outcomes&) { word("ok"); }

  void operator()(const delivered& d) {
    if (too_large(d.what))
      return error(rpc_errors::over_limit);
    const auto* single = std::get_if<message>(&d.what.content);
    head();
    pack.pack_nil();
    pack.pack_map(5);
    pack.string("queue");
    pack.string(*d.queue);
    pack.string("id");
    pack.string(to_text(d.what.lease));
    pack.string("type");
    pack.string(single != nullptr ? "normal" : "package");
    pack.string("retry");
    pack.pack_uint32(d.what.retries_left);
    pack.string("content");
    if (single != nullptr)
      return content(single->content);
    const auto& parts = *std::get<std::shared_ptr<const compound>>(d.what.content);
    pack.pack_array(static_cast<std::uint32_t>(parts.size()));
    for (const auto& part : parts)
      content(part.content.content);
  }

  void operator()(const std::vector<rule>& rules) {
    head();
    pack.pack_nil();
    append_rules(out, rules);
  }

  void operator()(const refusal& r) {
    if (r.why == reason::no_such_queue && as == rpc_result::gone)
      return word("ok");
    error(word_of(r.why));
  }

  // No method asks for these.
  void operator()(const properties&) { error(rpc_errors::unavailable); }
  void operator()(const std::vector<queue_report>&) { error(rpc_errors::unavailable); }
  void operator()(const queue_report&) { error(rpc_errors::unavailable); }
  void operator()(const queue_page&) { error(rpc_errors::unavailable); }
  void operator()(const peeked_messages&) { error(rpc_errors::unavailable); }
  void operator()(purged) { error(rpc_errors::unavailable); }
  void operator()(const health_report&) { error(rpc_errors::unavailable); }
  void operator()(const cluster_status&) { error(rpc_errors::unavailable); }
  void operator()(no_cluster) { error(rpc_errors::unavailable); }
  void operator()(no_storage) { error(rpc_errors::unavailable); }
  void operator()(const backup_outcome&) { error(rpc_errors::unavailable); }
  void operator()(moved_messages) { error(rpc_errors::unavailable); }
  void operator()(const metrics_text&) { error(rpc_errors::unavailable); }

private:
  void content(const payload& p) {
    auto bytes = p.body();
    auto size = static_cast<std::uint32_t>(bytes.size());
    if (p.content_type() != rpc_content_type || !is_one_value(bytes, depth_max)) {
      if (is_utf8(bytes))
        pack.string_head(size);
      else
        pack.pack_bin(size);
    }
    out.add(p);
  }
};

} // namespace

void render(outbox& out, rpc_answer_id id, rpc_result as, const answer& what, std::size_t depth_max) {
  std::visit(renderer{out, id, as, depth_max}, what);
}

void render_error(outbox& out, rpc_answer_id id, rpc_error why) {
  renderer{out, id, rpc_result::ok, 0}.error(why);
}

} // namespace lmq
