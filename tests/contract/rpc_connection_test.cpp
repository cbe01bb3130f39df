// Calls on one connection: side by side, in pieces, unanswered, and what is left when a client leaves.
#define CAF_SUITE rpc_connection

#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"

using namespace lmq::contract;

CONTRACT("a waiting pull does not hold up the next call") {
  auto client = rpc();
  auto name = fresh_name();
  auto other = fresh_name();
  auto waiting = client.begin("pull", {name});
  stopwatch watch;
  push_ok(client, other, "x");
  auto message = pull_ok(client, other);
  expect_ok(client.call("done", {other, message.id}));
  expect_error(client.call("no such method"), "undef");
  expect_prompt(watch.elapsed());
  push_ok(client, name, "y");
  expect_equal(message_in(client.await(waiting)).value().content, packed{"y"});
}

CONTRACT("pulls on one connection wait side by side and are answered as their messages come") {
  auto client = rpc();
  std::vector<std::string> names;
  std::vector<std::uint32_t> calls;
  for (int i = 0; i < 20; ++i) {
    names.push_back(fresh_name());
    calls.push_back(client.begin("pull", {names.back(), 20}));
  }
  for (std::size_t i = names.size(); i-- > 0;) {
    push_ok(client, names[i], i);
    expect_equal(message_in(client.await(calls[i])).value().content, packed{i});
  }
}

CONTRACT("pulls of one queue on one connection are served in the order of their calls") {
  auto client = rpc();
  auto name = fresh_name();
  std::vector<std::uint32_t> calls;
  for (int i = 0; i < 10; ++i)
    calls.push_back(client.begin("pull", {name, 20}));
  for (int i = 0; i < 10; ++i)
    push_ok(client, name, i);
  for (int i = 0; i < 10; ++i)
    expect_equal(message_in(client.await(calls[static_cast<std::size_t>(i)])).value().content, packed{i});
}

CONTRACT("many calls in one piece are all answered") {
  auto client = rpc();
  auto name = fresh_name();
  constexpr std::uint32_t count = 3000;
  std::string calls;
  for (std::uint32_t i = 0; i < count; ++i)
    calls += render_call(i, i % 3 == 2 ? "no such method" : "push", {name, i});
  client.send_raw(calls);
  std::vector<bool> answered(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    auto answer = client.receive().value();
    auto id = static_cast<std::size_t>(answer.id.number());
    expect(!answered.at(id), "answered twice");
    answered[id] = true;
    if (id % 3 == 2)
      expect_error(answer, "undef");
    else
      expect_ok(answer);
  }
  auto web = http();
  expect_equal(stats(web).at("queues").at(name).at("size"), 2000);
}

CONTRACT("calls of one connection about one queue keep their order") {
  auto client = rpc();
  auto name = fresh_name();
  constexpr std::uint32_t count = 3000;
  std::string pushes;
  for (std::uint32_t i = 0; i < count; ++i)
    pushes += render_call(i, "push", {name, i});
  client.send_raw(pushes);
  for (std::uint32_t i = 0; i < count; ++i)
    expect_ok(client.receive().value());
  bool in_order = true;
  for (std::uint32_t i = 0; i < count; ++i)
    in_order = in_order && pull_ok(client, name).content == packed{i};
  expect(in_order, "a push overtook another");
}

