// simulate FIRST [LAST] [--trace] [--watch MESSAGE]: runs the seeds of the cluster's simulation and ends with
// 1 if one of them complains. What seed fails here fails again, and tells how with --trace.
//
// In a build with LMQ_FAULTS also
//
//   simulate FIRST LAST --plant BUG     with a bug (cluster/planted.hpp); ends with the first seed that finds
//   it simulate FIRST LAST --plant all     each of them; ends with 1 if one is not found
#include "tests/simulation/seeds.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

struct arguments {
  std::vector<std::uint64_t> seeds;
  bool trace = false;
  std::uint64_t watched = 0;
  std::string_view bug;
};

int usage() {
  std::fputs("usage: simulate FIRST [LAST] [--trace] [--watch MESSAGE] [--plant BUG|all]\nbugs:", stderr);
  for (auto name : lmq::simulation::bug_names())
    std::fprintf(stderr, " %s", std::string{name}.c_str());
  std::fputs("\n", stderr);
  return 2;
}

/// @returns whether one of the seeds finds the bug
bool plant([[maybe_unused]] std::string_view name, [[maybe_unused]] const arguments& args) {
#ifdef LMQ_FAULTS
  lmq::planted = *lmq::simulation::bug_named(name);
  for (auto seed = args.seeds.front(); seed <= args.seeds.back(); ++seed)
    if (auto o = lmq::simulation::run_seed(seed, args.trace, args.watched); !o.complaints.empty()) {
      std::printf("%s: found by seed %llu: %s (%zu complaints)\n", std::string{name}.c_str(),
                  static_cast<unsigned long long>(seed), o.complaints.front().c_str(), o.complaints.size());
      std::fflush(stdout);
      return true;
    }
  std::printf("%s: NOT FOUND\n", std::string{name}.c_str());
  return false;
#else
  std::fputs("this build has no bugs to plant: configure it with -DLMQ_FAULTS=ON\n", stderr);
  return false;
#endif
}

} // namespace

int main(int argc, char** argv) {
  arguments args;
  for (int i = 1; i < argc; ++i) {
    std::string_view arg{argv[i]};
    if (arg == "--trace")
      args.trace = true;
    else if (arg == "--watch" && i + 1 < argc)
      args.watched = std::strtoull(argv[++i], nullptr, 10);
    else if (arg == "--plant" && i + 1 < argc)
      args.bug = argv[++i];
    else if (auto seed = std::strtoull(argv[i], nullptr, 10); seed > 0 && args.seeds.size() < 2)
      args.seeds.push_back(seed);
    else
      return usage();
  }
  if (args.seeds.empty())
    return usage();
  if (args.bug == "all") {
    bool all = true;
    for (auto name : lmq::simulation::bug_names())
      all &= plant(name, args);
    return all ? 0 : 1;
  }
  if (!args.bug.empty())
    return !lmq::simulation::bug_named(args.bug) ? usage() : plant(args.bug, args) ? 0 : 1;
  auto first = args.seeds.front(), last = args.seeds.back();
  lmq::simulation::outcome sum;
  std::uint64_t bad = 0;
  for (auto seed = first; seed <= last; ++seed) {
    auto o = lmq::simulation::run_seed(seed, args.trace, args.watched);
    sum.pushed += o.pushed;
    sum.deliveries += o.deliveries;
    sum.duplicates += o.duplicates;
    sum.views += o.views;
    sum.crashes += o.crashes;
    sum.cuts += o.cuts;
    sum.pauses += o.pauses;
    if (!o.complaints.empty()) {
      ++bad;
      std::printf("seed %llu:", static_cast<unsigned long long>(seed));
      for (std::size_t i = 0; i < o.complaints.size() && i < 5; ++i)
        std::printf(" %s;", o.complaints[i].c_str());
      std::printf(" (%zu complaints)\n", o.complaints.size());
      std::fflush(stdout);
    }
  }
  auto n = [](std::uint64_t x) { return static_cast<unsigned long long>(x); };
  std::printf(
    "%llu seeds, %llu bad: %llu pushes answered, %llu deliveries, %llu of them while another lease held, "
    "%llu views, %llu crashes, %llu pauses, %llu cuts\n",
    n(last - first + 1), n(bad), n(sum.pushed), n(sum.deliveries), n(sum.duplicates), n(sum.views),
    n(sum.crashes), n(sum.pauses), n(sum.cuts));
  return bad == 0 ? 0 : 1;
}
