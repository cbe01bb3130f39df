// HTTP dialogues: small state machines over ready-made requests.
#include "tests/bench/load/http_driver.hpp"

#include "tests/bench/load/http_answer.hpp"

namespace lmq::bench {

namespace {

/// What every request has in its head.
std::string common_head(const endpoint& server) {
  auto head = " HTTP/1.1\r\nhost: " + server.text();
  if (!server.token.empty())
    head += "\r\nauthorization: Bearer " + server.token;
  return head;
}

} // namespace

std::string http_request(std::string_view method, std::string_view target, const endpoint& server,
                         std::string_view body) {
  std::string result;
  result.append(method).append(" ").append(target).append(common_head(server));
  if (!body.empty())
    result += "\r\ncontent-type: application/octet-stream";
  if (!body.empty() || method == "POST")
    result += "\r\ncontent-length: " + std::to_string(body.size());
  result.append("\r\n\r\n").append(body);
  return result;
}

queue_requests::queue_requests(const endpoint& server, const std::string& queue, std::string_view body)
    : push{http_request("POST", "/messages/" + queue, server, body)},
      pull{http_request("GET", "/messages/" + queue + "?t=0", server)},
      ack_head{"POST /messages/" + queue + "/"},
      ack_tail{"?reply=ack" + common_head(server) + "\r\ncontent-length: 0\r\n\r\n"} {}

namespace {

class push_dialogue final : public dialogue {
public:
  explicit push_dialogue(shared_requests requests) : requests_{std::move(requests)} {}

  request next() override { return {requests_->push}; }

  taken take(std::string_view received) override {
    const auto answer = parse_http_answer(received);
    if (answer.is == http_answer::state::incomplete)
      return {};
    if (answer.is == http_answer::state::malformed)
      return {step::failed, received.size()};
    return {answer.status == 200 ? step::unit_done : step::failed, answer.bytes};
  }

  void lost() override {}

private:
  shared_requests requests_;
};

enum class cycle_kind { push_pull_ack, pull_ack };

class cycle_dialogue final : public dialogue {
public:
  cycle_dialogue(shared_requests requests, cycle_kind kind)
      : requests_{std::move(requests)}, kind_{kind}, doing_{first()} {}

  request next() override {
    switch (doing_) {
    case verb::push: return {requests_->push};
    case verb::pull: return {requests_->pull};
    case verb::ack: return {ack_};
    }
    return {};
  }

  taken take(std::string_view received) override {
    const auto answer = parse_http_answer(received);
    if (answer.is == http_answer::state::incomplete)
      return {};
    if (answer.is == http_answer::state::malformed) {
      doing_ = first();
      return {step::failed, received.size()};
    }
    switch (doing_) {
    case verb::push: return proceed(answer.status == 200, verb::pull, step::next, answer.bytes);
    case verb::pull:
      if (answer.status == 204 && kind_ == cycle_kind::pull_ack)
        return {step::exhausted, answer.bytes};
      ack_.assign(requests_->ack_head).append(answer.message_id).append(requests_->ack_tail);
      return proceed(answer.status == 200, verb::ack, step::next, answer.bytes);
    case verb::ack: return proceed(answer.status == 204, first(), step::unit_done, answer.bytes);
    }
    return {};
  }

  void lost() override { doing_ = first(); }

private:
  enum class verb { push, pull, ack };

  verb first() const noexcept { return kind_ == cycle_kind::push_pull_ack ? verb::push : verb::pull; }

  taken proceed(bool as_expected, verb then, step what, std::size_t bytes) noexcept {
    doing_ = as_expected ? then : first();
    return {as_expected ? what : step::failed, bytes};
  }

  shared_requests requests_;
  cycle_kind kind_;
  verb doing_;
  std::string ack_; // keeps its capacity from cycle to cycle
};

} // namespace

std::unique_ptr<dialogue> make_push_dialogue(shared_requests requests) {
  return std::make_unique<push_dialogue>(std::move(requests));
}

std::unique_ptr<dialogue> make_cycle_dialogue(shared_requests requests) {
  return std::make_unique<cycle_dialogue>(std::move(requests), cycle_kind::push_pull_ack);
}

std::unique_ptr<dialogue> make_drain_dialogue(shared_requests requests) {
  return std::make_unique<cycle_dialogue>(std::move(requests), cycle_kind::pull_ack);
}

} // namespace lmq::bench
