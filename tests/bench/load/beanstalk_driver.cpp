// beanstalkd's text protocol, as much as the dialogues need.
#include "tests/bench/load/beanstalk_driver.hpp"

#include <charconv>

namespace lmq::bench {

tube_commands::tube_commands(const std::string& tube, std::string_view body)
    : use{"use " + tube + "\r\n"},
      watch{"watch " + tube + "\r\n"},
      ignore_default{"ignore default\r\n"},
      put{"put 0 0 60 " + std::to_string(body.size()) + "\r\n" + std::string{body} + "\r\n"} {}

namespace {

constexpr std::string_view reserve_command = "reserve-with-timeout 0\r\n";

enum class job_cycle { put_only, put_reserve_delete };

class job_dialogue final : public dialogue {
public:
  job_dialogue(shared_commands commands, job_cycle kind) : commands_{std::move(commands)}, kind_{kind} {}

  request next() override {
    switch (doing_) {
    case verb::use: return {commands_->use};
    case verb::watch: return {commands_->watch};
    case verb::ignore_default: return {commands_->ignore_default};
    case verb::put: return {commands_->put};
    case verb::reserve: return {reserve_command};
    case verb::remove: return {remove_};
    }
    return {};
  }

  taken take(std::string_view received) override {
    const auto end = received.find("\r\n");
    if (end == std::string_view::npos)
      return {};
    const auto line = received.substr(0, end);
    const auto bytes = end + 2;
    switch (doing_) {
    case verb::use: return proceed(line.starts_with("USING"), verb::watch, step::next, bytes);
    case verb::watch: return proceed(line.starts_with("WATCHING"), verb::ignore_default, step::next, bytes);
    case verb::ignore_default: return proceed(line.starts_with("WATCHING"), verb::put, step::next, bytes);
    case verb::put:
      return kind_ == job_cycle::put_only
               ? proceed(line.starts_with("INSERTED"), verb::put, step::unit_done, bytes)
               : proceed(line.starts_with("INSERTED"), verb::reserve, step::next, bytes);
    case verb::reserve: return on_reserved(received, line, bytes);
    case verb::remove: return proceed(line == "DELETED", verb::put, step::unit_done, bytes);
    }
    return {};
  }

  void lost() override { doing_ = verb::use; }

private:
  enum class verb { use, watch, ignore_default, put, reserve, remove };

  // RESERVED <id> <bytes>, then the body and CRLF.
  taken on_reserved(std::string_view received, std::string_view line, std::size_t line_bytes) {
    constexpr std::string_view reserved = "RESERVED ";
    if (!line.starts_with(reserved))
      return proceed(false, verb::put, step::failed, line_bytes);
    const auto id_end = line.find(' ', reserved.size());
    std::size_t body_bytes = 0;
    if (id_end != std::string_view::npos)
      std::from_chars(line.data() + id_end + 1, line.data() + line.size(), body_bytes);
    const auto bytes = line_bytes + body_bytes + 2;
    if (received.size() < bytes)
      return {};
    remove_.assign("delete ").append(line.substr(reserved.size(), id_end - reserved.size())).append("\r\n");
    return proceed(true, verb::remove, step::next, bytes);
  }

  taken proceed(bool as_expected, verb then, step what, std::size_t bytes) noexcept {
    doing_ = as_expected ? then : verb::put;
    return {as_expected ? what : step::failed, bytes};
  }

  shared_commands commands_;
  job_cycle kind_;
  verb doing_ = verb::use;
  std::string remove_; // keeps its capacity from cycle to cycle
};

} // namespace

std::unique_ptr<dialogue> make_put_dialogue(shared_commands commands) {
  return std::make_unique<job_dialogue>(std::move(commands), job_cycle::put_only);
}

std::unique_ptr<dialogue> make_job_cycle_dialogue(shared_commands commands) {
  return std::make_unique<job_dialogue>(std::move(commands), job_cycle::put_reserve_delete);
}

} // namespace lmq::bench
