// What pull_any decides: whom to watch, from whom to take, whom to answer. Its conversation with queues, line
// by line.
#define CAF_SUITE pull_any_machine

#include "actors/pull_any/pull_any_machine.hpp"

#include <caf/test/unit_test.hpp>
#include <string>
#include <vector>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

std::string text(waiter_id w) {
  return std::to_string(static_cast<std::uint64_t>(w));
}

/// Each verb returns what it made the machine say.
struct driver {
  pull_any_machine machine;
  time_point now = time_point{} + 1h;
  bool here = false; ///< what `taken` returned last

  lines open(const std::string& queue) {
    return said([&](auto& out) { machine.opened(queue, out); });
  }
  lines gone(const std::string& queue) {
    return said([&](auto& out) { machine.gone(queue, now, out); });
  }
  lines pull(std::uint64_t who, const std::string& expression, std::optional<duration> wait = std::nullopt) {
    auto deadline = wait ? std::optional{now + *wait} : std::nullopt;
    return said([&](auto& out) {
      CAF_CHECK(machine.pull(waiter_id{who}, expression, deadline, now, out).has_value());
    });
  }
  lines cancel(std::uint64_t who) {
    return said([&](auto& out) { machine.cancel(waiter_id{who}, now, out); });
  }
  lines watched(const std::string& queue, bool ready) {
    return said([&](auto& out) { machine.watched(queue, ready, now, out); });
  }
  lines offered(const std::string& queue, std::optional<std::uint64_t> oldest = std::nullopt) {
    auto own = oldest ? std::optional{waiter_id{*oldest}} : std::nullopt;
    return said([&](auto& out) { machine.offered(queue, own, now, out); });
  }
  lines taken(const std::string& queue, std::uint64_t who, bool got) {
    auto came = got ? take_result::delivered : take_result::nothing;
    return said([&](auto& out) { here = machine.taken(queue, waiter_id{who}, came, now, out); });
  }
  lines tick() {
    return said([&](auto& out) { machine.tick(now, out); });
  }

  /// A queue that was watched, offered a message to nobody and keeps it.
  void open_with_message(const std::string& queue) {
    open(queue);
    pull(1'000'000, "^" + queue + "$");
    watched(queue, false);
    cancel(1'000'000);
    CAF_CHECK_EQUAL(offered(queue), lines{"keep in " + queue});
  }

private:
  template <class Verb>
  lines said(Verb verb) {
    pull_any_effects out;
    verb(out);
    lines all;
    for (const auto& e : out)
      all.push_back(std::visit([](const auto& x) { return line(x); }, e));
    // A timer that comes at once must find nothing to do: else it would come again and again.
    pull_any_effects again;
    machine.tick(now, again);
    CAF_CHECK_EQUAL(again.size(), 0u);
    if (auto next = machine.next_deadline())
      CAF_CHECK(*next > now);
    return all;
  }

  static std::string line(const watch_queue& x) { return "watch " + x.queue; }
  static std::string line(const take_from& x) { return "take from " + x.queue + " for " + text(x.to); }
  static std::string line(const yield_to& x) { return "yield to " + x.queue; }
  static std::string line(const keep_in& x) { return "keep in " + x.queue; }
  static std::string line(const nothing_for& x) { return "nothing for " + text(x.to); }
};

} // namespace

// -- watching

CAF_TEST(a pull watches the queues that its pattern finds and no other) {
  driver d;
  CAF_CHECK_EQUAL(d.open("a1"), lines{});
  CAF_CHECK_EQUAL(d.open("b1"), lines{});
  CAF_CHECK_EQUAL(d.open("a2"), lines{});
  CAF_CHECK_EQUAL(d.pull(1, "^a"), (lines{"watch a1", "watch a2"}));
}

CAF_TEST(a queue is watched once) {
  driver d;
  d.open("a");
  CAF_CHECK_EQUAL(d.pull(1, "a"), lines{"watch a"});
  CAF_CHECK_EQUAL(d.pull(2, "."), lines{});
  d.watched("a", false);
  CAF_CHECK_EQUAL(d.pull(3, "^a$"), lines{});
}

CAF_TEST(a queue that is opened later is watched if somebody waits for it) {
  driver d;
  d.pull(1, "^a");
  CAF_CHECK_EQUAL(d.open("b"), lines{});
  CAF_CHECK_EQUAL(d.open("a"), lines{"watch a"});
  d.cancel(1);
  CAF_CHECK_EQUAL(d.open("a2"), lines{});
}

