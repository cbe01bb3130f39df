// kill -9, and a start on what was left on the disk.
//
// The rule for one server: an answer is on the disk. What was answered with 200 and not settled comes at the
// end; what was answered with 204 never comes again; what had no answer may go either way.
//
// The rule for a cluster: an answer is on the disks of all nodes that were in view. So the same holds, but
// for one case: a node that was down when an ack was answered, and that serves before it has met one that
// knows of it (because all of those are down, too), delivers the message again, as across a cut. That is
// counted as served_alone, and only as long as it may be true: when every node was killed since they were
// last seen to be one; by a node that was killed before the ack was answered; to a pull that began before
// they were seen to be one again (ledger::absent). Everything else is resurrected: what comes while one was
// there all the time, what was acked before the kill or through that node itself, and whatever comes when all
// are one. What is on any disk is never lost, since all disks come back.
#include "tests/nemesis/clients/bulk.hpp"
#include "tests/nemesis/clients/settings.hpp"
#include "tests/nemesis/scenarios/scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>

namespace lmq::nemesis {

namespace {

constexpr std::size_t cluster_size = 3;
constexpr seconds start_max{10.0};
constexpr unsigned one_in_kills_while_it_starts = 4;
// A start takes some 50 ms.
constexpr double start_time_at_the_least = 0.0;
constexpr double start_time_about = 0.08;
constexpr double life_min = 0.02;
constexpr double life_max = 1.5;
// What is acked comes back with new pulls, if it does.
constexpr seconds linger{1.0};
// What lies on the disk all the time and nobody asks for, so that every start has something to read.
constexpr const char* store = "store";
constexpr number stored_count = 500;
constexpr std::size_t stored_bytes = 5000;
constexpr seconds store_emptied_max{5.0};
constexpr const char* timeout = R"({"timeout":1})"; // so that leases run out between kills

constexpr habits habits_of_crash{.pause_between_pushes = seconds{0.002},
                                 .body_bytes_min = 10,
                                 .body_bytes_max = 20'000,
                                 .one_in_nacks = 20,
                                 .one_in_left = 20,
                                 .insists = seconds{3.0}};

// Three nodes share this machine, and each writes all.
constexpr habits habits_of_crash_cluster{.pause_between_pushes = seconds{0.03},
                                         .body_bytes_min = 10,
                                         .body_bytes_max = 20'000,
                                         .one_in_nacks = 20,
                                         .one_in_left = 20,
                                         .insists = seconds{3.0}};

class crash {
public:
  crash(stage& here, std::size_t count)
      : here_(here), count_(count), away_since_(count), random_(here.asked().seed) {
    for (const auto& queue : here.shared().queues)
      here.check("the timeout is set", here.all().ask(0, "PATCH", "/properties/" + queue, timeout) == 204);
  }

  /// Kills the only one, after a life as long as chance has it, and starts it again.
  void strike_one_server() {
    wait(life_min, life_max);
    kill({0});
    start(0);
    here_.all().await_start(0);
  }

  /// Kills some of a cluster, and starts them; when it returns they may not be one yet.
  void strike_cluster() {
    auto order = shuffled();
    switch (below(6)) {
    case 0: return kill_and_start({order[0]});
    case 1: return kill_and_start({order[0], order[1]});
    case 2: return one_behind_the_others(order);
    case 3: return one_after_the_other(order);
    default: return kill_and_start(order);
    }
  }

  /// Whether what comes next strikes them before they are one.
  bool in_a_hurry() { return below(3) == 0; }

  void unite() {
    here_.await_lasting_one(first_nodes(count_));
    here_.shared().book.united(now());
    std::fill(away_since_.begin(), away_since_.end(), std::nullopt);
  }

  /// All at the same instant, and all again.
  void kill_and_start_all() { kill_and_start(first_nodes(count_)); }

  void live() { wait(life_min, life_max); }

private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  void wait(double from, double to) {
    std::this_thread::sleep_for(seconds{std::uniform_real_distribution<>{from, to}(random_)});
  }

  std::vector<std::size_t> shuffled() {
    auto out = first_nodes(count_);
    std::shuffle(out.begin(), out.end(), random_);
    return out;
  }

  void kill(const std::vector<std::size_t>& which) {
    std::string names;
    for (auto node : which) {
      names += ' ' + nodes::name(node);
      if (!away_since_[node])
        away_since_[node] = now();
    }
    excuse_if_nobody_knows();
    here_.note("kill" + names);
    here_.all().kill(which);
  }

  /// As long as one was there all the time, whoever comes back has to hear from it first, and there is no
  /// excuse.
  void excuse_if_nobody_knows() {
    if (count_ == 1 || std::count(away_since_.begin(), away_since_.end(), std::nullopt) != 0)
      return;
    for (std::size_t node = 0; node < count_; ++node)
      here_.shared().book.absent(node, *away_since_[node]);
  }

  /// Some are killed while they start, and start again.
  void start(std::size_t node) {
    here_.note("start " + nodes::name(node));
    here_.all().launch(node);
    while (below(one_in_kills_while_it_starts) == 0) {
      wait(start_time_at_the_least, start_time_about);
      kill({node});
      here_.note("start " + nodes::name(node));
      here_.all().launch(node);
    }
  }

