// Running the program under test to its end.
// Free functions; on the main thread of the test, like child_process.
#pragma once

#include "tests/support/await_words.hpp"
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

inline bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Whether it is one line, its end included.
inline bool is_one_line(std::string_view text) {
  return text.ends_with('\n') && std::count(text.begin(), text.end(), '\n') == 1;
}

} // namespace lmq::testing
