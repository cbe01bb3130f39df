// lmq_bench: reads the command line and runs one mode. Exit: 0 all checks held, 1 not, 2 it couldn't run,
// 130 interrupted.
#include "tests/bench/load/interrupt.hpp"
#include "tests/bench/modes/modes.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fmt/format.h>

namespace {

using lmq::bench::options;

using mode = void (*)(const options&, lmq::bench::report&);

std::string lmq_beside_us() {
  std::error_code unknown;
  return (std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path() / "lmq").string();
}

void add_common(CLI::App& app, options& o) {
  app.add_option("--server", o.lmq.path, "LMQ's program")->capture_default_str();
  app.add_option("--server-arg", o.lmq.extra, "A further argument for it; may be repeated")
    ->allow_extra_args(false);
  app.add_option("--url", o.lmq.url,
                 "Measure an LMQ that already runs on this machine: http://127.0.0.1:PORT");
  app.add_option("--pid", o.lmq.pid, "Its pid, for CPU and memory");
  app.add_option("--threads", o.lmq.threads, "Passed on to LMQ")->capture_default_str();
  app.add_option("--connections", o.connections, "Client connections, all on one thread")
    ->check(CLI::Range(1, 100'000))
    ->capture_default_str();
  app.add_option("--size", o.body_bytes, "Bytes of a body")
    ->check(CLI::Range(1, 64 << 20))
    ->capture_default_str();
  app.add_option("--seconds", o.seconds, "Measured time of a run")
    ->check(CLI::Range(0.1, 3600.0))
    ->capture_default_str();
  app.add_option("--warm-up", o.warm_up, "Seconds before it")
    ->check(CLI::Range(0.0, 3600.0))
    ->capture_default_str();
  app.add_option("--rounds", o.rounds, "Medians are over so many")
    ->check(CLI::Range(1, 1000))
    ->capture_default_str();
  app.add_option("--queues", o.queues, "Queues that the connections share")
    ->check(CLI::Range(1, 100'000))
    ->capture_default_str();
  app.add_option("--only", o.only, "Workloads of the comparison: push, cycle, put")
    ->delimiter(',')
    ->check(CLI::IsMember({"push", "cycle", "put"}));
  app.add_option("--json", o.json_file, "Write all figures to this file, too");
}

struct command {
  CLI::App* app;
  mode run;
};

std::vector<command> add_modes(CLI::App& app, options& o) {
  auto* access =
    app.add_subcommand("access", "Pushes and cycles with tokens and with TLS beside those without");
  auto* cluster = app.add_subcommand("cluster", "Pushes to two linked nodes beside pushes to one");
  auto* disk =
    app.add_subcommand("disk", "Pushes that are on the disk when answered; also at 256 connections");
  auto* rpc = app.add_subcommand("rpc", "Cycles over MessagePack-RPC beside cycles over HTTP");
  auto* memory = app.add_subcommand("memory", "Bytes a stored message costs; memory after draining");
  auto* waiters = app.add_subcommand("waiters", "Very many waiting pulls on one queue");
  auto* idle = app.add_subcommand("idle", "CPU and wake-ups of an unused server");
  auto* soak = app.add_subcommand("soak", "Mixed load; each message must be acknowledged exactly once");
  auto* chaos = app.add_subcommand("chaos", "The soak beside crashes, of a server built with LMQ_FAULTS");
  auto* hostile = app.add_subcommand("hostile", "Latency beside clients that behave badly");
  auto* large = app.add_subcommand("large", "Speed of a short and of a very long queue");
  auto* many = app.add_subcommand("many", "Very many queues and regex waiters");
  for (auto* app_with_messages : {memory, large})
    app_with_messages->add_option("--messages", o.messages, "Messages to store")->capture_default_str();
  waiters->add_option("--waiters", o.waiters, "Waiting pulls")
    ->check(CLI::Range(2, 100'000))
    ->capture_default_str();
  idle->add_option("--for", o.idle_seconds, "Seconds to watch")
    ->check(CLI::Range(0.5, 600.0))
    ->capture_default_str();
  for (auto* timed : {soak, chaos})
    timed->add_option("--for", o.soak_seconds, "Seconds of load")
      ->check(CLI::Range(1.0, 86'400.0))
      ->capture_default_str();
  chaos->add_option("--faults", o.fault_plan, "One in how many fault points of each kind throws")
    ->capture_default_str();
  for (auto* seeded : {soak, chaos, hostile})
    seeded->add_option("--seed", o.seed, "Of the random choices")->capture_default_str();
  hostile->add_option("--load", o.hostile_load_connections, "Connections of the normal load")
    ->capture_default_str();
  hostile->add_option("--held", o.hostile_connections, "Connections an attacker holds")
    ->capture_default_str();
  hostile->add_option("--rate", o.hostile_rate, "New attacks a second")
    ->check(CLI::Range(1, 10'000))
    ->capture_default_str();
  hostile->add_option("--attacks", o.attacks, "Only these")
    ->delimiter(',')
    ->check(CLI::IsMember({"junk", "dribble", "silent", "vanish", "big_body", "big_header"}));
  many->add_option("--many-queues", o.many_queues, "Queues")
    ->check(CLI::Range(1, 1'000'000))
    ->capture_default_str();
  many->add_option("--regex-waiters", o.regex_waiters, "Waiting regex pulls")
    ->check(CLI::Range(1, 100'000))
    ->capture_default_str();
  using namespace lmq::bench;
  return {{access, run_access}, {cluster, run_cluster}, {disk, run_disk},   {rpc, run_rpc},
          {memory, run_memory}, {waiters, run_waiters}, {idle, run_idle},   {soak, run_soak},
          {chaos, run_chaos},   {hostile, run_hostile}, {large, run_large}, {many, run_many}};
}

int run(const options& wanted, const std::string& name, mode what) {
  try {
    lmq::bench::report out{name};
    what(wanted, out);
    if (!wanted.json_file.empty())
      out.write_json(wanted.json_file);
    return out.all_held() ? 0 : 1;
  } catch (const lmq::bench::interrupted&) {
    fmt::print(stderr, "interrupted; all servers that were started have been ended\n");
    return 130;
  } catch (const std::exception& e) {
    fmt::print(stderr, "lmq_bench: {}\n", e.what());
    return 2;
  }
}

} // namespace

int main(int argc, char** argv) {
  options wanted;
  wanted.lmq.path = lmq_beside_us();
  CLI::App app{"Measures LMQ; without a mode, compares it with nginx and beanstalkd.", "lmq_bench"};
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_common(app, wanted);
  const auto commands = add_modes(app, wanted);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2; // --help is an "error", too
  }
  lmq::bench::catch_interrupts();
  lmq::bench::raise_open_files_limit();
  for (const auto& [subcommand, what] : commands)
    if (subcommand->parsed())
      return run(wanted, subcommand->get_name(), what);
  return run(wanted, "compare", lmq::bench::run_compare);
}