  void kill_and_start(const std::vector<std::size_t>& which) {
    kill(which);
    start_in_any_order(which);
  }

  void start_in_any_order(std::vector<std::size_t> which) {
    std::shuffle(which.begin(), which.end(), random_);
    for (auto node : which) {
      if (below(2) == 0)
        wait(0.0, 0.7);
      start(node);
    }
    for (auto node : which)
      here_.all().await_start(node);
  }

  /// The first one misses something, then serves alone with its old disk, and meets the others after that.
  void one_behind_the_others(const std::vector<std::size_t>& order) {
    std::vector<std::size_t> others(order.begin() + 1, order.end());
    kill({order[0]});
    wait(0.1, 1.5);
    kill(others);
    start(order[0]);
    wait(0.1, 1.5);
    if (below(2) == 0)
      return start_in_any_order(others);
    kill({order[0]});
    start_in_any_order(order);
  }

  /// A rolling catastrophe: each is back, or nearly, when the next one dies.
  void one_after_the_other(const std::vector<std::size_t>& order) {
    for (auto node : order) {
      kill({node});
      wait(0.0, 0.3);
      start(node);
      wait(0.0, 0.3);
    }
    for (auto node : order)
      here_.all().await_start(node);
  }

  stage& here_;
  std::size_t count_;
  std::vector<std::optional<moment>>
    away_since_; // killed since they were last seen to be one, the first time
  std::mt19937_64 random_;
};

void fill_store(stage& here) {
  auto answered = push_many(here.shared().where, 0, store, {0, stored_count}, stored_bytes);
  here.check("the store is filled", answered == stored_count);
}

void check_store(stage& here, std::size_t node) {
  auto held = here.all().size_of(node, store);
  here.check(fmt::format("node {} holds the store of {} messages; it has {}", nodes::name(node), stored_count,
                         held ? std::to_string(*held) : "no answer"),
             held == stored_count);
}

/// Each message of it comes, and once. A pull that doesn't wait may get nothing though there is something: a
/// cluster's node that has the queue elsewhere is asked again. How often that was is told.
void empty_store(stage& here) {
  auto found = pull_all(here.shared().where, 0, store);
  unsigned asked_again = 0;
  for (testing::time_limit limit{store_emptied_max}; found.size() < stored_count && !limit.passed();
       ++asked_again)
    for (auto which : pull_all(here.shared().where, 0, store))
      found.push_back(which);
  here.figure("store_asked_again", asked_again);
  std::sort(found.begin(), found.end());
  std::vector<number> stored(stored_count);
  std::iota(stored.begin(), stored.end(), number{0});
  here.check(fmt::format("the store gives what was put in; it was {} messages", found.size()),
             found == stored);
}

void judge_starts(stage& here) {
  auto longest = here.all().longest_start();
  here.figure("longest_start_s", std::round(longest.count() * 1000) / 1000);
  here.check(
    fmt::format("every start takes at most {} s; one took {:.3f} s", start_max.count(), longest.count()),
    longest <= start_max);
}

/// A server that does not start on its own disk has broken the promise, and its disk is kept.
template <class Scenario>
int unless_it_does_not_start(stage& here, Scenario scenario) {
  try {
    return scenario();
  } catch (const std::runtime_error& error) {
    here.check(error.what(), false);
    return here.verdict();
  }
}

} // namespace

int run_crash(const run_options& asked) {
  stage here{asked, network::kind::loopback, 1, 0, storage::disk};
  crash killer{here, 1};
  settings writer{here.shared(), asked.seed};
  fill_store(here);
  here.load(habits_of_crash);
  return unless_it_does_not_start(here, [&] {
    auto compare = [&] {
      auto found = writer.disagreement(0);
      here.check("what was set holds: " + found, found.empty());
      check_store(here, 0);
    };
    for (unsigned kill = 0; kill < asked.kills; ++kill) {
      killer.strike_one_server();
      compare();
    }
    here.calm();
    writer.stop();
    here.drain();
    killer.kill_and_start_all();
    std::this_thread::sleep_for(linger);
    compare();
    here.figure("kills", asked.kills);
    here.figure("settings", writer.answered());
    empty_store(here);
    judge_starts(here);
    return here.finish();
  });
}

int run_crash_cluster(const run_options& asked) {
  stage here{asked, network::kind::loopback, cluster_size, 0, storage::disk};
  crash killer{here, cluster_size};
  settings writer{here.shared(), asked.seed};
  fill_store(here);
  here.load(habits_of_crash_cluster);
  return unless_it_does_not_start(here, [&] {
    for (unsigned strike = 0; strike < asked.kills; ++strike) {
      killer.live();
      killer.strike_cluster();
      if (!killer.in_a_hurry())
        killer.unite();
    }
    killer.unite();
    here.calm();
    writer.stop();
    here.drain();
    killer.kill_and_start_all();
    killer.unite();
    std::this_thread::sleep_for(linger);
    for (auto node : first_nodes(cluster_size)) {
      check_store(here, node);
      auto found = writer.disagreement(node);
      here.check("what was set holds: " + found, found.empty());
    }
    here.figure("strikes", asked.kills);
    here.figure("settings", writer.answered());
    empty_store(here);
    judge_starts(here);
    return here.finish();
  });
}

} // namespace lmq::nemesis
