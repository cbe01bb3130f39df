// Running the program under test to its end, and waiting for what it says.
// Free functions; on the main thread of the test, like child_process.
#pragma once

#include "tests/support/server_process.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::testing {

struct finished {
  int exit_code;
  std::string out;
  std::string err;
};

/// Errors: std::runtime_error if it does not end in time
inline finished finish(child_process& child) {
  auto code = child.wait();
  if (!code)
    throw std::runtime_error("the program did not end in time: " + child.standard_error());
  return {*code, child.standard_output(), child.standard_error()};
}

/// `lmq WORDS…` to its end.
inline finished run(std::vector<std::string> words) {
  child_process child{{.program = program_path(), .arguments = std::move(words)}};
  return finish(child);
}

/// Waits until the process has written that to standard error. Errors: std::runtime_error if it does not in
/// time
inline void await_words(child_process& child, std::string_view words) {
  constexpr seconds pause{0.002};
  time_limit limit{answer_time_max};
  while (child.standard_error().find(words) == std::string::npos)
    // The pause ends early where nothing more can come.
    if (limit.passed() || child.wait(pause))
      throw std::runtime_error("it never said \"" + std::string{words} + "\" but: " + child.standard_error());
}

inline bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Whether it is one line, its end included.
inline bool is_one_line(std::string_view text) {
  return text.ends_with('\n') && std::count(text.begin(), text.end(), '\n') == 1;
}

} // namespace lmq::testing
