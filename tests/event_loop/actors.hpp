// Small actors that the suites of this folder share.
#pragma once

#include <caf/event_based_actor.hpp>

#include <functional>
#include <utility>

namespace lmq::test {

inline caf::behavior echo(caf::event_based_actor*) {
  return {[](int x) { return x; }};
}

/// Calls a function for every int it gets.
inline caf::behavior on_int(caf::event_based_actor* self, std::function<void(int)> fun) {
  self->set_default_handler(caf::drop);
  return {[fun = std::move(fun)](int x) { fun(x); }};
}

} // namespace lmq::test
