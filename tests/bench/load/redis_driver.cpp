// RESP, as much as the dialogue needs.
#include "tests/bench/load/redis_driver.hpp"

#include <charconv>
#include <cstdint>

namespace lmq::bench {

namespace {

void append_bulk(std::string& out, std::string_view bytes) {
  out.append("$").append(std::to_string(bytes.size())).append("\r\n").append(bytes).append("\r\n");
}

// `:12`, the length of a list that isn't empty.
bool is_length(std::string_view line) {
  if (!line.starts_with(':'))
    return false;
  std::uint64_t length = 0;
  const auto* const line_end = line.data() + line.size();
  const auto [end, failure] = std::from_chars(line.data() + 1, line_end, length);
  return failure == std::errc{} && end == line_end && length > 0;
}

class list_push_dialogue final : public dialogue {
public:
  explicit list_push_dialogue(shared_list_commands commands) : commands_{std::move(commands)} {}

  request next() override { return {commands_->push}; }

  taken take(std::string_view received) override {
    const auto end = received.find("\r\n");
    if (end == std::string_view::npos)
      return {};
    return {is_length(received.substr(0, end)) ? step::unit_done : step::failed, end + 2};
  }

  void lost() override {}

private:
  shared_list_commands commands_;
};

} // namespace

list_commands::list_commands(std::string_view list, std::string_view body) : push{"*3\r\n"} {
  append_bulk(push, "RPUSH");
  append_bulk(push, list);
  append_bulk(push, body);
}

std::unique_ptr<dialogue> make_list_push_dialogue(shared_list_commands commands) {
  return std::make_unique<list_push_dialogue>(std::move(commands));
}

} // namespace lmq::bench
