// Which bytes are text.
#pragma once

#include <string_view>

namespace lmq {

/// UTF-8 as RFC 3629 has it: in the shortest form, without surrogates, up to U+10FFFF.
bool is_utf8(std::string_view bytes) noexcept;

} // namespace lmq
