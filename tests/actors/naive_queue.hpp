// The queue's behaviour once more, as simply as it can be said: lists, searched from end to end at every
// step.
//
// Written from the description of the wire's behaviour, not from the machine, which is held against it.
#pragma once

#include "core/ids.hpp"
#include "core/properties.hpp"
#include "core/time.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace lmq {

class naive_queue {
public:
  /// What is to be seen from outside, in order.
  struct event {
    std::string what; ///< "deliver", "empty", "discard", "offer", "move"
    std::uint64_t waiter = 0;
    std::uint64_t message = 0;
    std::uint32_t delivery = 0, retries_left = 0;
    duration waited{};
    std::vector<std::uint64_t> parts{}; ///< messages of a compound

    friend bool operator==(const event&, const event&) = default;
  };
  std::vector<event> seen;

  properties props;
  std::size_t ready = 0, leased = 0, accumulating = 0; ///< after each step; what leaves counts as leased
  std::size_t waiting() const { return waiters_.size(); }

  /// False: the queue is full, and has not taken it.
  bool push(std::uint64_t id, time_point now) {
    settle(now);
    auto open =
      std::find_if(items_.begin(), items_.end(), [](auto& i) { return i.is == state::accumulating; });
    if (auto most = props.max_messages.value_or(0); most > 0) {
      first_ready(); // what nobody will get makes room
      std::erase_if(items_, [](auto& i) { return i.is == state::gone; });
      open = std::find_if(items_.begin(), items_.end(), [](auto& i) { return i.is == state::accumulating; });
      if (open == items_.end() && items_.size() >= most) {
        settle(now);
        return false;
      }
    }
    if (open != items_.end()) {
      open->parts.push_back(id);
    } else if (props.accum > milliseconds{0}) {
      items_.push_back({id, state::accumulating, props.retry, now + props.accum, ++begun_});
      items_.back().parts.push_back(id);
    } else {
      items_.push_back({id, state::ready, props.retry, now, ++begun_});
      make_ready(items_.back(), now, ++last_place_);
    }
    settle(now);
    return true;
  }

  void pull(std::uint64_t who, std::optional<time_point> until, time_point now) {
    settle(now);
    waiters_.push_back({who, until});
    settle(now);
  }

  void cancel(std::uint64_t who, time_point now) {
    settle(now);
    if (std::erase_if(waiters_, [&](auto& w) { return w.id == who; }) > 0)
      seen.push_back({"empty", who});
    settle(now);
  }

  bool ack(std::uint64_t id, std::uint32_t delivery, time_point now) {
    return with_lease(id, delivery, now, [&](item& i) { i.is = state::gone; });
  }
  bool nack(std::uint64_t id, std::uint32_t delivery, time_point now) {
    return with_lease(id, delivery, now, [&](item& i) { delivery_failed(i, now); });
  }
  bool extend(std::uint64_t id, std::uint32_t delivery, time_point now) {
    return with_lease(id, delivery, now, [&](item& i) { i.until = now + props.timeout, i.begun = ++begun_; });
  }
  void give_back(std::uint64_t id, std::uint32_t delivery, time_point now) {
    with_lease(id, delivery, now, [&](item& i) { make_ready(i, i.ready_since, i.place); });
  }

  using place_in_line = std::pair<time_point, std::uint64_t>;

  /// Of the last that is ready.
  place_in_line end_of_line(time_point now) {
    settle(now);
    auto last = place_in_line{time_point::min(), 0};
    for (const auto& i : items_)
      if (i.is == state::ready)
        last = std::max(last, place_in_line{i.ready_since, i.place});
    return last;
  }

  /// One after the other, until `most` messages have gone.
  std::size_t purge(place_in_line until, std::size_t most, time_point now) {
    settle(now);
    std::size_t dropped = 0, messages = 0;
    while (messages < most) {
      auto first = items_.end();
      for (auto i = items_.begin(); i != items_.end(); ++i)
        if (place_in_line at{i->ready_since, i->place};
            i->is == state::ready && at <= until &&
            (first == items_.end() || at < place_in_line{first->ready_since, first->place}))
          first = i;
      if (first == items_.end())
        break;
      messages += std::max<std::size_t>(first->parts.size(), 1);
      ++dropped;
      items_.erase(first);
    }
    settle(now);
    return dropped;
  }

