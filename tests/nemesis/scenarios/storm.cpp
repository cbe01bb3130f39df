// Faults as chance has it. A node is only killed when the others hold all that it holds: what is in memory
// alone dies with the last one that has it, and that is no broken promise.
#include "tests/nemesis/scenarios/scenarios.hpp"

#include <fmt/format.h>

#include <random>
#include <thread>

namespace lmq::nemesis {

namespace {

constexpr int flaps = 3;

class storm {
public:
  storm(stage& here, std::size_t count) : here_(here), count_(count), random_(here.asked().seed) {}

  void strike() {
    switch (below(8)) {
    case 0: return kill();
    case 1: return stop();
    case 2: return cut();
    case 3: return cut_one_way();
    case 4: return end();
    case 5: return flap();
    case 6: return stop_the_source();
    default: return cut_and_stop();
    }
  }

private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  /// A pause between both.
  void wait(double from, double to) {
    std::this_thread::sleep_for(seconds{std::uniform_real_distribution<>{from, to}(random_)});
  }

  std::size_t beside(std::size_t node) { return (node + 1 + below(count_ - 1)) % count_; }

  void kill() {
    auto victim = below(count_);
    here_.mark("kill " + nodes::name(victim), pause_after_kill_max);
    here_.all().kill(victim);
    wait(0.0, 2.0);
    here_.mark("restart " + nodes::name(victim), pause_after_kill_max);
    here_.all().start(victim);
    here_.await_lasting_one(first_nodes(count_));
  }

  void end() {
    auto node = below(count_);
    here_.mark("end " + nodes::name(node), pause_after_kill_max);
    here_.check(fmt::format("node {} ends with 0", nodes::name(node)), here_.all().stop(node) == 0);
    wait(0.0, 2.0);
    here_.mark("restart " + nodes::name(node), pause_after_kill_max);
    here_.all().start(node);
    here_.await_lasting_one(first_nodes(count_));
  }

  /// It dies again and again while it fetches what it has missed.
  void flap() {
    auto victim = below(count_);
    here_.mark("flap " + nodes::name(victim), pause_after_silence_max);
    for (int times = 0; times < flaps; ++times) {
      here_.all().kill(victim);
      wait(0.0, 0.3);
      here_.all().start(victim);
      wait(0.0, 0.3);
    }
    here_.await_lasting_one(first_nodes(count_));
  }

  /// A node comes back without its data, and the one that has them stands still meanwhile.
  void stop_the_source() {
    auto victim = below(count_);
    auto source = beside(victim);
    begin_cut("stop_the_source", source, victim);
    here_.all().kill(victim);
    wait(0.0, 1.0);
    here_.all().start(victim);
    here_.all().pause(source);
    wait(0.1, 3.0);
    here_.all().resume(source);
    end_cut();
  }

  void stop() {
    auto victim = below(count_);
    here_.mark("stop " + nodes::name(victim), pause_after_silence_max);
    here_.all().pause(victim);
    wait(0.1, 4.0);
    here_.mark("continue " + nodes::name(victim), pause_after_silence_max);
    here_.all().resume(victim);
    here_.await_lasting_one(first_nodes(count_));
  }

  void begin_cut(const std::string& how, std::size_t one, std::size_t other) {
    here_.mark(fmt::format("{} {} {}", how, nodes::name(one), nodes::name(other)), pause_after_silence_max);
    std::vector<unsigned> each_alone;
    for (std::size_t node = 0; node < count_; ++node)
      each_alone.push_back(static_cast<unsigned>(node));
    here_.shared().book.separated(std::move(each_alone), now());
  }

  void end_cut() {
    here_.mark("heal", pause_after_silence_max);
    here_.wires().heal();
    here_.await_lasting_one(first_nodes(count_));
    here_.shared().book.united(now());
  }

  void cut() {
    auto one = below(count_);
    auto other = beside(one);
    begin_cut("cut", one, other);
    here_.wires().cut(one, other);
    wait(0.1, 4.0);
    end_cut();
  }

  void cut_one_way() {
    auto one = below(count_);
    auto other = beside(one);
    begin_cut("cut_one_way", one, other);
    here_.wires().cut_one_way(one, other);
    wait(0.1, 4.0);
    end_cut();
  }

  /// A node stands still while it is cut off.
  void cut_and_stop() {
    auto one = below(count_);
    auto other = beside(one);
    begin_cut("cut_and_stop", one, other);
    here_.wires().cut(one, other);
    wait(0.1, 2.0);
    here_.all().pause(one);
    wait(0.1, 2.0);
    here_.all().resume(one);
    wait(0.0, 1.0);
    end_cut();
  }

  stage& here_;
  std::size_t count_;
  std::mt19937_64 random_;
};

} // namespace

int run_storm(const run_options& asked) {
  auto count = asked.nodes == 0 ? std::size_t{3} : asked.nodes;
  stage here{asked, network::kind::namespaces, count};
  storm weather{here, count};
  here.load();
  here.calm();
  for (unsigned round = 0; round < asked.rounds; ++round) {
    weather.strike();
    here.mark("calm", pause_otherwise_max);
    here.calm();
  }
  return here.finish();
}

} // namespace lmq::nemesis
