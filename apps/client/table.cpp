#include "apps/client/table.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace lmq::client {

namespace {

/// The cell as it is printed.
std::string shown(const std::string& cell) {
  return cell.empty() ? "-" : in_sight(cell);
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
