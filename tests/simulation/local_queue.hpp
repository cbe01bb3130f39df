// A queue that serves on a simulated node: the real queue machine, and what the queue's actor does around it
// without an actor. What is recorded goes to the node machine; answers wait until that says that it is safe.
//
// Owned by a simulated node.
#pragma once

#include "actors/queue/queue_machine.hpp"
#include "cluster/node_machine.hpp"

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace lmq::simulation {

/// Hears what a queue decides about leases, as it decides it.
struct lease_watcher {
  virtual ~lease_watcher() = default;
  virtual void leased(const std::string& queue, const delivery& what, duration lease) = 0;
  virtual void extended(lease_id lease, duration by) = 0;
  virtual void over(lease_id lease) = 0;
  virtual void discarded(const std::vector<message_id>& ids) = 0;

  /// Pushes a message that leaves that queue to another; whoever hears the answer calls `piece_told`.
  virtual void push_elsewhere(const std::string& queue, message_id unit, std::uint64_t serial,
                              const std::string& to, message_id as, message letter) = 0;

  /// A push is answered.
  virtual void push_safe(message_id id) = 0;

  // for a trace
  virtual void recorded(const std::string& queue, const fact& what) = 0;
  virtual void adopted(const std::string& queue, const held_unit& what) = 0;
};

class local_queue {
public:
  /// @param numbers  its batches have greater ones
  local_queue(std::string name, properties in_force, home_tag tag, lease_watcher& watcher,
              std::uint64_t numbers, message_reader read)
      : name_(std::move(name)),
        machine_(std::move(in_force), {tag, true}),
        watcher_(watcher),
        number_(numbers),
        safe_(numbers),
        read_(std::move(read)) {}

  void serve(const std::vector<held_unit>& units, node_machine& node, time_point now, node_effect_list& out);
  void hold() noexcept { serving_ = false; }

  /// Everything that waits bounces.
  void drop(node_machine& node, time_point now, node_effect_list& out);

  /// The queue was deleted: pulls are answered with nothing.
  void close(node_machine& node, time_point now, node_effect_list& out);

  void adopt(const std::vector<held_unit>& units, node_machine& node, time_point now, node_effect_list& out);
  void forget(const facts::settled& what, node_machine& node, time_point now, node_effect_list& out);
  void put_away(const std::vector<message_id>& ids) { machine_.put_away(ids); }
  void ask(asker by, const question& what, node_machine& node, time_point now, node_effect_list& out);
  /// @param serial  of the move that the piece belongs to
  void piece_told(message_id unit, std::uint64_t serial, bool taken, node_machine& node, time_point now,
                  node_effect_list& out);
  void cancel(asker by, node_machine& node, time_point now, node_effect_list& out);
  void safe(std::uint64_t number, node_machine& node, time_point now, node_effect_list& out);
  void tick(node_machine& node, time_point now, node_effect_list& out);

  std::optional<time_point> next_deadline() const {
    return serving_ ? machine_.next_deadline() : std::nullopt;
  }
  const queue_machine& machine() const noexcept { return machine_; }

private:
  struct owed {
    std::uint64_t number; ///< given when this is safe
    asker to;
    reply what;
    std::optional<message_id> pushed{};
  };

  struct moving {
    move_on what;
    std::uint64_t number = 0; ///< when this is safe it goes
    std::uint64_t serial = 0; ///< 0: it has not been asked
    std::size_t missing = 0;  ///< messages that are not answered
  };

  void push_what_leaves();
  void perform(node_machine& node, time_point now, node_effect_list& out);
  void give_what_is_safe(node_machine& node, time_point now, node_effect_list& out);

  std::string name_;
  queue_machine machine_;
  lease_watcher& watcher_;
  bool serving_ = false;
  effects decided_;
  std::optional<asker> answering_; ///< whose answer is `answer_`
  reply answer_;
  std::optional<message_id> pushed_; ///< it answers this push
  std::uint64_t number_, safe_;
  message_reader read_; ///< of what was put away
  std::deque<owed> owed_;
  std::unordered_map<message_id, std::uint64_t> unsafe_puts_;
  std::map<message_id, moving> moves_;
  std::uint64_t last_serial_ = 0;
  bool moved_on_ = false; ///< what is settled now is in another queue
  std::map<asker, waiter_id> waiter_of_;
  std::map<waiter_id, asker> waiters_;
};

} // namespace lmq::simulation