  /// Ready or leased; a compound goes by its first message.
  bool erase(std::uint64_t id, time_point now) {
    settle(now);
    auto n = std::erase_if(
      items_, [&](auto& i) { return i.id == id && (i.is == state::ready || i.is == state::leased); });
    settle(now);
    return n > 0;
  }

  // -- what leaves for the queue of dead letters

  void moved(std::uint64_t id, time_point now) {
    settle(now);
    for (auto& i : items_)
      if (i.id == id && i.moving)
        i.is = state::gone;
    settle(now);
  }
  void not_moved(std::uint64_t id, time_point now) {
    settle(now);
    for (auto& i : items_)
      if (i.id == id && i.moving) {
        i.moving = false;
        move_from_ = now + std::chrono::seconds{1};
      }
    call_off();
    settle(now);
  }
  void configure(const properties& p, time_point now) {
    settle(now);
    props = p;
    call_off();
  }

  // -- who watches: nobody; somebody who is told of the next ready message, was told, or has left it here

  enum class watcher { nobody, to_be_told, told, left_here } watching = watcher::nobody;

  bool watch(time_point now) {
    watching = watcher::nobody;
    settle(now);
    bool any = first_ready() != nullptr && !props.paused;
    watching = any ? watcher::left_here : watcher::to_be_told;
    settle(now);
    return any;
  }
  /// The answer comes last: by then whatever else is ready has been offered.
  void take(std::uint64_t who, time_point now) {
    let_due_happen(now);
    watching = watcher::to_be_told;
    if (auto* i = props.paused ? nullptr : first_ready())
      hand_out(*i, who, now);
    else
      seen.push_back({"empty", who});
    auto answered = seen.back();
    seen.pop_back();
    settle(now);
    seen.push_back(answered);
  }
  void yield(time_point now) {
    if (watching == watcher::told) {
      let_due_happen(now);
      watching = watcher::to_be_told;
      if (!waiters_.empty() && !props.paused)
        serve_oldest(now);
    }
    settle(now);
  }
  void keep(time_point now) {
    if (watching == watcher::told)
      watching = watcher::left_here;
    settle(now);
  }

  /// All that is due, in the order in which it fell due, then what can be given to those who wait.
  void settle(time_point now) {
    do {
      let_due_happen(now);
      serve(now);
    } while (first_due(now) != nullptr);
    send_off(now);
    auto late = [&](auto& w) { return w.until && *w.until <= now; };
    while (!held_by_offer()) {
      auto w = std::min_element(waiters_.begin(), waiters_.end(), [&](auto& x, auto& y) {
        return std::tuple{!late(x), x.until, x.id} < std::tuple{!late(y), y.until, y.id};
      });
      if (w == waiters_.end() || !late(*w))
        break;
      seen.push_back({"empty", w->id});
      waiters_.erase(w);
    }
    std::erase_if(items_, [](auto& i) { return i.is == state::gone; });
    auto count = [&](state s) {
      return static_cast<std::size_t>(
        std::count_if(items_.begin(), items_.end(), [&](auto& i) { return i.is == s; }));
    };
    ready = count(state::ready), leased = count(state::leased) + count(state::dead),
    accumulating = count(state::accumulating);
  }

  std::optional<time_point> first_deadline() const {
    std::vector<time_point> all;
    for (const auto& i : items_)
      if (i.is == state::leased || i.is == state::accumulating)
        all.push_back(i.until);
    if (std::any_of(items_.begin(), items_.end(), [](auto& i) { return i.is == state::dead && !i.moving; }))
      all.push_back(move_from_);
    for (const auto& w : waiters_)
      if (w.until && !held_by_offer())
        all.push_back(*w.until);
    return all.empty() ? std::nullopt : std::optional{*std::min_element(all.begin(), all.end())};
  }

private:
  enum class state { ready, leased, accumulating, dead, gone };

  struct item {
    std::uint64_t id;
    state is;
    std::uint32_t retries_left;
    time_point until;        ///< end of the lease or window
    std::uint64_t begun;     ///< which lease or window began first
    std::uint64_t place = 0; ///< in the line of ready messages
    time_point ready_since{};
    std::uint32_t deliveries = 0;
    bool exhausted = false;
    std::vector<std::uint64_t> parts{};
    bool moving = false;
  };
  struct waiter {
    std::uint64_t id;
    std::optional<time_point> until;
  };

