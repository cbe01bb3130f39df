// From a frame to what is asked: envelopes, methods, arguments, properties.
#define CAF_SUITE rpc_call

#include "gateway/rpc/method.hpp"
#include "tests/support/packed.hpp"

#include <caf/test/unit_test.hpp>
#include <limits>

using namespace lmq;
using namespace lmq::testing;
using namespace std::chrono_literals;

namespace {

const gateway_limits limits;
const lease_id lease{{1, 2}, 3};

using question = tl::expected<rpc_question, rpc_error>;

question read(std::string_view method, const std::vector<packed>& params) {
  static std::string frame; // what was read are views into it
  frame = array({0, 1, method, array(params)}).bytes();
  auto message = read_message(frame);
  if (!message)
    CAF_FAIL("no message");
  return read_call(*message, limits);
}

/// What is asked, as a T; fails the test if it is something else.
template <class T>
T asked(std::string_view method, const std::vector<packed>& params) {
  auto r = read(method, params);
  if (!r)
    CAF_FAIL("refused: " << std::string(r.error()));
  if (!std::holds_alternative<T>(r->what))
    CAF_FAIL("something else is asked");
  return std::get<T>(std::move(r->what));
}

std::string error_of(std::string_view method, const std::vector<packed>& params) {
  auto r = read(method, params);
  return r ? "none" : std::string(r.error());
}

property_set set_by(const packed& props) {
  return asked<patch_properties>("update_props", {"q", props}).change;
}

} // namespace

CAF_TEST(a request has an id and a notification has none) {
  auto request = array({0, 7, "push", array({})}).bytes();
  auto message = read_message(request);
  CAF_REQUIRE(message);
  CAF_CHECK(message->id == 7u);
  CAF_CHECK(message->method == "push");
  CAF_CHECK(message->params && message->params->count == 0);
  auto told = array({2, "push", array({1, 2})}).bytes();
  message = read_message(told);
  CAF_REQUIRE(message);
  CAF_CHECK(!message->id);
  CAF_CHECK(message->params && message->params->count == 2);
}

CAF_TEST(what is no request and no notification is no message) {
  for (auto& value :
       {packed{1}, packed{"text"}, map({}), array({}), array({0, 1, "push"}),
        array({2, 1, "push", array({})}), array({1, 1, nullptr, "ok"}), array({3, 1, "push", array({})}),
        array({0, -1, "push", array({})}), array({0, "1", "push", array({})}),
        array({0, std::uint64_t{1} << 32, "push", array({})}), array({"0", 1, "push", array({})})})
    CAF_CHECK(!read_message(value.bytes()));
}

CAF_TEST(a method that is no string and parameters that are no array are told apart from what is sound) {
  auto no_method = array({0, 1, array({1}), array({})}).bytes();
  auto message = read_message(no_method);
  CAF_REQUIRE(message);
  CAF_CHECK(!message->method && message->params);
  CAF_CHECK(read_call(*message, limits).error() == "undef");
  auto no_params = array({0, 1, "push", map({})}).bytes();
  message = read_message(no_params);
  CAF_REQUIRE(message);
  CAF_CHECK(!message->params);
  CAF_CHECK(read_call(*message, limits).error() == "badarg");
}

CAF_TEST(the id of a request is known as soon as it has come) {
  auto bytes = from_hex("94 00 ce 00 01 00 00 a4");
  CAF_CHECK(find_id(bytes) == 0x10000u);
  CAF_CHECK(!find_id(bytes.substr(0, 6)));
  for (auto* none : {"", "94", "94 00", "94 02 07", "93 00 07", "94 a1 00 07", "07"})
    CAF_CHECK(!find_id(from_hex(none)));
}

CAF_TEST(a frame begins like an array of three or four) {
  for (int first = 0; first < 0x100; ++first)
    CAF_CHECK_EQUAL(begins_message(static_cast<char>(first)),
                    first == 0x93 || first == 0x94 || first == 0xdc || first == 0xdd);
}

CAF_TEST(every method asks for what it is named after) {
  CAF_CHECK_EQUAL(asked<push_one>("push", {"q", 1}).queue, "q");
  CAF_CHECK_EQUAL(asked<push_matching>("push_all", {"^q", 1}).pattern, "^q");
  CAF_CHECK(asked<pull_one>("pull", {"q"}).wait == std::nullopt);
  CAF_CHECK(asked<pull_matching>("pull_any", {"^q", 0}).wait == duration::zero());
  CAF_CHECK(asked<settle_lease>("done", {"q", to_text(lease)}).what == verdict::ack);
  CAF_CHECK(asked<settle_lease>("retain", {"q", to_text(lease)}).what == verdict::extend);
  CAF_CHECK(asked<settle_lease>("release", {"q", to_text(lease)}).what == verdict::nack);
  CAF_CHECK(asked<settle_lease>("done", {"q", to_text(lease)}).lease == lease);
  CAF_CHECK_EQUAL(asked<delete_queue>("delete", {"q"}).queue, "q");
  CAF_CHECK_EQUAL(asked<delete_properties>("update_props", {"q"}).queue, "q");
  CAF_CHECK_EQUAL(asked<put_rules>("set_default_props", {array({})}).rules.size(), 0u);
  asked<get_rules>("get_default_props", {});
}

