#include "apps/client/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace lmq::client {

namespace {

/// The cell as it is printed. U+0080 to U+009F, in UTF-8 0xc2 and one byte, are control characters, too.
std::string shown(const std::string& cell) {
  if (cell.empty())
    return "-";
  std::string out;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    auto c = static_cast<unsigned char>(cell[i]);
    auto next = i + 1 < cell.size() ? static_cast<unsigned char>(cell[i + 1]) : 0;
    if (c < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", c);
    } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
      out += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      out += cell[i];
    }
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
    text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

} // namespace

std::string table_text(const std::vector<table_row>& rows) {
  std::vector<std::size_t> widths;
  for (auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(shown(row[i])));
  }
  std::string out;
  for (auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto cell = shown(row[i]);
      out += cell;
      if (i + 1 < row.size())
        out.append(widths[i] - width_of(cell) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

} // namespace lmq::client
