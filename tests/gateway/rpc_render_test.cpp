// Answers of MessagePack-RPC as bytes.
#define CAF_SUITE rpc_render

#include "core/utf8.hpp"
#include "gateway/rpc/render.hpp"
#include "tests/gateway/outbox_text.hpp"
#include "tests/support/packed.hpp"

#include <array>
#include <caf/test/unit_test.hpp>
#include <memory>

using namespace lmq;
using lmq::test::text_of;
using lmq::testing::bin;
using lmq::testing::from_hex;
using lmq::testing::map;
using lmq::testing::packed;
using lmq::testing::raw;

namespace {

constexpr std::size_t depth_max = 64;
const lease_id lease{{1, 2}, 3};

packed list(std::vector<packed> elements) {
  return lmq::testing::array(elements);
}

packed rendered(const answer& what, rpc_result as = rpc_result::ok) {
  outbox out;
  render(out, 7, as, what, depth_max);
  return packed::of_bytes(text_of(out));
}

/// The answer with that result.
packed success(const packed& result) {
  return list({1, 7, nullptr, result});
}

packed failure(std::string_view word) {
  return list({1, 7, word, nullptr});
}

delivered some_delivery(std::string_view type, std::string_view body) {
  return {std::make_shared<const std::string>("q"),
          {lease, message{payload::copy_of(type, body), nullptr}, 2, {}}};
}

/// What a message with this body is given to clients as.
packed content_of(std::string_view type, std::string_view body) {
  auto answered = rendered(answer{some_delivery(type, body)}, rpc_result::message);
  return answered.elements().at(3).members().at(4).second;
}

} // namespace

CAF_TEST(an answer has the id of its request or nil) {
  outbox out;
  render_error(out, std::nullopt, rpc_errors::bad_request);
  CAF_CHECK_EQUAL(packed::of_bytes(text_of(out)), list({1, nullptr, "bad_request", nullptr}));
  render_error(out, 0xffffffff, rpc_errors::undefined);
  CAF_CHECK_EQUAL(packed::of_bytes(text_of(out)), list({1, 0xffffffff, "undef", nullptr}));
}

CAF_TEST(what was done is told in the words of the API) {
  CAF_CHECK_EQUAL(rendered(nothing{}), success("ok"));
  CAF_CHECK_EQUAL(rendered(nothing{}, rpc_result::message), success("empty"));
  CAF_CHECK_EQUAL(rendered(push_outcome::stored, rpc_result::pushed), success("ok"));
  CAF_CHECK_EQUAL(rendered(push_outcome::opened, rpc_result::pushed), success("packing started"));
  CAF_CHECK_EQUAL(rendered(push_outcome::joined, rpc_result::pushed), success("packed"));
  CAF_CHECK_EQUAL(rendered(push_outcomes{{"q", push_outcome::opened}}), success("ok"));
}

CAF_TEST(every reason has its word) {
  std::vector<std::pair<reason, std::string>> words{{reason::bad_name, "badarg"},
                                                    {reason::bad_pattern, "invalid_regexp"},
                                                    {reason::bad_property, "invalid"},
                                                    {reason::unknown_property, "invalid"},
                                                    {reason::unknown_hook, "invalid"},
                                                    {reason::no_such_lease, "not_found"},
                                                    {reason::no_such_queue, "queue_not_found"},
                                                    {reason::over_limit, "over_limit"},
                                                    {reason::no_space, "over_limit"},
                                                    {reason::no_such_member, "not_found"},
                                                    {reason::member_in_use, "unavailable"},
                                                    {reason::unavailable, "unavailable"},
                                                    {reason::queue_full, "queue_full"}};
  for (const auto& [why, word] : words)
    CAF_CHECK_EQUAL(rendered(refusal{why, "a sentence"}), failure(word));
}

CAF_TEST(a queue that is gone already counts as deleted) {
  CAF_CHECK_EQUAL(rendered(refusal{reason::no_such_queue, ""}, rpc_result::gone), success("ok"));
}

CAF_TEST(a message has five keys in their order) {
  CAF_CHECK_EQUAL(
    rendered(answer{some_delivery("", "x")}, rpc_result::message),
    success(map(
      {{"queue", "q"}, {"id", raw(to_text(lease))}, {"type", "normal"}, {"retry", 2}, {"content", "x"}})));
}

