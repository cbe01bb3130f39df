// A small state machine over ready-made calls.
#include "tests/bench/load/rpc_driver.hpp"

#include "tests/bench/load/rpc_answer.hpp"

namespace lmq::bench {

namespace {

void append_counted(std::string& out, char form, std::size_t width, std::string_view bytes) {
  out += form;
  for (auto shift = 8 * width; shift > 0; shift -= 8)
    out += static_cast<char>(bytes.size() >> (shift - 8));
  out += bytes;
}

void append_raw(std::string& out, std::string_view text) {
  append_counted(out, '\xda', 2, text);
}

void append_bin(std::string& out, std::string_view bytes) {
  append_counted(out, '\xc6', 4, bytes);
}

/// `[0, msgid, method, [queue, …`: one more parameter is to come.
std::string call(char msgid, std::string_view method, std::string_view queue) {
  std::string out{'\x94', '\x00', msgid};
  append_raw(out, method);
  out += '\x92';
  append_raw(out, queue);
  return out;
}

class rpc_cycle_dialogue final : public dialogue {
public:
  explicit rpc_cycle_dialogue(shared_calls calls) : calls_{std::move(calls)} {}

  request next() override {
    switch (doing_) {
    case verb::push: return {calls_->push};
    case verb::pull: return {calls_->pull};
    case verb::done: return {done_};
    }
    return {};
  }

  taken take(std::string_view received) override {
    const auto answer = parse_rpc_answer(received);
    if (answer.is == rpc_answer::state::incomplete)
      return {};
    if (answer.is == rpc_answer::state::malformed) {
      doing_ = verb::push;
      return {step::failed, received.size()};
    }
    const bool is_ok = !answer.is_error && answer.text == "ok";
    switch (doing_) {
    case verb::push: return proceed(is_ok, verb::pull, step::next, answer.bytes);
    case verb::pull:
      done_ = calls_->done_head;
      append_raw(done_, answer.id);
      return proceed(!answer.id.empty(), verb::done, step::next, answer.bytes);
    case verb::done: return proceed(is_ok, verb::push, step::unit_done, answer.bytes);
    }
    return {};
  }

  void lost() override { doing_ = verb::push; }

private:
  enum class verb { push, pull, done };

  taken proceed(bool as_expected, verb then, step what, std::size_t bytes) noexcept {
    doing_ = as_expected ? then : verb::push;
    return {as_expected ? what : step::failed, bytes};
  }

  shared_calls calls_;
  verb doing_ = verb::push;
  std::string done_; // keeps its capacity from cycle to cycle
};

} // namespace

// One call at a time is open on a connection, so that each method can have a msgid of its own for good.
queue_calls::queue_calls(const std::string& queue, std::string_view content)
    : push{call(1, "push", queue)}, pull{call(2, "pull", queue)}, done_head{call(3, "done", queue)} {
  append_bin(push, content);
  pull += '\x00';
}

std::unique_ptr<dialogue> make_rpc_cycle_dialogue(shared_calls calls) {
  return std::make_unique<rpc_cycle_dialogue>(std::move(calls));
}

} // namespace lmq::bench