CONTRACT("a client that reads late gets every answer") {
  auto client = rpc();
  auto name = fresh_name();
  auto large = bin(std::string(100'000, 'x'));
  std::vector<std::uint32_t> pulls;
  for (int i = 0; i < 200; ++i)
    client.begin("push", {name, large});
  for (int i = 0; i < 200; ++i)
    pulls.push_back(client.begin("pull", {name, 20}));
  let_it_arrive();
  for (auto call : pulls)
    expect_equal(message_in(client.await(call)).value().content, large);
}

CONTRACT("calls may come in any pieces") {
  auto client = rpc();
  auto name = fresh_name();
  auto bytes = render_call(7, "push", {name, array({1, "two", map({{3, bin("four")}})})});
  for (char byte : bytes)
    client.send_raw({&byte, 1});
  expect_ok(client.receive().value());
  auto two = bytes + bytes;
  for (std::size_t cut = 1; cut < two.size(); cut += 5) {
    client.send_raw(std::string_view{two}.substr(0, cut));
    let_it_arrive();
    client.send_raw(std::string_view{two}.substr(cut));
    expect_ok(client.receive().value());
    expect_ok(client.receive().value());
  }
}

CONTRACT("a msgid comes back, whichever of 32 bits it is, and in use twice") {
  auto client = rpc();
  for (auto& id : {packed{0}, packed{127}, packed{128}, packed{65'535}, packed{65'536}, packed{UINT32_MAX}}) {
    client.send_raw(render_call(id, "get_default_props", {}));
    expect_equal(client.receive().value().id, id);
  }
  client.send_raw(render_call(5, "get_default_props", {}) + render_call(5, "no such method", {}));
  expect_equal(client.receive().value().id, packed{5});
  expect_equal(client.receive().value().id, packed{5});
}

CONTRACT("a frame may be written in any form") {
  auto client = rpc();
  // array32, uint64, uint32, str32, array16
  client.send_raw(from_hex("dd 00 00 00 04 cf 00 00 00 00 00 00 00 00 ce 00 00 00 09 db 00 00 00 11") +
                  "get_default_props" + from_hex("dc 00 00"));
  auto answer = client.receive().value();
  expect_equal(answer.id, packed{9});
  expect_result(answer, array({}));
}

CONTRACT("a notification is carried out and not answered") {
  auto client = rpc();
  auto name = fresh_name();
  client.notify("update_props", {name, map({{"retry", 7}})});
  client.notify("push", {name, "x"});
  client.notify("pull", {name, "no number"});
  client.notify("pull", {name, 0}); // takes nothing, as nobody would be told
  client.notify("no such method", {1, 2, 3});
  client.notify("push", {name});
  expect(!client.connection().readable_within(seconds{0.1}), "something was answered");
  auto message = pull_ok(client, name);
  expect_equal(message.retry, 7);
  client.notify("done", {name, message.id});
  expect_error(client.call("done", {name, message.id}), "not_found");
}

CONTRACT("a client that goes away with many calls open costs no message and no retry") {
  auto name = fresh_name();
  auto observer = rpc();
  for (bool abrupt : {true, false}) {
    auto gone = rpc();
    for (int i = 0; i < 20; ++i) {
      gone.begin("pull", {name});
      gone.begin("pull_any", {"^" + name + "$"});
    }
    let_it_arrive();
    if (abrupt)
      gone.connection().reset();
    else
      gone.connection().close();
    let_it_arrive();
  }
  push_ok(observer, name, "x");
  expect_equal(message_in(observer.call("pull", {name, 5})).value().retry, 2);
}

CONTRACT("a client that only shut its sending side gets the message, or leaves it as it was") {
  auto name = fresh_name();
  auto waiter = rpc();
  auto client = rpc();
  auto call = waiter.begin("pull", {name, 1});
  let_it_arrive();
  waiter.connection().shut_sending();
  let_it_arrive();
  push_ok(client, name, "x");
  bool delivered = false;
  try {
    auto message = message_in(waiter.await(call));
    delivered = message.has_value();
    if (delivered)
      expect_ok(client.call("done", {name, message->id}));
  } catch (const connection_lost&) {
    // forgotten: then the message is untouched
  }
  if (!delivered)
    expect_equal(message_in(client.call("pull", {name, 5})).value().retry, 2);
}

CONTRACT("clients of both APIs that wait and leave hold up nobody") {
  std::vector<rpc_client> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(rpc());
    if (i % 2 == 0)
      silent.back().send_raw("\x94");
    else
      silent.back().begin("pull", {fresh_name()});
  }
  auto client = rpc();
  auto name = fresh_name();
  stopwatch watch;
  for (int i = 0; i < 10; ++i)
    push_ok(client, name, i);
  expect_prompt(watch.elapsed());
}
