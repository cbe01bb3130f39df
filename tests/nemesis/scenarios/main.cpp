// lmq_nemesis: reads the command line and runs one scenario, or all. Exit: 0 all promises held, 1 not, 2 it
// could not run, 77 it is not permitted here.
#include "tests/nemesis/scenarios/scenarios.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace {

using namespace lmq::nemesis;

constexpr int exit_code_of_no_run = 2;
constexpr int exit_code_of_no_permission = 77;

struct scenario {
  const char* name;
  const char* what;
  int (*run)(const run_options&);
};

constexpr scenario scenarios[] = {
  {"kill", "kill -9 of one node and its restart, then of the next one", run_kill},
  {"rolling", "each node ends (SIGTERM) and is started again", run_rolling},
  {"rejoin", "nodes are killed and come back at once, again and again", run_rejoin},
  {"stop", "SIGSTOP for 3 s and SIGCONT, of one node, then of the next one", run_stop},
  {"join_leave", "another node joins and leaves", run_join_leave},
  {"cut", "the wire between two is cut for 5 s (as root)", run_cut},
  {"cut_one", "one of three is cut off for 5 s (as root)", run_cut_one},
  {"cut_one_way", "nothing arrives from one at another for 5 s (as root)", run_cut_one_way},
  {"diverge", "both sides of a cut take in 50,000 messages each, then it heals (as root)", run_diverge},
  {"storm", "kills, stops and cuts as chance has it (as root)", run_storm},
  {"crash", "kill -9 of one server at any instant, and a start on its disk", run_crash},
  {"crash_cluster", "kill -9 of one, two or all of three with disks, and starts in any order",
   run_crash_cluster},
};

int run(const scenario& what, run_options asked) {
  asked.scenario = what.name;
  fmt::print(stderr, "{}: {}, seed {}\n", what.name, what.what, asked.seed);
  try {
    return what.run(asked);
  } catch (const not_permitted& reason) {
    fmt::print(stderr, "{} is skipped: {}\n", what.name, reason.what());
    return exit_code_of_no_permission;
  } catch (const std::exception& error) {
    fmt::print(stderr, "lmq_nemesis: {}\n", error.what());
    return exit_code_of_no_run;
  }
}

} // namespace

int main(int argc, char** argv) {
  run_options asked;
  double calm = asked.calm.count();
  CLI::App app{"Does harm to a cluster under load, and counts what its clients lose.", "lmq_nemesis"};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--seed", asked.seed, "Of the clients' choices")->capture_default_str();
  app.add_option("--for", calm, "Seconds of load before, between and after faults")
    ->check(CLI::Range(0.1, 3600.0))
    ->capture_default_str();
  app.add_option("--nodes", asked.nodes, "Nodes at the start")->check(CLI::Range(2, 5));
  app.add_option("--rounds", asked.rounds, "How often, in a storm and in rejoin")->capture_default_str();
  app.add_option("--kills", asked.kills, "How often, in crash and in crash_cluster")->capture_default_str();
  for (const auto& what : scenarios)
    app.add_subcommand(what.name, what.what);
  auto* every = app.add_subcommand("all", "One after the other");
  CLI11_PARSE(app, argc, argv);
  asked.calm = lmq::testing::seconds{calm};

  int worst = 0;
  for (const auto& what : scenarios) {
    if (!every->parsed() && !app.got_subcommand(what.name))
      continue;
    auto code = run(what, asked);
    if (!every->parsed())
      return code;
    if (code != exit_code_of_no_permission)
      worst = std::max(worst, code);
  }
  return worst;
}
