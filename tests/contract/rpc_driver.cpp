// Verbs to calls, answers to results. An error that no verb expects is `refused`. Contents travel as strings.
#include "tests/contract/rpc_driver.hpp"

#include "tests/contract/rpc_calls.hpp"
#include "tests/support/server_process.hpp"

#include <ostream>

namespace lmq::contract {

using namespace lmq::testing;

namespace {

packed to_packed(const queue_properties& properties) {
  std::vector<std::pair<packed, packed>> out;
  if (properties.accum)
    out.emplace_back("pack", *properties.accum);
  if (properties.retry)
    out.emplace_back("retry", *properties.retry);
  if (properties.timeout)
    out.emplace_back("timeout", *properties.timeout);
  return map(out);
}

const char* method_of(settlement how) {
  switch (how) {
  case settlement::ack: return "done";
  case settlement::nack: return "release";
  case settlement::extend: return "retain";
  }
  throw std::logic_error("no such settlement");
}

[[noreturn]] void refuse(const rpc_answer& answer) {
  std::ostringstream out;
  out << answer;
  throw refused(out.str());
}

void demand_ok(const rpc_answer& answer) {
  if (answer.is_error() || answer.result != packed{"ok"})
    refuse(answer);
}

class rpc_driver : public broker_client {
public:
  explicit rpc_driver(std::uint16_t port) : client_(port) {}

  push_result push(std::string_view queue, std::string_view content) override {
    auto answer = client_.call("push", {queue, content});
    if (answer.result == packed{"ok"})
      return push_result::stored;
    if (answer.result == packed{"packing started"})
      return push_result::window_opened;
    if (answer.result == packed{"packed"})
      return push_result::window_joined;
    refuse(answer);
  }

  void push_all(std::string_view regex, std::string_view content) override {
    demand_ok(client_.call("push_all", {regex, content}));
  }

  void begin_pull(std::string_view queue, std::optional<seconds> wait) override {
    pull_ = client_.begin("pull", with_wait(queue, wait));
  }

  void begin_pull_any(std::string_view regex, std::optional<seconds> wait) override {
    pull_ = client_.begin("pull_any", with_wait(regex, wait));
  }

  std::optional<delivery> end_pull() override {
    auto answer = client_.await(pull_);
    if (answer.is_error())
      refuse(answer);
    auto message = message_in(answer);
    if (!message)
      return std::nullopt;
    delivery out;
    out.queue = message->queue;
    out.lease = message->id;
    out.retry_remaining = message->retry;
    if (message->type == "package") {
      out.kind = message_kind::compound;
      for (auto& part : message->content.elements())
        out.contents.push_back(part.contents());
    } else {
      require(message->type == "normal", "a message of type " + message->type);
      out.contents.push_back(message->content.contents());
    }
    return out;
  }

  void vanish() override { client_.connection().reset(); }

  settle_result settle(std::string_view queue, std::string_view lease, settlement how) override {
    auto answer = client_.call(method_of(how), {queue, lease});
    if (answer.error == packed{"not_found"} || answer.error == packed{"queue_not_found"})
      return settle_result::no_such_lease;
    demand_ok(answer);
    return settle_result::done;
  }

  void delete_queue(std::string_view queue) override { demand_ok(client_.call("delete", {queue})); }

  void set_properties(std::string_view queue, const queue_properties& properties) override {
    demand_ok(client_.call("update_props", {queue, to_packed(properties)}));
  }

  void reset_properties(std::string_view queue) override { demand_ok(client_.call("update_props", {queue})); }

  void set_rules(const property_rules& rules) override {
    std::vector<packed> list;
    for (auto& [regex, properties] : rules)
      list.push_back(array({regex, to_packed(properties)}));
    demand_ok(client_.call("set_default_props", {array(list)}));
  }

private:
  static rpc_params with_wait(std::string_view name, std::optional<seconds> wait) {
    return wait ? rpc_params{name, wait->count()} : rpc_params{name};
  }

  rpc_client client_;
  std::uint32_t pull_ = 0;
};

class rpc_wire : public wire {
public:
  explicit rpc_wire(std::uint16_t port) : port_(port) {}

  std::unique_ptr<broker_client> connect() override { return std::make_unique<rpc_driver>(port_); }

private:
  std::uint16_t port_;
};

} // namespace

std::unique_ptr<wire> open_rpc(server_process& server) {
  return std::make_unique<rpc_wire>(server.rpc_port());
}

} // namespace lmq::contract
