// Places where a test build can be made to fail, to see that nothing is lost where something breaks.
//
// `LMQ_FAULT_POINT("queue.push")` stands wherever an exception could come from: before an allocation, between
// two effects. It is nothing in a normal build; with LMQ_FAULTS it throws `injected_fault` as the process's
// fault plan says. Any thread.
#pragma once

#ifdef LMQ_FAULTS

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace lmq {

struct injected_fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// When fault points throw. One plan a process; none until it is set.
namespace fault_plan {

/// No fault point throws. May be called by a signal's handler.
void never() noexcept;

/// The point that is reached as the n-th from now on throws, 1 being the next; no other does.
void once_at(std::uint64_t n) noexcept;

/// Each throws now and then, by a sequence that the seed determines. `plan` says how often: `queue=1000` is
/// one in a thousand of those whose names begin with `queue.`; several with commas between. The others don't.
///
/// Throws std::invalid_argument: that is no plan.
void at_random(std::uint64_t seed, std::string_view plan);

/// Points that have thrown since the plan was set.
std::uint64_t thrown() noexcept;

} // namespace fault_plan

void fault_point(const char* name);

} // namespace lmq

#define LMQ_FAULT_POINT(name) ::lmq::fault_point(name)

#else

#define LMQ_FAULT_POINT(name) static_cast<void>(0)

#endif
