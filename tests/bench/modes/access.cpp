// Access: the same pushes and cycles on a server that asks for a token, and on one that speaks TLS, beside
// one that does neither, in interleaved rounds.
#include "tests/bench/modes/contest.hpp"
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

namespace lmq::bench {

namespace {

struct guarded {
  std::string name;
  server lmq;
};

run_figures run_one(const options& wanted, const server& lmq, workload what) {
  const auto queues = queue_names("bench", wanted.queues);
  const auto result = run_load(plan_for(wanted, lmq), what, queues, wanted.body_bytes);
  const auto figures = figures_of(result, resident_bytes(lmq.pid));
  delete_queues(lmq, queues);
  return figures;
}

} // namespace

void run_access(const options& wanted, report& out) {
  if (!wanted.lmq.url.empty())
    throw std::runtime_error{"access starts its own servers; it can't measure the one at --url"};
  std::vector<guarded> servers;
  for (auto& [name, guard] :
       std::vector<std::pair<std::string, access_guard>>{{"open", {}},
                                                         {"tokens", {.tokens = true}},
                                                         {"tls", {.tls = true}},
                                                         {"both", {.tokens = true, .tls = true}}}) {
    auto how = wanted.lmq;
    how.guard = guard;
    servers.push_back({name, launch_lmq(how)});
  }
  std::vector<contest> contests;
  for (auto [word, what] : {std::pair{"cycle", workload::cycle}, {"push", workload::push}})
    if (wanted.only.empty() || std::find(wanted.only.begin(), wanted.only.end(), word) != wanted.only.end())
      for (const auto& one : servers)
        contests.push_back(
          {word, one.name, [&wanted, &one, what = what] { return run_one(wanted, one.lmq, what); }, {}});
  out.say(fmt::format("{} connections on one thread, {} bytes, {} queue(s), {} rounds of {} s after {} s "
                      "warm-up, lmq --threads {}",
                      wanted.connections, wanted.body_bytes, wanted.queues, wanted.rounds, wanted.seconds,
                      wanted.warm_up, wanted.lmq.threads));
  run_rounds(contests, wanted.rounds);
  const auto errors = report_runs(out, contests);
  for (const auto* word : {"push", "cycle"})
    for (const auto* name : {"tokens", "tls", "both"}) {
      const auto* ours = find(contests, word, name);
      const auto* open = find(contests, word, "open");
      say_ratio(out, ours, open, &run_figures::per_second, fmt::format("{}_{}_to_open", word, name),
                fmt::format("{} a second, {} / neither", word, name));
      say_ratio(out, ours, open, &run_figures::p99_us, fmt::format("{}_p99_{}_to_open", word, name),
                fmt::format("{} p99, {} / neither", word, name));
    }
  out.check("every answer was the one asked for", errors == 0);
}

} // namespace lmq::bench
