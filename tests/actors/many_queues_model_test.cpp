// Queues and pull_any together, over a network whose timing the dice choose.
#define CAF_SUITE many_queues_model

#include "queue_network.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using pull_fate = queue_network::pull_fate;

const std::vector<std::string> queue_names{"a1", "a2", "b1", "b2"};
const std::vector<std::string> expressions{"", "^a", "1$", "^b2$", "[ab]2"};

void require(bool holds, const std::string& sentence) {
  if (!holds)
    throw std::logic_error{sentence};
}

std::string number(std::uint64_t n) {
  return std::to_string(n);
}

/// Runs `body(network, dice)`; what it throws is what is wrong.
template <class Body>
seeded_run in_network(Body body) {
  return [body](std::uint64_t seed, step_log* log) -> std::optional<std::string> {
    dice random(seed);
    queue_network net(random, log);
    try {
      body(net, random);
    } catch (const std::exception& e) {
      return e.what();
    }
    return std::nullopt;
  };
}

void check_runs(std::uint64_t count, const seeded_run& run) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  auto failure = failure_in_runs(seed, count, run);
  if (failure)
    CAF_ERROR(*failure);
  CAF_CHECK(!failure);
}

properties patient() {
  properties p;
  p.retry = 1'000'000;
  p.timeout = 1h;
  return p;
}

std::uint64_t some_pull(queue_network& net, dice& random, std::optional<duration> wait) {
  auto names = net.names();
  if (names.empty() || random.one_in(2))
    return net.pull_any_of(random.one_of(expressions), wait);
  return net.pull(random.one_of(names), wait);
}

/// Takes out all that is left, so that nothing can hide.
void drain(queue_network& net) {
  net.run_until_quiet();
  net.check_quiet();
  for (const auto& [who, p] : std::map{net.pulls})
    net.cancel(who);
  net.run_until_quiet();
  net.check_quiet();
  for (bool more = true; more;) {
    auto who = net.pull_any_of("", 0s);
    net.run_until_quiet();
    require(net.pulls.at(who).answered, "a pull that does not wait was not answered");
    more = net.pulls.at(who).got.has_value();
  }
}

/// Clients come and go at any moment; nobody's message is lost, doubled, or left beside somebody who waits
/// for it.
void bustle(queue_network& net, dice& random, bool queues_come_and_go, bool queues_crash = false) {
  net.props = patient();
  for (const auto& name : queue_names)
    if (!queues_come_and_go || random.one_in(2))
      net.open(name);
  for (int i = 0; i < 60; ++i) {
    auto names = net.names();
    switch (random.below(queues_come_and_go ? 9 : 8)) {
    case 0:
    case 1:
    case 2:
      if (!names.empty())
        net.push(random.one_of(names));
      break;
    case 3: some_pull(net, random, std::nullopt); break;
    case 4: some_pull(net, random, random.one_of<duration>({0s, 0s, 1s, 2s})); break;
    case 5:
      if (!net.pulls.empty())
        net.cancel(1 + random.below(net.pulls.size()));
      break;
    case 6:
      if (random.one_in(3))
        net.now += 1s;
      else if (queues_crash && !names.empty())
        net.crash(random.one_of(names));
      break;
    case 7:
      if (random.one_in(4)) {
        net.run_until_quiet();
        net.check_quiet();
      }
      break;
    default:
      if (const auto& name = random.one_of(queue_names); net.has(name))
        net.remove(name);
      else
        net.open(name);
    }
    for (auto n = random.below(8); n > 0 && net.step(); --n) {
    }
  }
  drain(net);
  for (auto id : net.stored)
    if (net.died.count(id) == 0)
      require(net.accepted[id] == 1,
              "message " + number(id) + " was delivered " + number(net.accepted[id]) + " times");
  for (const auto& [id, times] : net.accepted)
    require(times <= 1, "message " + number(id) + " was delivered " + number(times) + " times");
}

/// As `bustle`, with leases that run out and deliveries that are nacked: every message comes to its end.
void bustle_with_retries(queue_network& net, dice& random) {
  for (const auto& name : queue_names) {
    net.props.retry = random.one_of<std::uint32_t>({0, 1, 3});
    net.props.timeout = random.one_of<milliseconds>({0s, 1s, 2s});
    net.props.accum = 0s;
    net.open(name);
  }
  for (int i = 0; i < 80; ++i) {
    switch (random.below(7)) {
    case 0:
    case 1: net.push(random.one_of(queue_names)); break;
    case 2: some_pull(net, random, std::nullopt); break;
    case 3: some_pull(net, random, random.one_of<duration>({0s, 0s, 1s, 2s})); break;
    case 4:
      if (!net.pulls.empty())
        net.cancel(1 + random.below(net.pulls.size()));
      break;
    case 5:
      if (!net.pulls.empty())
        net.settle(1 + random.below(net.pulls.size()),
                   random.one_of<verdict>({verdict::ack, verdict::ack, verdict::nack, verdict::extend}));
      break;
    default: net.now += random.one_of<duration>({0s, 500ms, 1s}); break;
    }
    for (auto n = random.below(8); n > 0 && net.step(); --n) {
    }
  }
  for (int i = 0; i < 40; ++i) {
    drain(net);
    net.now += 10s;
  }
  for (auto id : net.stored) {
    require(net.acked.count(id) + net.discarded.count(id) == 1,
            "message " + number(id) + " did not end, or ended twice");
    require(net.accepted[id] <= 4, "message " + number(id) + " was delivered too often");
  }
}

