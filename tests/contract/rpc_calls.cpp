// Short calls and common checks; see the header.
#include "tests/contract/rpc_calls.hpp"

#include <ostream>

namespace lmq::contract {

namespace {

std::string shown(const rpc_answer& answer) {
  std::ostringstream out;
  out << answer;
  return out.str();
}

} // namespace

std::optional<rpc_message> message_in(const rpc_answer& answer, here at) {
  require(!answer.is_error(), "a pull was answered " + shown(answer), at);
  if (answer.result == packed{"empty"})
    return std::nullopt;
  auto members = answer.result.members();
  std::string keys;
  for (auto& [key, value] : members)
    keys += key.text() + " ";
  require(keys == "queue id type retry content ", "the keys of a message are " + keys, at);
  return rpc_message{.queue = members[0].second.text(),
                     .id = members[1].second.text(),
                     .type = members[2].second.text(),
                     .retry = static_cast<int>(members[3].second.number()),
                     .content = members[4].second};
}

void push_ok(rpc_client& client, std::string_view name, const packed& content, here at) {
  auto answer = client.call("push", {name, content});
  require(!answer.is_error() && answer.result == packed{"ok"}, "push was answered " + shown(answer), at);
}

rpc_message pull_ok(rpc_client& client, std::string_view name, here at) {
  auto message = message_in(client.call("pull", {name, 0}), at);
  require(message.has_value(), "there is no message in " + std::string(name), at);
  return *std::move(message);
}

rpc_message through_a_queue(rpc_client& client, const packed& content, here at) {
  auto name = fresh_name();
  push_ok(client, name, content, at);
  return pull_ok(client, name, at);
}

void expect_result(const rpc_answer& answer, const packed& result, here at) {
  expect(!answer.is_error() && answer.result == result, "was answered " + shown(answer), at);
}

void expect_ok(const rpc_answer& answer, here at) {
  expect_result(answer, "ok", at);
}

void expect_empty(const rpc_answer& answer, here at) {
  expect_result(answer, "empty", at);
}

void expect_error(const rpc_answer& answer, std::string_view error, here at) {
  expect(answer.is_error() && answer.error == raw(error) && answer.result.is_nil(),
         "wanted the error " + std::string(error) + ", was answered " + shown(answer), at);
}

} // namespace lmq::contract
