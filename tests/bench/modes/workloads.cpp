// Loads made of dialogues.
#include "tests/bench/modes/workloads.hpp"

#include "tests/bench/load/redis_driver.hpp"
#include "tests/bench/servers/http_control.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace lmq::bench {

std::vector<std::string> queue_names(const std::string& prefix, unsigned count) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < count; ++i)
    names.push_back(fmt::format("{}-{}", prefix, i));
  return names;
}

std::string body_of(std::size_t bytes) {
  std::string body(bytes, ' ');
  for (std::size_t i = 0; i < bytes; ++i)
    body[i] = static_cast<char>('a' + i % 26);
  return body;
}

loop_plan plan_for(const options& wanted, const server& target) {
  loop_plan plan;
  plan.server = target.at;
  plan.connections = wanted.connections;
  plan.warm_up = wanted.warm_up_time();
  plan.duration = wanted.duration();
  plan.server_pid = target.pid;
  return plan;
}

loop_result run_load(const loop_plan& plan, workload what, const std::vector<std::string>& queues,
                     std::size_t body_bytes) {
  const auto body = body_of(body_bytes);
  std::vector<shared_requests> requests;
  for (const auto& queue : queues)
    requests.push_back(std::make_shared<const queue_requests>(plan.server, queue, body));
  return run_closed_loop(plan, [&](unsigned number) {
    const auto& mine = requests[number % requests.size()];
    switch (what) {
    case workload::push: return make_push_dialogue(mine);
    case workload::cycle: return make_cycle_dialogue(mine);
    case workload::drain: return make_drain_dialogue(mine);
    }
    return std::unique_ptr<dialogue>{};
  });
}

loop_result run_tubes(const loop_plan& plan, job_dialogue_maker make, const std::vector<std::string>& tubes,
                      std::size_t body_bytes) {
  std::vector<shared_commands> commands;
  for (const auto& tube : tubes)
    commands.push_back(std::make_shared<const tube_commands>(tube, body_of(body_bytes)));
  return run_closed_loop(plan, [&](unsigned number) { return make(commands[number % commands.size()]); });
}

loop_result run_lists(const loop_plan& plan, const std::vector<std::string>& lists, std::size_t body_bytes) {
  std::vector<shared_list_commands> commands;
  for (const auto& list : lists)
    commands.push_back(std::make_shared<const list_commands>(list, body_of(body_bytes)));
  return run_closed_loop(
    plan, [&](unsigned number) { return make_list_push_dialogue(commands[number % commands.size()]); });
}

loop_result fill(const loop_plan& plan, const std::string& queue, std::uint64_t messages,
                 std::size_t body_bytes) {
  // A slow server gets a thousand messages a second, then we give up.
  constexpr std::uint64_t slowest_per_second = 1000;
  auto filling = plan;
  filling.warm_up = {};
  filling.duration = std::chrono::seconds{60 + messages / slowest_per_second};
  filling.units_max = messages;
  auto result = run_load(filling, workload::push, {queue}, body_bytes);
  if (result.units + result.errors < messages)
    throw std::runtime_error{fmt::format("only {} of {} messages could be pushed in {:.0f} s", result.units,
                                         messages, result.seconds)};
  return result;
}

void delete_queues(const server& target, const std::vector<std::string>& queues) {
  for (const auto& queue : queues)
    delete_queue(target.at, queue);
}

} // namespace lmq::bench
