// The most that can differ: each side of a cut is filled, and the wire is whole again.
#include "tests/nemesis/clients/bulk.hpp"
#include "tests/nemesis/scenarios/scenarios.hpp"

#include <fmt/format.h>

#include <atomic>
#include <thread>

namespace lmq::nemesis {

namespace {

constexpr std::size_t messages_per_side = 50'000;
constexpr std::size_t pushers_per_side = 4;
constexpr std::size_t plain_queues = 4; // without windows
constexpr seconds heal_max{10.0};
constexpr seconds heal_watched{60.0};
constexpr seconds alone_max{5.0};
constexpr seconds pause_between_looks{0.05};

/// Both sides at once; how many pushes were answered.
std::size_t fill_both(const world& shared) {
  std::atomic<std::size_t> answered{0};
  std::vector<std::thread> pushers;
  constexpr auto share = static_cast<number>(messages_per_side / pushers_per_side);
  for (std::size_t i = 0; i < 2 * pushers_per_side; ++i)
    pushers.emplace_back([&, i] {
      try {
        answered += push_many(shared.where, i % 2, shared.queues[i % plain_queues],
                              {static_cast<number>(i) * share, share});
      } catch (const std::exception& error) {
        fmt::print(stderr, "a pusher ended: {}\n", error.what());
      }
    });
  for (auto& thread : pushers)
    thread.join();
  return answered;
}

} // namespace

int run_diverge(const run_options& asked) {
  stage here{asked, network::kind::namespaces, 2};
  for (const auto& queue :
       here.shared().queues) // what is taken out must not come again while more is taken out
    here.check("the timeout is set",
               here.all().ask(0, "PATCH", "/properties/" + queue, R"({"timeout":600})") == 204);
  here.wires().cut(0, 1);
  testing::stopwatch alone;
  while ((!here.all().are_one({0}) || here.all().are_one({0, 1})) && alone.elapsed() < alone_max)
    std::this_thread::sleep_for(pause_between_looks);
  testing::stopwatch filling;
  auto answered = fill_both(here.shared());
  here.figure("fill_s", filling.elapsed().count());
  here.figure("pushed", answered);
  here.check("every push on either side of a cut is answered", answered == 2 * messages_per_side);
  here.figure("before", {here.all().held_by(0), here.all().held_by(1)});

  here.wires().heal();
  testing::stopwatch healing;
  auto whole = [&] {
    return here.all().are_one({0, 1}) && here.all().held_by(0) >= answered &&
           here.all().held_by(1) >= answered;
  };
  while (!whole() && healing.elapsed() < heal_watched)
    std::this_thread::sleep_for(pause_between_looks);
  auto took = healing.elapsed();
  here.figure("healed_s", took.count());
  here.figure("after", {here.all().held_by(0), here.all().held_by(1)});
  here.check(fmt::format("both nodes hold all within {} s; it took {:.3f} s", heal_max.count(), took.count()),
             took <= heal_max);

  std::vector<unsigned> seen(2 * messages_per_side);
  for (std::size_t node : {0, 1})
    for (auto which : pull_all(here.shared().where, node, "%5Enemesis-"))
      if (which < seen.size())
        ++seen[which];
  std::size_t lost = 0;
  std::size_t duplicates = 0;
  for (auto times : seen) {
    lost += times == 0 ? 1 : 0;
    duplicates += times > 1 ? times - 1 : 0;
  }
  here.figure("lost", lost);
  here.figure("duplicates", duplicates);
  here.check("nothing is lost", lost == 0);
  here.check("what was never on two sides comes once", duplicates == 0);
  return here.verdict();
}

} // namespace lmq::nemesis