  /// Expiries and ends of windows, in the order in which they fell due.
  void let_due_happen(time_point now) {
    while (auto* due = first_due(now))
      due->is == state::accumulating ? make_ready(*due, due->until, ++last_place_)
                                     : delivery_failed(*due, due->until);
  }

  item* first_due(time_point now) {
    item* first = nullptr;
    for (auto& i : items_)
      if ((i.is == state::leased || i.is == state::accumulating) && i.until <= now)
        if (first == nullptr || std::tuple{i.until, i.begun} < std::tuple{first->until, first->begun})
          first = &i;
    return first;
  }

  /// The message next to be delivered; what would be but is exhausted is discarded.
  item* first_ready() {
    for (;;) {
      item* first = nullptr;
      for (auto& i : items_)
        if (i.is == state::ready && (first == nullptr || i.place < first->place))
          first = &i;
      if (first == nullptr || !first->exhausted)
        return first;
      if (first->is = somewhere_to_go() ? state::dead : state::gone; first->is == state::dead)
        continue;
      seen.push_back({"discard", 0, first->id});
    }
  }

  bool any_ready() const {
    return std::any_of(items_.begin(), items_.end(), [](auto& i) { return i.is == state::ready; });
  }
  bool held_by_offer() const { return watching == watcher::told && any_ready(); }

  void make_ready(item& i, time_point since, std::uint64_t place) {
    i.is = state::ready, i.ready_since = since, i.place = place;
  }
  void delivery_failed(item& i, time_point at) {
    i.exhausted = i.retries_left == 0;
    i.retries_left -= i.exhausted ? 0 : 1;
    make_ready(i, at, ++last_place_);
    if (i.exhausted && somewhere_to_go())
      i.is = state::dead;
  }
  bool somewhere_to_go() const { return !props.dead_letter.value_or("").empty(); }
  void call_off() {
    for (auto& i : items_)
      if (i.is == state::dead && !i.moving && !somewhere_to_go())
        i.is = state::ready;
  }
  /// Everything at once: a machine that holds back some is for another test.
  void send_off(time_point now) {
    for (item* first = nullptr; now >= move_from_; first = nullptr) {
      for (auto& i : items_)
        if (i.is == state::dead && !i.moving &&
            (first == nullptr ||
             std::tuple{i.ready_since, i.place} < std::tuple{first->ready_since, first->place}))
          first = &i;
      if (first == nullptr)
        return;
      first->moving = true;
      seen.push_back({"move", 0, first->id, first->deliveries});
    }
  }
  void hand_out(item& i, std::uint64_t who, time_point now) {
    i.is = state::leased, i.until = now + props.timeout, i.begun = ++begun_;
    seen.push_back({"deliver", who, i.id, ++i.deliveries, i.retries_left, now - i.ready_since, i.parts});
  }
  std::uint64_t oldest() const {
    return std::min_element(waiters_.begin(), waiters_.end(), [](auto& x, auto& y) { return x.id < y.id; })
      ->id;
  }
  bool serve_oldest(time_point now) {
    auto* i = first_ready();
    if (i == nullptr)
      return false;
    auto who = oldest();
    hand_out(*i, who, now);
    std::erase_if(waiters_, [&](auto& w) { return w.id == who; });
    return true;
  }
  void serve(time_point now) {
    if (props.paused)
      return;
    if (watching == watcher::to_be_told && first_ready() != nullptr) {
      watching = watcher::told;
      seen.push_back({"offer", waiters_.empty() ? 0 : oldest()});
    }
    if (watching == watcher::nobody || watching == watcher::left_here)
      while (!waiters_.empty() && serve_oldest(now)) {
      }
  }

  template <class F>
  bool with_lease(std::uint64_t id, std::uint32_t delivery, time_point now, F act) {
    settle(now);
    auto i = std::find_if(items_.begin(), items_.end(), [&](auto& x) {
      return x.is == state::leased && x.id == id && x.deliveries == delivery;
    });
    bool held = i != items_.end();
    if (held)
      act(*i);
    settle(now);
    return held;
  }

  std::vector<item> items_;
  std::vector<waiter> waiters_;
  std::uint64_t begun_ = 0, last_place_ = 0;
  time_point move_from_ = time_point::min();
};

} // namespace lmq
