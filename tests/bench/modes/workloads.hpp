// Ready-made loads on an LMQ (or on what stands in for its HTTP side), used by several modes.
#pragma once

#include "tests/bench/load/beanstalk_driver.hpp"
#include "tests/bench/load/closed_loop.hpp"
#include "tests/bench/load/http_driver.hpp"
#include "tests/bench/modes/options.hpp"

#include <string>

namespace lmq::bench {

enum class workload { push, cycle, drain };

/// Names of the queues that the connections share: `bench-0`, `bench-1`, …
std::vector<std::string> queue_names(const std::string& prefix, unsigned count);

/// A body of that many bytes; printable, and not all alike.
std::string body_of(std::size_t bytes);

/// A plan with the command line's connections, warm-up and duration.
loop_plan plan_for(const options& wanted, const server& target);

/// Runs one load; connection i uses queue i modulo their number.
loop_result run_load(const loop_plan& plan, workload what, const std::vector<std::string>& queues,
                     std::size_t body_bytes);

using job_dialogue_maker = std::unique_ptr<dialogue> (*)(shared_commands);

/// The same on a beanstalkd; connection i uses tube i modulo their number.
loop_result run_tubes(const loop_plan& plan, job_dialogue_maker make, const std::vector<std::string>& tubes,
                      std::size_t body_bytes);

/// Pushes to a redis; connection i uses list i modulo their number.
loop_result run_lists(const loop_plan& plan, const std::vector<std::string>& lists, std::size_t body_bytes);

/// Pushes exactly `messages` of them (errors aside), as fast as it goes.
/// Errors: std::runtime_error if it takes longer than `at_most`
loop_result fill(const loop_plan& plan, const std::string& queue, std::uint64_t messages,
                 std::size_t body_bytes);

void delete_queues(const server& target, const std::vector<std::string>& queues);

} // namespace lmq::bench
