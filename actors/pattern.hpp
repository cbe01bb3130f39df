// Regular expressions over queue names, safe to take from strangers: RE2 matches in linear time.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

  /// Instructions of its compiled form; at most `program_size_max`.
  int program_size() const;

private:
  explicit pattern(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const re2::RE2> compiled_;
};

/// Expressions in an order, of which the first one counts that finds a name. All are looked for in one pass
/// over the name. Copies share what is compiled; any thread may match.
class pattern_list {
public:
  /// Instructions of all compiled forms together: a hundred for each of a thousand rules, where plain text
  /// has about one a byte. What compiling all of them costs, and one name where no automaton fits, grows with
  /// it.
  static constexpr int program_size_max = 100'000;

  /// What the automaton for all of them may take. Enough to compile as much as may be there; what is left
  /// keeps the states that names have led to. With less, those of long lists are worked out again and again.
  static constexpr std::size_t memory_bytes_max = 16 << 20;

  /// Holds none, and finds nothing.
  pattern_list() = default;

  /// Each as `pattern::compile` reads it.
  ///
  /// @param memory_bytes  see `memory_bytes_max`. With too few, each is looked for by itself
  /// Errors: bad_pattern; over_limit (too large together)
  /// Cost:   some 0.2 µs an instruction, so 20 ms at most
  static result<pattern_list> compile(const std::vector<std::string_view>& texts,
                                      std::size_t memory_bytes = memory_bytes_max);

  /// Place of the first one that finds `name`, counted from 0; nothing if none does. O(bytes of the name),
  /// some microseconds for a thousand; where the automaton does not fit, O(expressions × bytes).
  std::optional<std::size_t> first(std::string_view name) const;

  /// Instructions of all, which is what matching costs at worst.
  int program_size() const noexcept { return program_size_; }

  /// Whether one pass finds all of them.
  bool has_automaton() const noexcept { return all_ != nullptr; }

private:
  struct automaton;

  std::vector<pattern> each_;
  std::shared_ptr<const automaton> all_; ///< null: there is one at most, or the automaton has no room
  int program_size_ = 0;
};

} // namespace lmq
