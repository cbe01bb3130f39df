// Refusals on their way between actors: as a caf::error and back.
#pragma once

#include "core/result.hpp"

#include <caf/error.hpp>

namespace lmq {

/// An error of the category "lmq" that holds the reason as code and the detail as context.
caf::error to_error(const refusal& r);

/// The refusal in `e`. An error that is none of ours (a bounced request, an actor that died over it) is
/// `unavailable`.
refusal to_refusal(const caf::error& e);

/// The answer to a request that was not looked at: whoever asked may send it again.
caf::error bounce_error();

/// True where the request came back without being looked at, so that sending it again is safe.
bool bounced(const caf::error& e);

} // namespace lmq