CAF_TEST(a bad pattern is refused and nobody waits) {
  driver d;
  d.open("a");
  pull_any_effects out;
  auto r = d.machine.pull(waiter_id{1}, "(", std::nullopt, d.now, out);
  CAF_CHECK(!r && r.error().why == reason::bad_pattern);
  CAF_CHECK_EQUAL(out.size(), 0u);
  CAF_CHECK_EQUAL(d.machine.waiters(), 0u);
}

// -- taking

CAF_TEST(a message that is ready when the queue is watched is taken) {
  driver d;
  d.open("a");
  d.pull(1, "a");
  CAF_CHECK_EQUAL(d.watched("a", true), lines{"take from a for 1"});
  CAF_CHECK_EQUAL(d.taken("a", 1, true), lines{});
  CAF_CHECK(d.here);
  CAF_CHECK_EQUAL(d.machine.waiters(), 0u);
}

CAF_TEST(a message on offer is taken for the oldest waiter that wants it) {
  driver d;
  d.open("a");
  d.open("b");
  d.pull(1, "b");
  d.pull(2, "a");
  d.pull(3, "a");
  d.watched("a", false);
  d.watched("b", false);
  CAF_CHECK_EQUAL(d.offered("a"), lines{"take from a for 2"});
}

CAF_TEST(an offer is yielded to the queues own waiter if that is older) {
  driver d;
  d.open("a");
  d.pull(5, "a");
  d.watched("a", false);
  CAF_CHECK_EQUAL(d.offered("a", 4), lines{"yield to a"});
  CAF_CHECK_EQUAL(d.offered("a", 6), lines{"take from a for 5"});
}

CAF_TEST(an offer that nobody wants is kept and found by the next pull) {
  driver d;
  d.open_with_message("a");
  CAF_CHECK_EQUAL(d.pull(1, "a"), lines{"take from a for 1"});
}

CAF_TEST(a waiter has one take under way) {
  driver d;
  d.open("a");
  d.open("b");
  d.pull(1, "");
  CAF_CHECK_EQUAL(d.watched("a", true), lines{"take from a for 1"});
  CAF_CHECK_EQUAL(d.watched("b", true), lines{});
  CAF_CHECK_EQUAL(d.taken("a", 1, true), lines{});
  CAF_CHECK_EQUAL(d.pull(2, ""), lines{"take from b for 2"});
}

CAF_TEST(a take in vain is followed by the next queue that has a message) {
  driver d;
  d.open_with_message("a");
  d.open_with_message("b");
  CAF_CHECK_EQUAL(d.pull(1, "").size(), 1u);
  CAF_CHECK_EQUAL(d.taken("a", 1, false).size() + d.taken("b", 1, false).size(), 1u);
  CAF_CHECK_EQUAL(d.machine.waiters(), 1u);
}

CAF_TEST(after takes in vain the queues that were never asked are asked) {
  driver d;
  d.open_with_message("a");
  d.open("b");
  CAF_CHECK_EQUAL(d.pull(1, "", 0s), lines{"take from a for 1"});
  CAF_CHECK_EQUAL(d.taken("a", 1, false), lines{"watch b"});
  CAF_CHECK_EQUAL(d.watched("b", true), lines{"take from b for 1"});
}

CAF_TEST(queues with messages are taken from in turn) {
  driver d;
  for (auto queue : {"a", "b", "c"})
    d.open_with_message(queue);
  lines order;
  for (std::uint64_t who = 1; who <= 6; ++who) {
    auto take = d.pull(who, "");
    CAF_REQUIRE_EQUAL(take.size(), 1u);
    auto from = take[0].substr(std::string{"take from "}.size(), 1);
    order.push_back(from);
    d.taken(from, who, true);
    d.offered(from); // it has more, and nobody waits
  }
  CAF_CHECK((order[0] != order[1] && order[1] != order[2] && order[0] != order[2]));
  CAF_CHECK((order[3] == order[0] && order[4] == order[1] && order[5] == order[2]));
}

CAF_TEST(an offer that crosses a watch or a take is passed over) {
  driver d;
  d.open("a");
  d.pull(1, "a");
  CAF_CHECK_EQUAL(d.offered("a"), lines{});
  d.watched("a", true);
  CAF_CHECK_EQUAL(d.offered("a"), lines{});
  d.taken("a", 1, true);
  CAF_CHECK_EQUAL(d.offered("a"), lines{"keep in a"});
}

CAF_TEST(an offer of a queue that is not watched is kept there) {
  driver d;
  d.open("a");
  CAF_CHECK_EQUAL(d.offered("a"), lines{"keep in a"});
  CAF_CHECK_EQUAL(d.offered("unknown"), lines{"keep in unknown"});
}

// -- time

CAF_TEST(a pull that does not wait is answered at once if no queue matches) {
  driver d;
  d.open("b");
  CAF_CHECK_EQUAL(d.pull(1, "a", 0s), lines{"nothing for 1"});
}

