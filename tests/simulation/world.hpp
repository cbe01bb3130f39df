// A cluster in virtual time: the real machines, a network that loses, doubles and reorders, and clients that
// push, pull, settle and wait while nodes crash, pause, join, leave, and are cut off from each other.
//
// Everything follows from the seed. Owned by a test or by the program `simulate`.
#pragma once

#include "tests/simulation/ledger.hpp"
#include "tests/simulation/local_queue.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace lmq::simulation {

/// What a seed is made of, and how wild it is.
struct plan {
  std::uint64_t seed = 1;
  std::size_t nodes = 3;
  duration time = std::chrono::seconds{20}; ///< with faults; then all heals and is looked at
  duration between_requests = std::chrono::milliseconds{15};
  duration between_faults = std::chrono::milliseconds{1200};
  bool crashes = true, pauses = true, cuts = true, losses = true, leaves = true;
  bool disks = false;         ///< each node has one; then any of them may crash at any time
  bool writes = false;        ///< queues are deleted, properties and rules change
  bool full = false;          ///< queues hold no more than a few messages, and refuse pushes beyond
  bool dead_letters = false;  ///< what is out of retries goes to another queue
  bool narrow = false;        ///< few pushes are let in at a time, and few may wait
  std::size_t min_copies = 1; ///< of each node
};

/// What a run has found, and what happened in it.
struct outcome {
  std::vector<std::string> complaints;
  std::uint64_t pushed = 0, deliveries = 0, duplicates = 0, views = 0, crashes = 0, cuts = 0, pauses = 0;
  std::uint64_t moved = 0, not_moved = 0; ///< pushes of dead letters
};

class world {
public:
  explicit world(plan what);
  ~world();

  outcome run();

  /// Hears what the nodes note, and each fault.
  void trace(std::function<void(const std::string&)> to) { trace_ = std::move(to); }

  /// The trace also tells whenever a node knows something new of this message.
  void watch(std::uint64_t body) { watched_ = body; }

private:
  struct node;
  struct client_request;
  struct event {
    time_point at;
    std::uint64_t order;
    std::function<void()> what;

    friend bool operator<(const event& a, const event& b) {
      return std::pair{b.at, b.order} < std::pair{a.at, a.order};
    }
  };

  std::uint64_t roll(std::uint64_t sides) { return dice_() % sides; }
  bool chance(unsigned percent) { return roll(100) < percent; }
  duration some(duration most) {
    return duration{static_cast<duration::rep>(roll(static_cast<std::uint64_t>(most.count())))};
  }
  void at(time_point when, std::function<void()> what);
  void run_until(time_point when);

  void start(std::size_t index);
  void kill(node& n);
  void settle_effects(node& n);
  void carry_out(node& n, node_effect& e);
  void sync_disk(node& n);
  void wake(node& n);
  void send(node& from, const node_id& to, std::string frame);
  void arrive(std::size_t to, node_id from, std::string frame);
  bool cut(std::size_t a, std::size_t b) const;
  void look_around(node& n);
  void look_at_watched(node& n);

  // clients
  void act();
  void push(node& n);
  void look_whether_enough_have(message_id pushed);
  void pull(node& n);
  void write(node& n);
  void remove(node& n, const std::string& queue);
  void consume(const std::string& queue, const delivery& what);
  void answered(node& n, std::uint64_t number, reply& what);
  std::uint64_t ask(node& n, const std::string& queue, question what, std::function<void(reply&)> then);
  node* any_node();
  std::string any_queue();
  static std::vector<std::uint64_t> bodies(const delivery& d);

  // faults
  void tell(const std::string& what);
  void fault();
  void crash(node& n);
  void pause(node& n);
  void cut_some();
  void leave(node& n);
  void look_whether_left(node& n, std::uint64_t life, int times);
  void awake(node& n);
  bool may_crash(const node& n) const;
  void heal();
  void compare_copies();
  void compare_disk(const node& n);
  void drain();
  void drain_once();

  plan plan_;
  std::mt19937_64 dice_;
  time_point now_{std::chrono::hours{1}};
  std::uint64_t events_ = 0;
  std::priority_queue<event> agenda_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::set<std::pair<std::size_t, std::size_t>> cuts_; ///< from, to
  unsigned loss_percent_ = 0;
  bool disks_are_slow_ = true; ///< at times
  ledger ledger_;
  outcome outcome_;
  std::uint64_t next_body_ = 1;
  std::uint64_t next_number_ = 1;
  std::map<lease_id, std::vector<std::uint64_t>> leases_;              ///< and what they lease
  std::map<std::uint64_t, std::pair<std::string, message_id>> pushed_; ///< by body
  std::map<message_id, std::uint64_t> alone_; ///< by the unit that a message would be if no list had it
  std::set<message_id> too_few_have_;         ///< they became safe in a view of fewer than `min_copies`
  std::function<void(const std::string&)> trace_;
  std::uint64_t watched_ = 0;
  std::uint64_t next_incarnation_ = 1;
};

} // namespace lmq::simulation
