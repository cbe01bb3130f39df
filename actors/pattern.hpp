// Regular expressions over queue names, safe to take from strangers: RE2 matches in linear time.
#pragma once

#include "core/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace lmq {

/// A compiled expression. Copies share it; any thread may match.
class pattern {
public:
  /// Bytes of an expression's text, and of memory that its compiled form may take.
  static constexpr std::size_t text_bytes_max = 1024;
  static constexpr std::size_t memory_bytes_max = 1 << 20;

  /// Instructions of the compiled form. RE2 is linear in the name, but by a factor of this where its fast
  /// automaton does not fit: `(.?){1000}` takes milliseconds for one name.
  static constexpr int program_size_max = 1100;

  /// Names are bytes, so the expression is read as Latin-1. The empty text matches all.
  /// Errors: bad_pattern
  static result<pattern> compile(std::string_view text);

  /// Unanchored: true where the expression is found anywhere in `name`. O(bytes of the name)
  bool finds(std::string_view name) const;

  const std::string& text() const;

private:
  explicit pattern(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const re2::RE2> compiled_;
};

} // namespace lmq