CAF_TEST(a pull that does not wait is answered when the last queue has said no) {
  driver d;
  d.open("a");
  d.open("b");
  CAF_CHECK_EQUAL(d.pull(1, "", 0s), (lines{"watch a", "watch b"}));
  CAF_CHECK_EQUAL(d.watched("b", false), lines{});
  CAF_CHECK_EQUAL(d.watched("a", false), lines{"nothing for 1"});
  CAF_CHECK_EQUAL(d.pull(2, "", 0s), lines{"nothing for 2"});
}

CAF_TEST(a pull that does not wait gets the message of the queue that says yes) {
  driver d;
  d.open("a");
  d.open("b");
  d.pull(1, "", 0s);
  d.watched("a", false);
  CAF_CHECK_EQUAL(d.watched("b", true), lines{"take from b for 1"});
  CAF_CHECK_EQUAL(d.taken("b", 1, true), lines{});
  CAF_CHECK(d.here);
}

CAF_TEST(a pull that does not wait is answered when its take was in vain) {
  driver d;
  d.open_with_message("a");
  CAF_CHECK_EQUAL(d.pull(1, "a", 0s), lines{"take from a for 1"});
  CAF_CHECK_EQUAL(d.taken("a", 1, false), lines{"nothing for 1"});
}

CAF_TEST(pulls that do not wait share the messages of a queue) {
  driver d;
  d.open_with_message("a"); // two messages are in it
  CAF_CHECK_EQUAL(d.pull(1, "a", 0s), lines{"take from a for 1"});
  CAF_CHECK_EQUAL(d.pull(2, "a", 0s), lines{});
  CAF_CHECK_EQUAL(d.offered("a"),
                  lines{}); // the second message is offered before the take of the first is answered
  CAF_CHECK_EQUAL(d.taken("a", 1, true), lines{"take from a for 2"});
}

CAF_TEST(a waiter is answered with nothing exactly when its time is up) {
  driver d;
  d.open("a");
  d.pull(1, "a", 5s);
  d.watched("a", false);
  CAF_CHECK(d.machine.next_deadline() == d.now + 5s);
  d.now += 5s - 1ns;
  CAF_CHECK_EQUAL(d.tick(), lines{});
  d.now += 1ns;
  CAF_CHECK_EQUAL(d.tick(), lines{"nothing for 1"});
  CAF_CHECK(!d.machine.next_deadline());
  CAF_CHECK_EQUAL(d.offered("a"), lines{"keep in a"});
}

CAF_TEST(waiters whose time is up leave in the order of their deadlines) {
  driver d;
  d.pull(1, "a", 5s);
  d.pull(2, "a", 3s);
  d.pull(3, "a");
  CAF_CHECK(d.machine.next_deadline() == d.now + 3s);
  d.now += 1h;
  CAF_CHECK_EQUAL(d.tick(), (lines{"nothing for 2", "nothing for 1"}));
  CAF_CHECK_EQUAL(d.machine.waiters(), 1u);
}

CAF_TEST(a waiter whose time is up during its take still gets the message) {
  driver d;
  d.open("a");
  d.pull(1, "a", 5s);
  d.watched("a", true);
  d.now += 6s;
  CAF_CHECK_EQUAL(d.tick(), lines{});
  CAF_CHECK_EQUAL(d.taken("a", 1, true), lines{});
  CAF_CHECK(d.here);
}

// -- leaving

CAF_TEST(a cancelled waiter is answered with nothing and forgotten) {
  driver d;
  d.open("a");
  d.pull(1, "a", 5s);
  d.watched("a", false);
  CAF_CHECK_EQUAL(d.cancel(1), lines{"nothing for 1"});
  CAF_CHECK_EQUAL(d.cancel(1), lines{});
  CAF_CHECK(!d.machine.next_deadline());
  CAF_CHECK_EQUAL(d.offered("a"), lines{"keep in a"});
}

CAF_TEST(a delivery for a waiter that was cancelled goes back) {
  driver d;
  d.open("a");
  d.pull(1, "a");
  d.watched("a", true);
  CAF_CHECK_EQUAL(d.cancel(1), lines{});
  d.taken("a", 1, true);
  CAF_CHECK(!d.here);
  CAF_CHECK_EQUAL(d.machine.waiters(), 0u);
  d.pull(2, "a");
  CAF_CHECK_EQUAL(d.offered("a"), lines{"take from a for 2"});
}

CAF_TEST(the end of a queue leaves its waiters to the others) {
  driver d;
  d.open("a");
  d.open("b");
  d.pull(1, "");
  d.watched("a", false);
  d.watched("b", false);
  CAF_CHECK_EQUAL(d.gone("a"), lines{});
  CAF_CHECK_EQUAL(d.offered("b"), lines{"take from b for 1"});
}

