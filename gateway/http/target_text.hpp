// The pieces of a target: its path, its query, and their decoding. Text in, text out; no route is known here.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lmq {

/// Percent-decoded; `+` is a space. Nothing if a `%` is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text);

/// A path as it stands in the target: four segments, those behind them only counted.
struct target_path {
  std::array<std::string_view, 4> segments;
  std::size_t count = 0;
  bool gap = false; ///< a segment is empty: no route has that

  /// @param text  begins with a slash; one at its end says nothing
  explicit target_path(std::string_view text);

  bool is(std::size_t n, std::string_view first) const { return count == n && !gap && segments[0] == first; }
};

/// The parameters that have a meaning, their values still encoded; the first of several counts.
struct target_query {
  std::optional<std::string_view> t, cf, qre, reply, offset, limit, n, sort;
};

/// Nothing if a key can't be decoded.
std::optional<target_query> parse_query(std::string_view text);

/// The path and query of an absolute-form target; other targets as they are.
std::string_view without_origin(std::string_view target);

/// Text up to `mark`, which is taken off `rest` together with it; all of `rest` if there is no mark.
std::string_view cut(std::string_view& rest, char mark);

} // namespace lmq