CAF_TEST(a body that is one value by its type goes out as that value) {
  for (auto* value : {"c0", "92 01 a1 78", "cf 00 00 00 00 00 00 00 01", "d9 01 78"})
    CAF_CHECK_EQUAL(content_of("application/x-msgpack", from_hex(value)), packed::of_bytes(from_hex(value)));
}

CAF_TEST(a body that is no value or not said to be one goes out as string or bin) {
  CAF_CHECK_EQUAL(content_of("application/x-msgpack", "ab"), packed{"ab"});
  CAF_CHECK_EQUAL(content_of("application/x-msgpack", ""), packed{""});
  CAF_CHECK_EQUAL(content_of("application/x-msgpack", "\xc1"), bin("\xc1"));
  CAF_CHECK_EQUAL(content_of("application/x-msgpack; v=1", "\1"), packed{"\1"});
  CAF_CHECK_EQUAL(content_of("Application/x-msgpack", "\1"), packed{"\1"});
  CAF_CHECK_EQUAL(content_of("", "\xff"), bin("\xff"));
  std::string deep(depth_max + 1, '\x91');
  CAF_CHECK_EQUAL(content_of("application/x-msgpack", deep + "\1"), bin(deep + "\1"));
}

CAF_TEST(a string is never of the form str 8) {
  for (std::size_t bytes : {0u, 31u, 32u, 255u, 256u, 65'535u, 65'536u}) {
    std::string text(bytes, 'x');
    CAF_CHECK_EQUAL(content_of("", text), raw(text));
    CAF_CHECK_EQUAL(rendered(std::vector<rule>{{text, {}}}), success(list({list({raw(text), map({})})})));
  }
}

CAF_TEST(a package is the array of its values) {
  auto part_of = [](std::string_view type, std::string_view body) {
    return part{{1, 2}, message{payload::copy_of(type, body), nullptr}};
  };
  auto parts = std::make_shared<const compound>(
    compound{part_of("application/x-msgpack", "\x91\1"), part_of("text/plain", "two")});
  auto answered = rendered(answer{delivered{std::make_shared<const std::string>("q"), {lease, parts, 0, {}}}},
                           rpc_result::message);
  auto members = answered.elements().at(3).members();
  CAF_CHECK_EQUAL(members.at(2).second, packed{"package"});
  CAF_CHECK_EQUAL(members.at(4).second, list({list({1}), "two"}));
}

CAF_TEST(rules are printed as they were set with the window as pack) {
  property_set set{milliseconds{1500},
                   3,
                   milliseconds{2000},
                   hook_settings{{"pre_http_push", {{"h", {"a"}}}}},
                   5,
                   7000,
                   true,
                   "dead"};
  auto hooks = map({{"pre_http_push", list({list({"h", list({"a"})})})}});
  CAF_CHECK_EQUAL(rendered(std::vector<rule>{{"^q", set}}),
                  success(list({list({"^q", map({{"dead_letter", "dead"},
                                                 {"hooks", hooks},
                                                 {"max_bytes", 7000},
                                                 {"max_messages", 5},
                                                 {"pack", 1.5},
                                                 {"paused", true},
                                                 {"retry", 3},
                                                 {"timeout", 2}})})})));
}

CAF_TEST(a large body is not copied) {
  auto d = some_delivery("", std::string(outbox::copied_bytes_max + 1, 'x'));
  outbox out;
  render(out, 7, rpc_result::message, d, depth_max);
  std::array<std::string_view, 8> pieces;
  CAF_CHECK_EQUAL(out.pieces(pieces), 2u);
  CAF_CHECK(pieces[1].data() == std::get<message>(d.what.content).content.body().data());
}

CAF_TEST(utf8 is told from other bytes) {
  for (auto* text : {"", "ascii of some length", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                     "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "12345678\xe5\xbe\x85 and more"})
    CAF_CHECK(is_utf8(text));
  for (auto* bytes : {"\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xef\xbf",
                      "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "1234567\xff"})
    CAF_CHECK(!is_utf8(bytes));
}
