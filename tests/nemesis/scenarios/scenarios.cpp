// Kills, stops, cuts and members that come and go.
#include "tests/nemesis/scenarios/scenarios.hpp"

#include "tests/nemesis/clients/bulk.hpp"

#include <fmt/format.h>
#include <thread>

namespace lmq::nemesis {

namespace {

constexpr seconds stopped_for{3.0};
constexpr seconds cut_for{5.0};
// What lies in a queue that nobody pulls from, so that a node that joins has something to fetch.
constexpr const char* store = "store";
constexpr number stored_count = 20'000;
constexpr std::size_t stored_bytes = 1000;
// Longer than a pull waits: what was asked of a node that has left is answered by then.
constexpr seconds requests_under_way{1.0};

std::size_t nodes_of(const run_options& asked, std::size_t usual) {
  return asked.nodes == 0 ? usual : asked.nodes;
}

void kill_and_restart(stage& here, std::size_t victim, std::size_t count) {
  here.mark("kill " + nodes::name(victim), pause_after_kill_max);
  here.all().kill(victim);
  std::this_thread::sleep_for(pause_after_kill_max); // long enough that a longer pause would be seen
  here.calm();
  here.mark("restart " + nodes::name(victim), pause_otherwise_max);
  here.all().start(victim);
  here.await_one(first_nodes(count));
  here.calm();
}

/// Cuts, waits, heals, and goes on when the nodes are one again.
template <class Cut>
int run_apart(const run_options& asked, std::size_t count, std::vector<unsigned> side_of, Cut cut) {
  stage here{asked, network::kind::namespaces, count};
  here.load();
  here.calm();
  here.mark("cut", pause_after_silence_max);
  here.shared().book.separated(std::move(side_of), now());
  cut(here.wires());
  std::this_thread::sleep_for(cut_for);
  here.mark("heal", pause_after_silence_max);
  here.wires().heal();
  here.await_lasting_one(first_nodes(count));
  here.shared().book.united(now());
  here.calm();
  return here.finish();
}

} // namespace

int run_kill(const run_options& asked) {
  auto count = nodes_of(asked, 2);
  stage here{asked, network::kind::loopback, count};
  here.load();
  here.calm();
  kill_and_restart(here, 0, count);
  kill_and_restart(here, 1, count);
  return here.finish();
}

int run_rolling(const run_options& asked) {
  auto count = nodes_of(asked, 2);
  stage here{asked, network::kind::loopback, count};
  here.load();
  here.calm();
  for (auto node : first_nodes(count)) {
    here.mark("end " + nodes::name(node), pause_otherwise_max);
    here.check(fmt::format("node {} ends with 0", nodes::name(node)), here.all().stop(node) == 0);
    here.calm();
    here.mark("restart " + nodes::name(node), pause_otherwise_max);
    here.all().start(node);
    here.await_one(first_nodes(count));
  }
  here.calm();
  return here.finish();
}

int run_rejoin(const run_options& asked) {
  auto count = nodes_of(asked, 3);
  stage here{asked, network::kind::loopback, count};
  here.load();
  here.calm();
  for (unsigned round = 0; round < asked.rounds; ++round) {
    auto victim = (asked.seed + round) % count;
    here.mark("kill " + nodes::name(victim), pause_after_kill_max);
    here.all().kill(victim);
    here.all().start(victim);
    here.await_one(first_nodes(count));
    here.calm();
  }
  return here.finish();
}

int run_stop(const run_options& asked) {
  auto count = nodes_of(asked, 2);
  stage here{asked, network::kind::loopback, count};
  here.load();
  here.calm();
  for (std::size_t victim : {0, 1}) {
    here.mark("stop " + nodes::name(victim), pause_after_silence_max);
    here.all().pause(victim);
    std::this_thread::sleep_for(stopped_for);
    here.mark("continue " + nodes::name(victim), pause_after_silence_max);
    here.all().resume(victim);
    here.await_lasting_one(first_nodes(count));
    here.calm();
  }
  return here.finish();
}

int run_join_leave(const run_options& asked) {
  auto count = nodes_of(asked, 2);
  auto third = count;
  stage here{asked, network::kind::loopback, count, 1};
  auto stored = push_many(here.shared().where, 0, store, {0, stored_count}, stored_bytes);
  here.check("the store is filled", stored == stored_count);
  auto check_store = [&](std::size_t node) {
    here.check(fmt::format("node {} holds the store", nodes::name(node)),
               here.all().size_of(node, store) == stored_count);
  };
  here.load();
  here.calm();
  here.mark("join " + nodes::name(third), pause_otherwise_max);
  here.all().start(third);
  here.await_one(first_nodes(count + 1));
  check_store(third);
  here.shared().known_nodes = count + 1;
  here.calm();
  here.mark("leave " + nodes::name(third), pause_otherwise_max);
  here.check("lmq leave ends with 0", here.all().leave(third));
  here.shared().known_nodes = count;
  std::this_thread::sleep_for(requests_under_way);
  here.mark("end " + nodes::name(third), pause_otherwise_max);
  here.check("the node that left ends with 0", here.all().stop(third) == 0);
  here.calm();
  for (auto& [what, count_of] : here.shared().times.troubles())
    here.check(fmt::format("no client sees an error; {}: {}", what, count_of), false);
  for (auto node : first_nodes(count))
    check_store(node);
  return here.finish();
}

int run_cut(const run_options& asked) {
  auto count = nodes_of(asked, 2);
  return run_apart(asked, count, {0, 1, 2}, [](network& wires) { wires.cut(0, 1); });
}

int run_cut_one(const run_options& asked) {
  auto count = nodes_of(asked, 3);
  std::vector<unsigned> side_of(count, 0);
  side_of.back() = 1;
  return run_apart(asked, count, side_of, [count](network& wires) {
    for (std::size_t other = 0; other + 1 < count; ++other)
      wires.cut(other, count - 1);
  });
}

int run_cut_one_way(const run_options& asked) {
  auto count = nodes_of(asked, 2);
  return run_apart(asked, count, {0, 1, 2}, [](network& wires) { wires.cut_one_way(0, 1); });
}

} // namespace lmq::nemesis
