// MessagePack values as tests handle them: as bytes. Made from C++ values in the shortest form or from
// whatever bytes a test wants, and taken apart one level at a time. Plain values, no thread, no msgpack
// header.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmq::testing {

/// The bytes are no MessagePack value, or not the one that a test takes them for.
struct malformed_value : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One value, complete.
class packed {
public:
  enum class kind { nil, boolean, integer, floating, str, bin, array, map, ext };

  // Every C++ value that has an obvious counterpart converts to it, so that parameters read as a list.

  packed(std::nullptr_t = nullptr);
  packed(std::same_as<bool> auto value) : packed(of_bool(value)) {}
  packed(std::signed_integral auto value) : packed(of_signed(value)) {}
  packed(std::unsigned_integral auto value) requires(!std::same_as<decltype(value), bool>)
      : packed(of_unsigned(value)) {}
  packed(double value);
  packed(std::string_view str);
  packed(const char* str) : packed(std::string_view{str}) {}
  packed(const std::string& str) : packed(std::string_view{str}) {}

  /// Exactly these bytes, in whatever form. Errors: malformed_value unless they are one value
  static packed of_bytes(std::string bytes);

  const std::string& bytes() const { return bytes_; }

  /// The same bytes, not only the same meaning.
  bool operator==(const packed&) const = default;

  kind type() const;
  bool is_nil() const { return type() == kind::nil; }

  // What is in it. Errors: malformed_value if it is of another kind

  /// Of a str that clients of every age can read: the form str8 is younger than some and counts as malformed.
  std::string text() const;

  /// Of a str or a bin, whatever its form.
  std::string contents() const;

  std::int64_t number() const;
  std::vector<packed> elements() const;
  std::vector<std::pair<packed, packed>> members() const;

private:
  struct unchecked {};
  packed(unchecked, std::string bytes) : bytes_(std::move(bytes)) {}

  static packed of_bool(bool value);
  static packed of_signed(std::int64_t value);
  static packed of_unsigned(std::uint64_t value);

  friend std::optional<packed> take_value(std::string_view bytes, std::size_t& at);

  std::string bytes_;
};

packed bin(std::string_view bytes);
packed array(const std::vector<packed>& elements);
packed map(const std::vector<std::pair<packed, packed>>& members);

/// A string as the old specification has it, which knows no str8. Any bytes.
packed raw(std::string_view bytes);

/// Cuts the value off that begins at `at` and puts `at` behind it; nothing while it is incomplete.
/// Errors: malformed_value
std::optional<packed> take_value(std::string_view bytes, std::size_t& at);

/// The bytes in hexadecimal, the first few of many.
std::ostream& operator<<(std::ostream& out, const packed& value);

/// Bytes written as "94 00 2a": for those that no packer would write.
std::string from_hex(std::string_view digits);

} // namespace lmq::testing
