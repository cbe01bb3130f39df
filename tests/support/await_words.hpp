// Waiting for what a program says. On the main thread of the test, like child_process.
#pragma once

#include "tests/support/child_process.hpp"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace lmq::testing {

/// How often that stands in a text.
inline std::size_t count_words(std::string_view text, std::string_view words) {
  std::size_t count = 0;
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + words.size()))
    ++count;
  return count;
}

/// Waits until the process has written that to standard error, so often at least. Errors: std::runtime_error
/// if it does not in time
inline void await_words(child_process& child, std::string_view words, std::size_t times = 1) {
  constexpr seconds pause{0.002};
  time_limit limit{answer_time_max};
  while (count_words(child.standard_error(), words) < times)
    // The pause ends early where nothing more can come.
    if (limit.passed() || child.wait(pause))
      throw std::runtime_error("it never said \"" + std::string{words} + "\" but: " + child.standard_error());
}

} // namespace lmq::testing