/// What clients may expect when each waits for the dust to settle: a line of all waiters, a line of messages
/// a queue.
struct calm_world {
  struct waiter {
    std::uint64_t id;
    pull_fate pull;
  };
  std::vector<waiter> waiting; ///< oldest first, among all queues
  std::map<std::string, std::deque<std::uint64_t>> ready;
};

void expect_got(queue_network& net, std::uint64_t who, std::uint64_t message) {
  const auto& p = net.pulls.at(who);
  require(p.answered && p.got == message, "waiter " + number(who) + " should have got message " +
                                            number(message) + " and got " +
                                            (p.got        ? number(*p.got)
                                             : p.answered ? "nothing"
                                                          : "no answer"));
}

void message_is_ready(queue_network& net, calm_world& world, const std::string& queue, std::uint64_t id) {
  auto first = std::find_if(world.waiting.begin(), world.waiting.end(),
                            [&](const auto& w) { return queue_network::matches(w.pull, queue); });
  if (first == world.waiting.end()) {
    world.ready[queue].push_back(id);
    return;
  }
  expect_got(net, first->id, id);
  world.waiting.erase(first);
}

void pull_came(queue_network& net, calm_world& world, std::uint64_t who) {
  const auto& p = net.pulls.at(who);
  bool any_ready = false;
  for (auto& [queue, line] : world.ready) {
    if (line.empty() || !queue_network::matches(p, queue))
      continue;
    any_ready = true;
    if (p.from == queue) {
      expect_got(net, who, line.front());
      line.pop_front();
      return;
    }
  }
  require(!any_ready, "waiter " + number(who) + " got nothing though a message is ready for it");
  if (p.until && *p.until <= net.now)
    require(p.answered && !p.got, "waiter " + number(who) + " should have been answered with nothing");
  else
    world.waiting.push_back({who, p});
}

void time_passed(queue_network& net, calm_world& world) {
  std::erase_if(world.waiting, [&](const auto& w) {
    bool due = w.pull.until && *w.pull.until <= net.now;
    if (due)
      require(net.pulls.at(w.id).answered, "waiter " + number(w.id) + " waits beyond its time");
    return due;
  });
}

/// Everybody is served in the order of arrival, whether it waits at one queue or at many.
void calm(queue_network& net, dice& random) {
  net.props = patient();
  calm_world world;
  for (const auto& name : queue_names)
    net.open(name);
  for (int i = 0; i < 60; ++i) {
    switch (random.below(6)) {
    case 0:
    case 1: {
      const auto& queue = random.one_of(queue_names);
      auto id = net.push(queue);
      net.run_until_quiet();
      message_is_ready(net, world, queue, id);
      break;
    }
    case 2:
    case 3: {
      auto who = some_pull(net, random, random.one_of<std::optional<duration>>({0s, 1s, 2s, std::nullopt}));
      net.run_until_quiet();
      pull_came(net, world, who);
      break;
    }
    case 4: {
      auto got = std::find_if(net.pulls.begin(), net.pulls.end(), [](const auto& p) { return p.second.got; });
      if (got != net.pulls.end()) {
        auto id = *got->second.got;
        net.settle(got->first, verdict::nack);
        net.run_until_quiet();
        auto queue = got->second.from;
        got->second.got.reset();
        message_is_ready(net, world, queue, id);
      } else if (!world.waiting.empty()) {
        auto who = world.waiting.front().id;
        net.cancel(who);
        net.run_until_quiet();
        world.waiting.erase(world.waiting.begin());
      }
      break;
    }
    default:
      net.now += 500ms;
      net.run_until_quiet();
      time_passed(net, world);
    }
    net.check_quiet();
    for (const auto& w : world.waiting)
      require(!net.pulls.at(w.id).answered, "waiter " + number(w.id) + " was answered before its turn");
    for (const auto& [queue, line] : world.ready)
      require(net.queue(queue).sizes().ready == line.size(), queue + " does not hold what it should");
  }
}

} // namespace

CAF_TEST(every message is delivered once and nobody waits beside one) {
  check_runs(600, in_network([](auto& net, auto& random) { bustle(net, random, false); }));
}

CAF_TEST(every message is delivered once while queues come and go) {
  check_runs(600, in_network([](auto& net, auto& random) { bustle(net, random, true); }));
}

CAF_TEST(every message is delivered once while actors of queues crash) {
  check_runs(600, in_network([](auto& net, auto& random) { bustle(net, random, random.one_in(2), true); }));
}

CAF_TEST(every message comes to its end when deliveries fail) {
  check_runs(150, in_network([](auto& net, auto& random) { bustle_with_retries(net, random); }));
}

CAF_TEST(waiters at one queue and at many are served in the order of arrival) {
  check_runs(500, in_network([](auto& net, auto& random) { calm(net, random); }));
}
