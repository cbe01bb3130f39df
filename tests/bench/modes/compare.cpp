// The comparison: the same client against LMQ, nginx and beanstalkd, in interleaved rounds.
#include "tests/bench/modes/contest.hpp"
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <stdexcept>

namespace lmq::bench {

namespace {

bool is_wanted(const options& wanted, const std::string& workload) {
  return wanted.only.empty() || std::ranges::find(wanted.only, workload) != wanted.only.end();
}

run_figures run_lmq(const options& wanted, const server& lmq, workload what) {
  const auto queues = queue_names("bench", wanted.queues);
  const auto result = run_load(plan_for(wanted, lmq), what, queues, wanted.body_bytes);
  const auto figures = figures_of(result, resident_bytes(lmq.pid));
  delete_queues(lmq, queues); // what was pushed would fill the memory round by round
  return figures;
}

run_figures run_nginx(const options& wanted, const server& nginx) {
  const auto queues = queue_names("bench", wanted.queues);
  const auto result = run_load(plan_for(wanted, nginx), workload::push, queues, wanted.body_bytes);
  return figures_of(result, resident_bytes(nginx.pid));
}

// A fresh beanstalkd for each run: it has no quick way to empty a tube.
run_figures run_beanstalkd(const options& wanted, job_dialogue_maker make) {
  const auto beanstalkd = launch_beanstalkd(storage::memory).value();
  const auto result =
    run_tubes(plan_for(wanted, beanstalkd), make, queue_names("bench", wanted.queues), wanted.body_bytes);
  return figures_of(result, resident_bytes(beanstalkd.pid));
}

void say_ratios(report& out, const std::vector<contest>& contests) {
  const auto* push = find(contests, "push", "lmq");
  const auto* nginx = find(contests, "push", "nginx");
  const auto* cycle = find(contests, "cycle", "lmq");
  const auto* jobs = find(contests, "cycle", "beanstalkd");
  say_ratio(out, push, nginx, &run_figures::per_second, "push_to_nginx", "push / nginx, messages a second");
  say_ratio(out, push, nginx, &run_figures::p99_us, "push_p99_to_nginx", "push p99 / nginx p99");
  say_ratio(out, cycle, jobs, &run_figures::per_second, "cycle_to_beanstalkd",
            "cycle / beanstalkd's, a second");
  say_ratio(out, cycle, jobs, &run_figures::p99_us, "cycle_p99_to_beanstalkd",
            "cycle p99 / beanstalkd's p99");
}

void add_lmq(const options& wanted, const server& lmq, std::vector<contest>& contests) {
  if (is_wanted(wanted, "push"))
    contests.push_back({"push", "lmq", [&] { return run_lmq(wanted, lmq, workload::push); }, {}});
  if (is_wanted(wanted, "cycle"))
    contests.push_back({"cycle", "lmq", [&] { return run_lmq(wanted, lmq, workload::cycle); }, {}});
}

void add_beanstalkd(const options& wanted, std::vector<contest>& contests) {
  if (is_wanted(wanted, "cycle"))
    contests.push_back(
      {"cycle", "beanstalkd", [&] { return run_beanstalkd(wanted, make_job_cycle_dialogue); }, {}});
  if (is_wanted(wanted, "put"))
    contests.push_back({"put", "beanstalkd", [&] { return run_beanstalkd(wanted, make_put_dialogue); }, {}});
}

} // namespace

void run_compare(const options& wanted, report& out) {
  std::optional<server> lmq;
  if (!wanted.lmq.url.empty() || std::filesystem::exists(wanted.lmq.path))
    lmq = launch_lmq(wanted.lmq);
  else
    out.check("LMQ's program exists: " + wanted.lmq.path + " (build it, or name one with --server)", false);
  std::optional<server> nginx;
  if (is_wanted(wanted, "push") && !(nginx = launch_nginx()))
    out.say("nginx isn't installed, going on without (apt install nginx-light)");
  const bool has_beanstalkd = !find_program("beanstalkd").empty();
  if (!has_beanstalkd && (is_wanted(wanted, "cycle") || is_wanted(wanted, "put")))
    out.say("beanstalkd isn't installed, going on without (apt install beanstalkd)");

  std::vector<contest> contests;
  if (lmq)
    add_lmq(wanted, *lmq, contests);
  if (nginx)
    contests.push_back({"push", "nginx", [&] { return run_nginx(wanted, *nginx); }, {}});
  if (has_beanstalkd)
    add_beanstalkd(wanted, contests);
  // LMQ and its yardstick run one after the other.
  std::ranges::stable_sort(contests, {}, [](const contest& c) { return c.workload; });

  out.say(
    fmt::format("{} connections on one thread, {} bytes, {} queue(s), {} rounds of {} s after {} s warm-up, "
                "lmq --threads {}; {}; {}",
                wanted.connections, wanted.body_bytes, wanted.queues, wanted.rounds, wanted.seconds,
                wanted.warm_up, wanted.lmq.threads, version_of("nginx"), version_of("beanstalkd")));
  run_rounds(contests, wanted.rounds);
  const auto errors = report_runs(out, contests);
  out.say(
    "(medians over the rounds; µs of CPU are per request, a cycle has three; a cycle's latency is all three)");
  say_ratios(out, contests);
  out.check("every answer was the one asked for", errors == 0);
}

} // namespace lmq::bench