CAF_TEST(content is kept as its bytes) {
  for (auto& value : {packed{nullptr}, packed{1.5}, map({{"k", array({bin("x")})}}),
                      packed::of_bytes(from_hex("cf 00 00 00 00 00 00 00 01"))}) {
    auto r = read("push", {"q", value});
    CAF_REQUIRE(r);
    CAF_CHECK_EQUAL(std::string(r->content.body()), value.bytes());
    CAF_CHECK_EQUAL(std::string(r->content.content_type()), "application/x-msgpack");
  }
}

CAF_TEST(a time to wait is any number from zero on and never becomes zero) {
  auto wait = [](const packed& time) { return asked<pull_one>("pull", {"q", time}).wait.value(); };
  CAF_CHECK(wait(3) == 3s);
  CAF_CHECK(wait(0.25) == 250ms);
  CAF_CHECK(wait(1e-9) == 1ms);
  CAF_CHECK(wait(0.0) == 0s);
  CAF_CHECK(wait(1e300) == limits.wait_max);
  CAF_CHECK(wait(std::numeric_limits<double>::infinity()) == limits.wait_max);
  CAF_CHECK(wait(std::numeric_limits<std::uint64_t>::max()) == limits.wait_max);
  for (auto& wrong : {packed{-1}, packed{-0.5}, packed{nullptr}, packed{"1"},
                      packed{std::numeric_limits<double>::quiet_NaN()}})
    CAF_CHECK_EQUAL(error_of("pull", {"q", wrong}), "badarg");
}

CAF_TEST(what is wrong with a call has a word) {
  CAF_CHECK_EQUAL(error_of("shout", {}), "undef");
  CAF_CHECK_EQUAL(error_of("push", {"q"}), "undef");
  CAF_CHECK_EQUAL(error_of("push", {"q", 1, 2}), "undef");
  CAF_CHECK_EQUAL(error_of("push", {1, 1}), "badarg");
  CAF_CHECK_EQUAL(error_of("push", {"", 1}), "badarg");
  CAF_CHECK_EQUAL(error_of("push", {"a\nb", 1}), "badarg");
  CAF_CHECK_EQUAL(error_of("done", {"q", 1}), "badarg");
  CAF_CHECK_EQUAL(error_of("done", {"q", "no lease"}), "not_found");
  CAF_CHECK_EQUAL(error_of("update_props", {"q", "retry"}), "badarg");
  CAF_CHECK_EQUAL(error_of("update_props", {"q", map({{"retri", 1}})}), "invalid");
  CAF_CHECK_EQUAL(error_of("set_default_props", {map({})}), "badarg");
  CAF_CHECK_EQUAL(error_of("set_default_props", {array({1})}), "invalid");
  std::vector<packed> many(limits.document_bytes_max, 1);
  CAF_CHECK_EQUAL(error_of("set_default_props", {array(many)}), "over_limit");
}

CAF_TEST(properties are read by both names of the window but not by both at once) {
  CAF_CHECK(set_by(map({{"pack", 2}})).accum == 2s);
  CAF_CHECK(set_by(map({{"accum", 0.5}})).accum == 500ms);
  CAF_CHECK(set_by(map({{"timeout", 1e-6}})).timeout == 1ms);
  CAF_CHECK(set_by(map({{"retry", 0}})).retry == 0u);
  CAF_CHECK_EQUAL(error_of("update_props", {"q", map({{"pack", 1}, {"accum", 1}})}), "invalid");
  CAF_CHECK(set_by(map({})) == property_set{});
}

CAF_TEST(hooks are read with their points and arguments) {
  auto call = array({"lmq_hook_preserve_header", array({"a", "b"})});
  auto hooks = set_by(map({{"hooks", map({{"pre_http_push", array({call})}})}})).hooks;
  CAF_REQUIRE(hooks);
  CAF_CHECK((hooks->at("pre_http_push") == std::vector<hook_call>{{"lmq_hook_preserve_header", {"a", "b"}}}));
  std::vector<packed> too_many(property_limits::hooks_max + 1, call);
  for (auto& wrong : {packed{1}, map({{"p", 1}}), map({{1, array({})}}), map({{"p", array({1})}}),
                      map({{"p", array({array({"n"})})}}), map({{"p", array({array({"n", array({1})})})}}),
                      map({{"p", array(too_many)}})})
    CAF_CHECK_EQUAL(error_of("update_props", {"q", map({{"hooks", wrong}})}), "invalid");
}

CAF_TEST(rules are pairs of a pattern and properties) {
  auto rules = asked<put_rules>("set_default_props",
                                {array({array({"^a", map({{"retry", 1}})}), array({bin("^b"), map({})})})})
                 .rules;
  CAF_REQUIRE_EQUAL(rules.size(), 2u);
  CAF_CHECK_EQUAL(rules[0].pattern, "^a");
  CAF_CHECK(rules[0].set.retry == 1u);
  CAF_CHECK_EQUAL(rules[1].pattern, "^b");
  std::vector<packed> too_many(property_limits::rules_max + 1, array({"x", map({})}));
  CAF_CHECK_EQUAL(error_of("set_default_props", {array(too_many)}), "over_limit");
}
