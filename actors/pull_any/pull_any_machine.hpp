// Pulls from whichever queue matches a pattern: who waits, what is known of each queue, who gets what.
//
// The conversation with a queue, so that neither side asks in vain and the order of arrival holds among all
// waiters:
//
// - watch: this machine, when somebody waits whose pattern finds the queue: "offer me what becomes ready".
//   The queue answers whether a message is ready now.
// - offer: the queue, when a message becomes ready: "this is ready; my own oldest waiter is W". It waits for
//   one of the following.
// - take: "give it to this waiter of mine". The queue answers with the delivery, or with nothing if it is
//   gone, and before that offers what is ready still.
// - yield: "your own waiter is older: serve it".
// - keep: "nobody waits here". The queue serves its own and says no more. This machine remembers the queue as
//   available and tries it by `take` before it lets anybody wait.
//
// So a queue that nobody watches never talks, and one that is available costs nothing until somebody takes
// from it. A waiter has at most one take under way, so that exactly one message is taken for it.
//
// Cost: a pull over q queues with p patterns in use: O(q / 64) for a known pattern, O(q) matches for a new
// one; a queue that is opened: O(p) matches; an offer: O(waiters). Owned by the actor of the same name, or by
// a test.
#pragma once

#include "actors/pattern.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <boost/dynamic_bitset.hpp>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lmq {

/// Send `watch` to the queue and report its answer by `watched`.
struct watch_queue {
  std::string queue;
};

/// Send `take` to the queue for this waiter and report its answer by `taken`.
struct take_from {
  std::string queue;
  waiter_id to;
};

struct yield_to {
  std::string queue;
};

struct keep_in {
  std::string queue;
};

/// Answer this waiter with nothing.
struct nothing_for {
  waiter_id to;
};

/// How a take ended.
enum class take_result {
  delivered,
  nothing, ///< the queue had nothing ready any more
  lost,    ///< the queue's actor has ended: `restarted` or `gone` follows, or has come already
};

using pull_any_effect = std::variant<watch_queue, take_from, yield_to, keep_in, nothing_for>;
using pull_any_effects = std::vector<pull_any_effect>;

class pull_any_machine {
public:
  /// Patterns that are kept, with what they match, after their last waiter has gone.
  static constexpr std::size_t idle_patterns_max = 256;

  // -- queues come and go

  void opened(const std::string& queue, pull_any_effects& out);
  /// Whoever waited for nothing else is answered with nothing.
  void gone(const std::string& queue, time_point now, pull_any_effects& out);

  /// It has a new actor, to which nothing was said yet. A take that is under way is still answered.
  void restarted(const std::string& queue, time_point now, pull_any_effects& out);

  // -- waiters

  /// @param deadline the waiter is answered with nothing then; `now`: as soon as it is known that nothing is
  /// ready.
  ///                 Absent: no limit
  /// Errors: bad_pattern
  result<void> pull(waiter_id waiter, const std::string& expression, std::optional<time_point> deadline,
                    time_point now, pull_any_effects& out);

  /// Forgets the waiter, which is answered with nothing unless a take is under way for it (see `taken`).
  void cancel(waiter_id waiter, time_point now, pull_any_effects& out);

  // -- what queues say

  /// The answer to `watch`. From an actor that ended it does not come: `restarted` or `gone` does.
  void watched(const std::string& queue, bool ready, time_point now, pull_any_effects& out);

  /// @param oldest  the queue's own waiter that is first in line
  void offered(const std::string& queue, std::optional<waiter_id> oldest, time_point now,
               pull_any_effects& out);

  /// The answer to `take`.
  ///
  /// @returns whether the waiter is still there to get it; otherwise the delivery goes back to the queue
  bool taken(const std::string& queue, waiter_id waiter, take_result came, time_point now,
             pull_any_effects& out);

  // -- time

  void tick(time_point now, pull_any_effects& out);
  std::optional<time_point> next_deadline() const noexcept;

  std::size_t waiters() const noexcept { return waiters_.size(); }

private:
  /// A queue's place in the bit sets; used again when the queue is gone.
  using slot = std::size_t;
  using slots = boost::dynamic_bitset<std::uint64_t>;

  struct known_pattern {
    pattern compiled;
    slots matches;
    std::size_t seen = 0;    ///< entries of opened_ that `matches` accounts for
    std::size_t waiters = 0; ///< 0: kept for the next pull
  };
  using patterns = std::list<known_pattern>; ///< those without waiters: least recently used first

  struct waiter {
    patterns::iterator wants;
    std::optional<time_point> deadline;
    bool taking = false; ///< a take is under way for it
  };
  using waiters_by_age = std::map<waiter_id, waiter>;

  void decide(slot queue, std::optional<waiter_id> oldest, pull_any_effects& out);
  void end_waiters_of(const known_pattern& p, pull_any_effects& out);
  std::optional<slot> find(const std::string& queue) const;
  slot new_slot(const std::string& queue);
  result<patterns::iterator> known(const std::string& expression);
  void catch_up(known_pattern& p);
  void trim_patterns();
  void rewrite_opened();
  void forget(waiters_by_age::iterator it);
  void seek(waiters_by_age::iterator it, pull_any_effects& out);
  void start_take(waiters_by_age::iterator it, slot from, pull_any_effects& out);
  void ask(slot queue, pull_any_effects& out);
  waiters_by_age::iterator oldest_for(slot queue);
  void answer_due(time_point now, pull_any_effects& out);
  bool may_still_get(const waiter& w) const;

  // Queues. Each is in at most one of asked_, available_, taking_; in none of them and watched: it has
  // nothing ready.
  std::vector<std::string> names_; ///< by slot; empty: free
  std::vector<slot> free_;
  std::unordered_map<std::string, slot> slots_;
  slots watched_;                 ///< has been told to offer
  slots asked_;                   ///< its answer to `watch` is under way
  slots available_;               ///< had something ready when it was last heard of
  slots taking_;                  ///< a take is under way
  slots ask_again_;               ///< to be watched anew when the take that is under way is answered
  std::vector<waiter_id> takers_; ///< for whom: a late answer of an ended queue must not end its successor's
  std::unordered_map<slot, std::optional<waiter_id>> held_offers_; ///< came while a take was under way
  std::vector<slot> opened_; ///< in order of opening, for patterns to catch up with
  slot cursor_ = 0;          ///< where the last take was: the next search begins behind it

  patterns patterns_;
  std::unordered_map<std::string, patterns::iterator> by_text_;
  waiters_by_age waiters_;
  std::set<std::pair<time_point, waiter_id>> deadlines_;
  /// Waiters that were due until then and are still here wait for a queue's answer.
  time_point answered_until_{};
};

} // namespace lmq
