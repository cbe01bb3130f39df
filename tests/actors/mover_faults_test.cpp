// Dead letters and redriven ones, with an exception at every place where one could come from, one run for
// each: each message is in one of the queues at the end, once.
#define CAF_SUITE mover_faults

#include "actors/queue/queue_machine.hpp"
#include "core/dead_letter.hpp"
#include "core/fault_point.hpp"
#include "journal_fixture.hpp"

#include <map>
#include <set>

using namespace std::chrono_literals;
using namespace lmq;

namespace {

/// A client as a gateway is one, of a broker with or without a journal.
template <class Fixture>
struct patient : Fixture {
  ~patient() { fault_plan::never(); }

  template <class T, class Request>
  answer<T> insist(Request request) {
    for (int i = 0; i < 20; ++i) {
      auto a = request();
      CAF_REQUIRE(a.came());
      if (!a.refused() || (!bounced(a.error()) && a.why().why == reason::no_such_lease))
        return a;
      this->doors = this->template ask<broker>(this->doors.supervisor, doors_atom::value).value();
    }
    CAF_FAIL("it was refused for ever");
  }

  queue_handle reach(const std::string& name) {
    return insist<queue_ref>(
             [&] { return this->template ask<queue_ref>(this->doors.registry, resolve_atom::value, name); })
      .value()
      .actor;
  }

  template <class T, class... Ts>
  answer<T> insist_at(const std::string& name, Ts... what) {
    return insist<T>([&] { return this->template ask<T>(reach(name), what...); });
  }

  void push_surely(const std::string& name, const std::string& body) {
    insist_at<push_outcome>(name, push_atom::value, this->ids.next(), this->text(body), request_headers{});
  }

  pulled pull_surely(const std::string& name) {
    return insist_at<pulled>(name, pull_atom::value, next_waiter_id(), wait_time{0s}).value();
  }

  void settle_all(const std::string& name, verdict v, std::map<std::string, int>& into) {
    for (auto got = pull_surely(name); got.delivery; got = pull_surely(name)) {
      if (const auto* single = std::get_if<message>(&got.delivery->content))
        ++into[std::string{single->content.body()}];
      else
        for (const auto& p : *std::get<1>(got.delivery->content))
          ++into[std::string{p.content.content.body()}];
      insist_at<caf::unit_t>(name, settle_atom::value, got.delivery->lease, v);
    }
  }

  void make_mortal(const std::string& name) {
    property_set p;
    p.retry = 0;
    p.dead_letter = "dead";
    p.accum = 1s;
    insist<caf::unit_t>(
      [&] { return this->template ask<caf::unit_t>(this->doors.registry, patch_atom::value, name, p); });
  }

  void let_it_settle() {
    for (int i = 0; i < 4; ++i)
      this->pass(queue_machine::move_pause);
  }

  std::uint64_t size_of(const std::string& name) {
    return insist_at<queue_report>(name, report_atom::value).value().size;
  }
};

struct day_of_dead_letters : patient<broker_fixture> {
  void run() {
    make_mortal("q");
    for (auto* body : {"a", "b"})
      push_surely("q", body);
    pass(1s);
    push_surely("q", "c");
    pass(1s);
    std::map<std::string, int> died;
    settle_all("q", verdict::nack, died);
    let_it_settle();
    // It is answered when all is known of what went, which may take a pause.
    ask_later<std::uint64_t>(reach("dead"), redrive_atom::value, std::uint64_t{2});
    let_it_settle();
  }

  void check() {
    pass(31s); // where an answer was lost
    std::map<std::string, int> all;
    settle_all("dead", verdict::ack, all);
    settle_all("q", verdict::ack, all);
    CAF_CHECK((all == std::map<std::string, int>{{"a", 1}, {"b", 1}, {"c", 1}}));
    CAF_CHECK_EQUAL(size_of("q") + size_of("dead"), 0u);
  }
};

struct day_with_a_journal : patient<journal_fixture> {
  day_with_a_journal() { journal->safe_at_once = true; }

  void run() {
    make_mortal("q");
    insist<caf::unit_t>([&] {
      return ask<caf::unit_t>(reach("q"), serve_atom::value,
                              unit_list{std::make_shared<const std::vector<held_unit>>()});
    });
    for (auto* body : {"a", "b"})
      push_surely("q", body);
    pass(1s);
    push_surely("q", "c");
    pass(1s);
    std::map<std::string, int> died;
    settle_all("q", verdict::nack, died);
    let_it_settle();
  }

  /// Whoever takes each id once has each message once, and then they were settled.
  void check() {
    std::map<message_id, std::string> taken;
    for (const auto& m : journal->moved) {
      CAF_CHECK_EQUAL(m.queue, "dead");
      auto body = std::string{m.content.content.body()};
      auto [it, fresh] = taken.emplace(m.id, body);
      CAF_CHECK_EQUAL(it->second, body);
    }
    std::multiset<std::string> bodies;
    for (const auto& [id, body] : taken)
      bodies.insert(body);
    CAF_CHECK((bodies == std::multiset<std::string>{"a", "b", "c"}));
    std::set<message_id> settled;
    for (const auto& e : journal->heard)
      for (const auto& f : *e.facts)
        if (const auto* gone = std::get_if<facts::settled>(&f))
          settled.insert(gone->ids.begin(), gone->ids.end());
    CAF_CHECK_EQUAL(settled.size(), 3u);
    CAF_CHECK_EQUAL(size_of("q"), 0u);
  }
};

template <class Day>
void check_every_point(std::uint64_t at_least) {
  std::uint64_t points = 0;
  for (std::uint64_t n = 1;; ++n) {
    Day day;
    CAF_MESSAGE("point " << n);
    fault_plan::once_at(n);
    day.run();
    bool reached = fault_plan::thrown() > 0;
    fault_plan::never();
    day.let_it_settle();
    day.check();
    if (!reached)
      break;
    ++points;
  }
  CAF_MESSAGE(points << " points");
  CAF_CHECK(points > at_least);
}

} // namespace

CAF_TEST(whatever throws first each message is in one of the queues once) {
  check_every_point<day_of_dead_letters>(150);
}

CAF_TEST(whatever throws first the journal hears of each message under one id) {
  check_every_point<day_with_a_journal>(100);
}
