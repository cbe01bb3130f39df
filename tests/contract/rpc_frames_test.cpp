// What is no frame: malformed, lying, nested without end. It ends its own connection and nothing else.
#define CAF_SUITE rpc_frames

#include "tests/contract/rpc_calls.hpp"

using namespace lmq::contract;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

/// `[0, 7, "push", ["q", …`: the content is missing.
std::string push_head() {
  return from_hex("94 00 07 a4 70 75 73 68 92 a1 71");
}

/// A neighbour on another connection with a waiting pull, who must notice nothing.
class neighbour {
public:
  neighbour() : call_(client_.begin("pull", {name_})) {}

  void expect_untouched(here at = here::current()) {
    push_ok(client_, name_, "x", at);
    expect(message_in(client_.await(call_), at).has_value(), "the neighbour's pull was ended", at);
    expect_ok(client_.call("delete", {name_}), at);
  }

private:
  std::string name_ = fresh_name();
  rpc_client client_ = rpc();
  std::uint32_t call_;
};

/// Told why, with this msgid, and then closed.
void expect_told_and_closed(std::string_view bytes, const packed& id, std::string_view why,
                            here at = here::current()) {
  auto client = rpc();
  stopwatch watch;
  client.connection().send_while_open(bytes);
  auto answer = client.receive();
  require(answer.has_value(), "closed without a reason", at);
  expect_error(*answer, why, at);
  expect(answer->id == id, "with another msgid", at);
  expect(client.ended_by_peer(), "still open", at);
  expect_prompt(watch.elapsed(), at);
}

constexpr std::string_view no_call = "bad_request";
constexpr std::string_view too_large = "body_too_large";

} // namespace

CONTRACT("bytes that are no MessagePack end the connection with a reason") {
  neighbour next_door;
  expect_told_and_closed("\xc1", nullptr, no_call);
  expect_told_and_closed(render_call(1, "push", {"x"}).substr(0, 3) + "\xc1", 1, no_call);
  next_door.expect_untouched();
}

CONTRACT("a value that is no frame ends the connection with a reason") {
  neighbour next_door;
  for (auto& value : {packed{nullptr}, packed{1}, packed{"push"}, packed{"GET / HTTP/1.1"}, map({{0, 1}}),
                      array({}), array({0}), array({0, 1, "push"}), array({0, 1, "push", array({}), 5}),
                      array({3, 1, "push", array({})}), array({-1, 1, "push", array({})}), array({2, "push"}),
                      array({2, 1, "push", array({})}), array({"0", 1, "push", array({})}),
                      array({1, 1, nullptr, "an answer"})})
    expect_told_and_closed(value.bytes(), nullptr, no_call);
  next_door.expect_untouched();
}

CONTRACT("a call whose msgid is none ends the connection with a reason") {
  for (auto& id :
       {packed{"1"}, packed{nullptr}, packed{-1}, packed{1.5}, packed{std::uint64_t{UINT32_MAX} + 1}})
    expect_told_and_closed(render_call(id, "push", {"q", "x"}), nullptr, no_call);
}

CONTRACT("a method that is no string is undef, parameters that are no array are badarg") {
  auto client = rpc();
  for (auto& method : {packed{5}, packed{nullptr}, array({"push"})}) {
    client.send_raw(render_call(1, method, {fresh_name(), "x"}));
    expect_error(client.receive().value(), "undef");
  }
  for (auto& params : {map({}), packed{nullptr}, packed{"x"}}) {
    client.send_raw(array({0, 1, "push", params}).bytes());
    expect_error(client.receive().value(), "badarg");
  }
}

CONTRACT("what was answered before a broken frame stays done, and what waits costs nothing") {
  auto client = rpc();
  auto name = fresh_name();
  auto awaited = fresh_name();
  push_ok(client, name, "x");
  client.begin("pull", {awaited});
  client.send_raw("\xc1");
  expect_error(client.receive().value(), no_call);
  expect(client.ended_by_peer(), "still open");
  auto other = rpc();
  expect_equal(pull_ok(other, name).content, packed{"x"});
  push_ok(other, awaited, "y");
  expect_equal(pull_ok(other, awaited).retry, 2);
}

CONTRACT("an HTTP request to the RPC port is no call, and an RPC call to the HTTP port is no request") {
  neighbour next_door;
  rpc_client lost{server().rpc_port()};
  lost.send_raw("GET /stats HTTP/1.1\r\nhost: x\r\n\r\n");
  expect_error(lost.receive().value(), no_call);
  expect(lost.ended_by_peer(), "still open");
  http_client astray{server().http_port()};
  astray.send_raw(render_call(1, "push", {"x", "\r\n\r\n"}));
  expect_equal(astray.receive().status, 400);
  next_door.expect_untouched();
}

CONTRACT("a call that is nested too deeply is refused, and costs neither time nor stack") {
  neighbour next_door;
  for (auto& level : {std::string{"\x91"}, std::string{"\x81\x01"}, from_hex("dc 00 01")})
    expect_told_and_closed(push_head() + repeated(level, 1'000'000), 7, no_call);
  expect_told_and_closed(repeated("\x91", 1'000'000), nullptr, no_call);
  next_door.expect_untouched();
}

CONTRACT("arrays and maps may stand 128 deep, the call's own two among them") {
  auto client = rpc();
  auto deepest = packed::of_bytes(repeated("\x91", 126) + "\xc0");
  expect_equal(through_a_queue(client, deepest).content, deepest);
  expect_told_and_closed(push_head() + repeated("\x91", 127) + "\xc0", 7, no_call);
}

CONTRACT("a length that no frame can have is refused at once, before anything of it comes") {
  neighbour next_door;
  for (std::string_view lie :
       {"dd ff ff ff ff", "df ff ff ff ff", "db ff ff ff ff", "c6 ff ff ff ff", "c9 ff ff ff ff 01"})
    expect_told_and_closed(push_head() + from_hex(lie), 7, too_large);
  expect_told_and_closed(from_hex("dd ff ff ff ff"), nullptr, too_large);
  expect_told_and_closed(from_hex("94 00 07 db ff ff ff ff"), 7, too_large);
  next_door.expect_untouched();
}

CONTRACT("arrays within arrays that announce more than a frame can have are refused at once") {
  neighbour next_door;
  expect_told_and_closed(push_head() + repeated(from_hex("dd 00 ff ff ff"), 20), 7, too_large);
  next_door.expect_untouched();
}

CONTRACT("a frame that was cut off by the client is no call") {
  auto name = fresh_name();
  auto bytes = render_call(1, "push", {name, "content"});
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    auto gone = rpc();
    gone.send_raw(std::string_view{bytes}.substr(0, cut));
    gone.connection().close();
  }
  let_it_arrive();
  auto client = rpc();
  expect_empty(client.call("pull", {name, 0}));
}
