// Reads MessagePack values that are known to be complete and well-formed, one after the other.
//
// A view into a frame that a frame_splitter has found the end of; builds nothing.
#pragma once

#include "gateway/rpc/token.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace lmq {

class value_reader {
public:
  /// @param bytes  any number of values. They outlive the reader
  explicit value_reader(std::string_view bytes) noexcept : rest_(bytes) {}

  /// What is not read yet.
  std::string_view rest() const noexcept { return rest_; }

  /// The head of the next value; it is read again by whatever is called next.
  token peek() const;

  /// The next value with all that is within.
  std::string_view skip();

  // -- the next value, if it is of that kind; otherwise nothing, and it has not been read

  /// A str, or a bin: a client may have but one of them.
  std::optional<std::string_view> text();

  /// The number of elements, or of pairs, that are read next.
  std::optional<std::uint64_t> array();
  std::optional<std::uint64_t> map();

  std::optional<bool> boolean();

  /// From 0 on.
  std::optional<std::uint64_t> integer();

  /// From 0 to `most`: an integer, or a floating without a fraction, which is all that some clients have.
  std::optional<std::uint64_t> whole(std::uint64_t most);

  /// An integer or a floating, of any sign.
  std::optional<double> number();

private:
  void pass(const token& head);

  std::string_view rest_;
};

} // namespace lmq
