// lmq_hook_preserve_header: keeps chosen request headers with the message and returns them on the pull.
#pragma once

#include "actors/hooks/hook.hpp"

namespace lmq {

/// @param names  header names, compared without regard to case
/// Errors: bad_property, for a name that can't be a header's or is one that LMQ sets itself
result<std::unique_ptr<const hook>> make_preserve_header(const std::vector<std::string>& names);

} // namespace lmq
