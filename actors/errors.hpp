// Refusals on their way between actors: as a caf::error and back.
#pragma once

#include "core/result.hpp"

#include <caf/error.hpp>
#include <caf/make_message.hpp> // for the next, which needs it
#include <caf/result.hpp>
#include <type_traits>
#include <utility>

namespace lmq {

/// An error of the category "lmq" that holds the reason as code and the detail as context.
caf::error to_error(const refusal& r);

/// What a handler answers with what was decided.
template <class T>
caf::result<T> answer_of(result<T> decided) {
  if (!decided)
    return to_error(decided.error());
  if constexpr (std::is_void_v<T>)
    return caf::unit;
  else
    return std::move(*decided);
}

/// The refusal in `e`. An error that is none of ours (a bounced request, an actor that died over it) is
/// `unavailable`.
refusal to_refusal(const caf::error& e);

/// The answer to a request that was not looked at: whoever asked may send it again.
caf::error bounce_error();

/// True where the request came back without being looked at, so that sending it again is safe.
bool bounced(const caf::error& e);

} // namespace lmq
