// A table of texts as lines, its columns under each other, for a terminal or for awk.
//
// Plain function. Knows UTF-8 as far as counting its characters.
#pragma once

#include <string>
#include <vector>

namespace lmq::client {

using table_row = std::vector<std::string>;

/// Two blanks between columns, none at a line's end; an empty cell is shown as `-`. Cells are shown as
/// in_sight() has them, so that no name can play with the terminal.
///
/// @param rows  each as long as the first, which is the heading
std::string table_text(const std::vector<table_row>& rows);

} // namespace lmq::client
