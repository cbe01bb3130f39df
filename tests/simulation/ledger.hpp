// What the clients of a simulated cluster know, and what must therefore be true.
//
// - lost: a push was answered, nobody has acknowledged the message, and at the end it is nowhere.
// - resurrected: a client gets a message from a node that knew, when it leased it, that it is settled; or, at
// the
//   end, one whose acknowledgement was answered.
// - refused: a push was answered with "the queue is full", and its message is delivered.
// - doubled: a message is delivered while a lease of it holds, though all that delivered it so far was one
//   node with which the one that delivers works together.
//
// Owned by the world.
#pragma once

#include "cluster/view.hpp"
#include "core/ids.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lmq::simulation {

class ledger {
public:
  struct delivered_by {
    node_id home;
    view in;
    bool knows_it_settled = false;
    time_point at;
    time_point lease_end; ///< not before that
  };

  void push_answered(std::uint64_t body) { messages_[body].pushed = true; }
  void push_refused(std::uint64_t body);
  void ack_sent(std::uint64_t body) { messages_[body].ack_sent = true; }
  void ack_answered(std::uint64_t body) { messages_[body].acked = true; }

  /// The queue of these messages was deleted by somebody who knew of them.
  void deleted(std::uint64_t body) { messages_[body].ack_sent = true; }
  void deletion_answered(std::uint64_t body) { messages_[body].acked = true; }

  /// It is out of retries somewhere. Where that is the other of two sides, it may be acknowledged on the one,
  /// and is a dead letter all the same.
  void died(std::uint64_t body) { messages_[body].died = true; }

  void lease_over(std::uint64_t body, lease_id lease);
  /// Of a part that is delivered alone from now on: the delivery that brought it with others.
  void lease_over(std::uint64_t body, std::uint32_t delivery, home_tag home);
  void lease_extended(std::uint64_t body, lease_id lease, time_point until);
  void delivered(std::uint64_t body, lease_id lease, const delivered_by& how);
  void received(std::uint64_t body, lease_id lease);

  /// At the end, when all nodes are one again: what is drained.
  void drained(std::uint64_t body);
  bool was_drained(std::uint64_t body) const;
  void look_for_losses();

  const std::vector<std::string>& complaints() const noexcept { return complaints_; }
  std::uint64_t pushed() const;
  std::uint64_t duplicates() const noexcept { return duplicates_; }
  std::uint64_t deliveries() const noexcept { return deliveries_; }

private:
  struct lease_known {
    node_id home;
    view_id in;
    time_point end;
    bool over = false;
    bool knows_it_settled = false;
  };
  struct known {
    bool pushed = false, refused = false, ack_sent = false, acked = false, drained = false, died = false;
    std::map<lease_id, lease_known> leases;
  };

  std::map<std::uint64_t, known> messages_;
  std::vector<std::string> complaints_;
  std::uint64_t duplicates_ = 0, deliveries_ = 0;
};

} // namespace lmq::simulation