CAF_TEST(who waits for nothing but a queue that ends is answered with nothing) {
  driver d;
  d.open("a");
  d.open("b");
  d.pull(1, "a");
  d.pull(2, "");
  d.watched("a", false);
  d.watched("b", false);
  CAF_CHECK_EQUAL(d.gone("a"), lines{"nothing for 1"});
  CAF_CHECK_EQUAL(d.gone("b"), lines{"nothing for 2"});
  CAF_CHECK_EQUAL(d.pull(3, "a"), lines{}); // who comes later waits for queues to come
  CAF_CHECK_EQUAL(d.machine.waiters(), 1u);
}

CAF_TEST(who is served by the last queue as it ends is answered once) {
  for (bool got : {true, false}) {
    driver d;
    d.open("a");
    d.pull(1, "a");
    d.watched("a", true);
    CAF_CHECK_EQUAL(d.gone("a"), lines{});
    CAF_CHECK_EQUAL(d.taken("a", 1, got), got ? lines{} : lines{"nothing for 1"});
    CAF_CHECK_EQUAL(d.machine.waiters(), 0u);
  }
}

CAF_TEST(a pull that does not wait does not hang on a queue that has ended) {
  driver d;
  d.open("a");
  CAF_CHECK_EQUAL(d.pull(1, "a", 0s), lines{"watch a"});
  CAF_CHECK_EQUAL(d.gone("a"), lines{"nothing for 1"});
  CAF_CHECK_EQUAL(d.watched("a", false), lines{});
}

CAF_TEST(a take from a queue that has ended is answered still) {
  for (bool got : {true, false}) {
    driver d;
    d.open("a");
    d.open("b");
    d.pull(1, "");
    d.watched("b", false);
    d.watched("a", true);
    CAF_CHECK_EQUAL(d.gone("a"), lines{});
    CAF_CHECK_EQUAL(d.taken("a", 1, got), lines{});
    CAF_CHECK(d.here);
    CAF_CHECK_EQUAL(d.machine.waiters(), got ? 0u : 1u);
  }
}

CAF_TEST(a queue of the same name is a new queue) {
  driver d;
  d.open_with_message("a");
  d.gone("a");
  d.gone("a");
  CAF_CHECK_EQUAL(d.open("a"), lines{});
  CAF_CHECK_EQUAL(d.pull(1, "a"), lines{"watch a"});
}

CAF_TEST(a late answer of an ended queue does not end the take from its successor) {
  driver d;
  d.open("a");
  d.pull(1, "a");
  d.watched("a", true); // the take for 1 is under way …
  d.gone("a");          // … to a queue that ends
  d.open("a");
  d.pull(2, "a");
  CAF_CHECK_EQUAL(d.watched("a", true), lines{"take from a for 2"});
  CAF_CHECK_EQUAL(d.pull(3, "a", 0s), lines{});
  CAF_CHECK_EQUAL(d.taken("a", 1, false), lines{}); // 3 has yet to hear from the take for 2
  CAF_CHECK_EQUAL(d.taken("a", 2, false), lines{"nothing for 3"});
}

CAF_TEST(a place that another queue had does not match by its old name) {
  driver d;
  d.open("a");
  d.pull(1, "a");
  d.watched("a", false);
  d.cancel(1);
  d.gone("a");
  d.open("b");
  CAF_CHECK_EQUAL(d.pull(2, "a"), lines{});
  CAF_CHECK_EQUAL(d.pull(3, "b"), lines{"watch b"});
}

// -- many

CAF_TEST(patterns that nobody uses are forgotten and known again when they come back) {
  driver d;
  d.open("q");
  for (std::uint64_t i = 1; i <= 3 * pull_any_machine::idle_patterns_max; ++i)
    d.pull(i, "q|" + std::to_string(i), 0s);
  d.watched("q", false);
  CAF_CHECK_EQUAL(d.machine.waiters(), 0u);
  d.open("q2");
  CAF_CHECK_EQUAL(d.pull(10'000, "q|1"), lines{"watch q2"});
}

CAF_TEST(a pattern finds the right queues after many have come and gone) {
  driver d;
  d.open("lasting");
  d.pull(1, "^new", 0s); // the pattern is known, with what it finds
  for (int i = 0; i < 40'000; ++i) {
    auto name = (i % 2 == 0 ? "new" : "other") + std::to_string(i);
    pull_any_effects out;
    d.machine.opened(name, out);
    d.machine.gone(name, d.now, out);
  }
  d.open("other");
  d.open("new");
  CAF_CHECK_EQUAL(d.pull(2, "^new"), lines{"watch new"});
}
