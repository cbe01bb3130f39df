// Disk: pushes that are answered when they are on the disk, beside redis and beanstalkd that do the same, LMQ
// in memory, and the disk itself, in interleaved rounds.
#include "tests/bench/modes/contest.hpp"
#include "tests/bench/modes/disk_itself.hpp"
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <stdexcept>

namespace lmq::bench {

namespace {

constexpr unsigned many_connections = 256; // beside those of the command line
constexpr double to_redis_min = 0.8;       // 1.0 is the goal
constexpr double to_beanstalkd_min = 5.0;
constexpr double to_memory_min = 0.6;              // with many connections, which share a sync
constexpr double p99_alone_to_fdatasync_max = 5.0; // one connection: nobody to wait for but the disk
constexpr double p99_to_p50_max = 3.0;
constexpr double steady_disk_max = 2.0; // of a sync in one round to that in another

// Each push whose answer came in the measured time counts, whenever it was sent: where a sync is slow, few
// have both in it.
run_figures figures_of_pushes(const loop_result& result, const server& to) {
  auto figures = figures_of(result, resident_bytes(to.pid));
  figures.per_second = result.seconds > 0 ? static_cast<double>(result.requests) / result.seconds : 0;
  return figures;
}

// A fresh server for each run: so none has another's work in the background on its disk.
run_figures run_lmq(const options& wanted, storage keeps) {
  auto how = wanted.lmq;
  how.keeps = keeps;
  const auto lmq = launch_lmq(how);
  const auto result =
    run_load(plan_for(wanted, lmq), workload::push, queue_names("bench", wanted.queues), wanted.body_bytes);
  return figures_of_pushes(result, lmq);
}

run_figures run_beanstalkd(const options& wanted) {
  const auto beanstalkd = launch_beanstalkd(storage::disk).value();
  const auto result = run_tubes(plan_for(wanted, beanstalkd), make_put_dialogue,
                                queue_names("bench", wanted.queues), wanted.body_bytes);
  return figures_of_pushes(result, beanstalkd);
}

run_figures run_redis(const options& wanted) {
  const auto redis = launch_redis().value();
  const auto result =
    run_lists(plan_for(wanted, redis), queue_names("bench", wanted.queues), wanted.body_bytes);
  return figures_of_pushes(result, redis);
}

std::string at(unsigned connections) {
  return fmt::format("push at {}", connections);
}

struct yardsticks {
  bool redis = false;
  bool beanstalkd = false;
};

yardsticks find_yardsticks(report& out) {
  const yardsticks found{.redis = !find_program("redis-server").empty(),
                         .beanstalkd = !find_program("beanstalkd").empty()};
  if (!found.redis)
    out.say("redis isn't installed, going on without (apt install redis-server)");
  if (!found.beanstalkd)
    out.say("beanstalkd isn't installed, going on without (apt install beanstalkd)");
  return found;
}

void add_servers(options wanted, unsigned connections, yardsticks with, std::vector<contest>& contests) {
  wanted.connections = connections;
  const auto add = [&](const char* server, std::function<run_figures()> run) {
    contests.push_back({at(connections), server, std::move(run), {}});
  };
  if (with.redis)
    add("redis", [wanted] { return run_redis(wanted); });
  add("lmq disk", [wanted] { return run_lmq(wanted, storage::disk); });
  if (with.beanstalkd)
    add("beanstalkd", [wanted] { return run_beanstalkd(wanted); });
  add("lmq memory", [wanted] { return run_lmq(wanted, storage::memory); });
}

void say_ratios(report& out, const std::vector<contest>& contests, unsigned few) {
  // Ours on the disk to another with as many connections.
  const auto speed_to = [&](const char* server, const char* name, unsigned connections) {
    return say_ratio(out, find(contests, at(connections), "lmq disk"),
                     find(contests, at(connections), server), &run_figures::per_second,
                     fmt::format("disk_to_{}_at_{}", name, connections),
                     fmt::format("lmq disk / {}, messages a second, {} connections", server, connections));
  };
  const auto at_least = [&](std::optional<double> ratio, double goal, std::string_view whose) {
    if (ratio)
      out.check(fmt::format("pushes a second are at least {:.1f} of {}", goal, whose), *ratio >= goal);
  };
  const auto to_redis = speed_to("redis", "redis", few);
  const auto to_beanstalkd = speed_to("beanstalkd", "beanstalkd", few);
  auto to_memory = speed_to("lmq memory", "memory", few);
  if (few != many_connections)
    to_memory = speed_to("lmq memory", "memory", many_connections);
  const auto* disk = find(contests, "fdatasync 4 KiB", "appended");
  const auto sync = median_of(disk->rounds);
  out.figure("fdatasync_p50", sync.p50_us, "µs", "4 KiB appended and synced, median");
  out.figure("fdatasync_p99", sync.p99_us, "µs", "4 KiB appended and synced, 99 %");
  out.figure("fdatasync_over_p50",
             median_of(find(contests, "fdatasync 4 KiB", "written over")->rounds).p50_us, "µs",
             "4 KiB written over and synced, median");
  const auto [quickest, slowest] = std::ranges::minmax(disk->rounds, {}, &run_figures::p50_us);
  if (slowest.p50_us > steady_disk_max * quickest.p50_us)
    out.say(fmt::format(
      "THE DISK CHANGED ITS SPEED: a sync took {:.0f} µs in one round and {:.0f} µs in another, as "
      "where a provider limits writes; ratios mean little, wait and measure for a shorter time",
      quickest.p50_us, slowest.p50_us));
  const auto alone = say_ratio(out, find(contests, at(1), "lmq disk"), disk, &run_figures::p99_us,
                               "disk_p99_at_1_to_fdatasync", "lmq disk p99 / fdatasync's p99, 1 connection");
  const auto ours = median_of(find(contests, at(few), "lmq disk")->rounds);
  const auto spread = ours.p50_us > 0 ? ours.p99_us / ours.p50_us : 0;
  out.figure(fmt::format("disk_p99_to_p50_at_{}", few), spread, "ratio",
             fmt::format("lmq disk p99 / p50, {} connections", few));
  at_least(to_redis, to_redis_min, "redis's");
  at_least(to_beanstalkd, to_beanstalkd_min, "beanstalkd's");
  at_least(to_memory, to_memory_min, fmt::format("those in memory, {} connections", many_connections));
  // 0: no push was measured
  out.check(
    fmt::format("a push's p99 is at most {:.1f} of fdatasync's, 1 connection", p99_alone_to_fdatasync_max),
    alone.value() > 0 && alone.value() <= p99_alone_to_fdatasync_max);
  out.check(fmt::format("a push's p99 is at most {:.1f} of its p50, {} connections", p99_to_p50_max, few),
            spread > 0 && spread <= p99_to_p50_max);
}

} // namespace

void run_disk(const options& wanted, report& out) {
  if (!wanted.lmq.url.empty())
    throw std::runtime_error{"disk starts its own servers; it can't measure the one at --url"};
  const auto few = wanted.connections;
  const auto yardsticks = find_yardsticks(out);
  const testing::temporary_folder folder; // beside the servers' homes, so on the same disk
  if (is_in_memory(folder.path()))
    out.say(
      fmt::format("{} is a tmpfs, no disk: THESE FIGURES MEAN NOTHING; name a folder on a disk in TMPDIR",
                  std::filesystem::path{folder.path()}.parent_path().string()));

  std::vector<contest> contests;
  const auto add_disk = [&](const char* name, file_end where) {
    contests.push_back(
      {"fdatasync 4 KiB", name, [&folder, where] { return measure_fdatasync(folder.path(), where); }, {}});
  };
  add_disk("appended", file_end::appended);
  add_disk("written over", file_end::written_over);
  auto single = wanted;
  single.connections = 1;
  if (few != 1)
    contests.push_back({at(1), "lmq disk", [single] { return run_lmq(single, storage::disk); }, {}});
  add_servers(wanted, few, yardsticks, contests);
  if (few != many_connections)
    add_servers(wanted, many_connections, yardsticks, contests);

  auto head = fmt::format(
    "{} connections on one thread, {} bytes, {} queue(s), {} rounds of {} s after {} s warm-up, "
    "lmq --threads {}",
    few == many_connections ? std::to_string(few) : fmt::format("{} and {}", few, many_connections),
    wanted.body_bytes, wanted.queues, wanted.rounds, wanted.seconds, wanted.warm_up, wanted.lmq.threads);
  if (yardsticks.redis)
    head += "; redis with appendfsync always, " + version_of("redis-server");
  if (yardsticks.beanstalkd)
    head += "; beanstalkd with -f 0, " + version_of("beanstalkd");
  out.say(head);
  run_rounds(contests, wanted.rounds);
  const auto errors = report_runs(out, contests);
  out.say("(medians over the rounds; µs of CPU are per request)");
  say_ratios(out, contests, few);
  out.check("every answer was the one asked for", errors == 0);
}

} // namespace lmq::bench
