// Verbs to requests, answers to results. A status that no verb expects is `refused`.
#include "tests/contract/http_driver.hpp"

#include "tests/contract/compound.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/json_check.hpp"
#include "tests/support/percent.hpp"
#include "tests/support/server_process.hpp"

#include <sstream>

namespace lmq::contract {

using namespace lmq::testing;

namespace {

std::string seconds_text(seconds time) {
  std::ostringstream out;
  out << time.count();
  return out.str();
}

nlohmann::json to_json(const queue_properties& properties) {
  auto out = nlohmann::json::object();
  if (properties.accum)
    out["accum"] = *properties.accum;
  if (properties.retry)
    out["retry"] = *properties.retry;
  if (properties.timeout)
    out["timeout"] = *properties.timeout;
  return out;
}

std::string_view word_of(settlement how) {
  switch (how) {
  case settlement::ack: return "ack";
  case settlement::nack: return "nack";
  case settlement::extend: return "ext";
  }
  throw std::logic_error("no such settlement");
}

[[noreturn]] void refuse(const http_response& response) {
  throw refused("status " + std::to_string(response.status) + ": " + response.body);
}

class http_driver : public broker_client {
public:
  explicit http_driver(std::uint16_t port) : client_(port) {}

  push_result push(std::string_view queue, std::string_view content) override {
    auto answer = ask("POST", "/messages/" + percent_encoded(queue), 200, content);
    if (answer.body == R"({"accum":"no"})")
      return push_result::stored;
    if (answer.body == R"({"accum":"new"})")
      return push_result::window_opened;
    if (answer.body == R"({"accum":"yes"})")
      return push_result::window_joined;
    refuse(answer);
  }

  void push_all(std::string_view regex, std::string_view content) override {
    ask("POST", "/messages?qre=" + percent_encoded(regex), 200, content);
  }

  void begin_pull(std::string_view queue, std::optional<seconds> wait) override {
    client_.send("GET", "/messages/" + percent_encoded(queue) + "?cf=msgpack" + time_parameter(wait));
  }

  void begin_pull_any(std::string_view regex, std::optional<seconds> wait) override {
    client_.send("GET", "/messages?cf=msgpack&qre=" + percent_encoded(regex) + time_parameter(wait));
  }

  std::optional<delivery> end_pull() override {
    auto answer = client_.receive();
    if (answer.status == 204)
      return std::nullopt;
    if (answer.status != 200)
      refuse(answer);
    delivery out;
    out.queue = answer.header("x-lmq-queue-name").value();
    out.lease = answer.header("x-lmq-message-id").value();
    out.retry_remaining = std::stoi(answer.header("x-lmq-retry-remaining").value());
    if (answer.header("x-lmq-message-type") == "compound") {
      out.kind = message_kind::compound;
      for (auto& part : unpack_compound(answer.body))
        out.contents.push_back(part.body);
    } else {
      out.contents.push_back(answer.body);
    }
    return out;
  }

  void vanish() override { client_.connection().reset(); }

  settle_result settle(std::string_view queue, std::string_view lease, settlement how) override {
    auto target = "/messages/" + percent_encoded(queue) + "/" + percent_encoded(lease) + "?reply=";
    auto answer = client_.request("POST", target.append(word_of(how)));
    if (answer.status != 204 && answer.status != 404)
      refuse(answer);
    return answer.status == 204 ? settle_result::done : settle_result::no_such_lease;
  }

  void delete_queue(std::string_view queue) override {
    auto answer = client_.request("DELETE", "/queues/" + percent_encoded(queue));
    if (answer.status != 204 && answer.status != 404)
      refuse(answer);
  }

  void set_properties(std::string_view queue, const queue_properties& properties) override {
    ask("PATCH", "/properties/" + percent_encoded(queue), 204, to_json(properties).dump());
  }

  void reset_properties(std::string_view queue) override {
    ask("DELETE", "/properties/" + percent_encoded(queue), 204);
  }

  void set_rules(const property_rules& rules) override {
    auto list = nlohmann::json::array();
    for (auto& [regex, properties] : rules)
      list.push_back({regex, to_json(properties)});
    ask("PUT", "/properties", 204, list.dump());
  }

private:
  static std::string time_parameter(std::optional<seconds> wait) {
    return wait ? "&t=" + seconds_text(*wait) : "";
  }

  http_response ask(std::string_view method, const std::string& target, int wanted,
                    std::string_view body = {}) {
    auto answer = client_.request(method, target, {}, body);
    if (answer.status != wanted)
      refuse(answer);
    return answer;
  }

  http_client client_;
};

class http_wire : public wire {
public:
  explicit http_wire(std::uint16_t port) : port_(port) {}

  std::unique_ptr<broker_client> connect() override { return std::make_unique<http_driver>(port_); }

private:
  std::uint16_t port_;
};

} // namespace

std::unique_ptr<wire> open_http(server_process& server) {
  return std::make_unique<http_wire>(server.http_port());
}

} // namespace lmq::contract
