// A stored message as a line of JSON, for `lmq dump`.
#pragma once

#include "core/stored.hpp"

#include <string>
#include <string_view>

namespace lmq {

/// One line, its end included. A body that is UTF-8 is text in `body`, any other is in `body_base64`.
/// It is written as json_in_sight() has it: who splits it at the line ends of Unicode finds one line, too.
///
/// @param unit  what the message is delivered with, if there is a row of it; of a compound or its own
std::string dump_line(std::string_view queue, const stored_message& m, const stored_unit* unit);

} // namespace lmq
