// What became of every message: pushed, delivered, acknowledged, and when. What a client was not told stays
// unknown here, too. Owned by the scenario, shared by all clients' threads.
#pragma once

#include "tests/nemesis/books/moment.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::nemesis {

using number = std::uint32_t;
using node_index = std::size_t;

/// A time in which the cluster is not one: on different sides a message may be delivered that the other side
/// has settled.
struct separation {
  moment since;
  std::optional<moment> until;   ///< when the cluster was seen to be one again
  std::vector<unsigned> side_of; ///< by node
};

/// A time in which a node may not have what the others have: from the instant before it was killed until the
/// cluster was seen to be one with it. Its disk has what was settled before; what others settle meanwhile it
/// may deliver while it serves without them.
struct absence {
  std::size_t node;
  moment since;
  std::optional<moment> until;
};

struct delivery {
  moment asked_at;
  moment answered_at;
  node_index through = 0;
  std::string retries_left{}; ///< as told
};

struct ledger_figures {
  std::uint64_t pushed = 0;         ///< answered with 200
  std::uint64_t unknown_pushes = 0; ///< had no answer, or 503
  std::uint64_t unknown_found = 0;  ///< of those: delivered later
  std::uint64_t acked = 0;
  std::uint64_t unknown_acks = 0; ///< messages whose ack had no answer, and that nobody has acked since
  std::uint64_t lost = 0;         ///< answered, and neither acked nor perhaps acked
  std::uint64_t refused_and_gone =
    0;                          ///< the same, but its last ack was answered with 404: done, and told wrongly?
  std::uint64_t duplicates = 0; ///< delivered again though the delivery before was not given back
  std::uint64_t resurrected = 0;    ///< asked for after the ack's answer, and delivered
  std::uint64_t behind_a_cut = 0;   ///< the same, by the other side of a separation
  std::uint64_t served_alone = 0;   ///< the same, by a node that was down when the ack was answered
  std::uint64_t delivered_late = 0; ///< asked for before the ack's answer, and answered long after it
  std::uint64_t from_nowhere = 0;   ///< delivered and never pushed
};

class ledger {
public:
  /// The next message's number; its push is about to be sent to that queue.
  number begin_push(std::size_t queue = 0);

  void pushed(number which, node_index through, moment at);

  /// No answer, or one that leaves it open.
  void maybe_pushed(number which);

  void delivered(number which, const delivery& how);

  /// A nack is about to be sent: it is no duplicate when it comes again.
  void given_back(number which);

  void acked(number which, node_index through, moment at);

  void maybe_acked(number which);

  /// Its lease was answered with 404: it must come again, unless somebody else acks it.
  void refused(number which);

  /// What came of the last attempt to settle it, for complaints.
  void settle_answered(number which, std::string_view verb, int status, node_index through, moment at);

  /// A fault divides the nodes, or may do so: the side of each.
  void separated(std::vector<unsigned> side_of, moment at);

  /// A node that keeps its data is about to be killed, or was at that time. No matter if it is away already.
  void absent(node_index node, moment at);

  /// The cluster is seen to be one.
  void united(moment at);

  ledger_figures figures() const;

  /// A sentence for each of the first few that were lost or resurrected; to be asked at the end.
  std::vector<std::string> complaints() const;

private:
  enum class push_state : std::uint8_t { open, answered, unknown };
  enum class ack_state : std::uint8_t { none, refused, unknown, done };

  struct entry {
    push_state push = push_state::open;
    ack_state ack = ack_state::none;
    bool in_hand = false; // delivered and not given back
    bool was_delivered = false;
    std::size_t queue = 0;
    node_index pushed_through = 0;
    node_index acked_through = 0;
    moment acked_at{};
    delivery last_delivery{};
    std::string last_settle{};
    moment answered_at{};
  };

  static std::string describe(std::size_t which, const entry& what);
  bool behind_a_cut(const entry& what, const delivery& how) const;
  bool served_alone(const entry& what, const delivery& how) const;

  mutable std::mutex mutex_;
  std::vector<entry> entries_;
  std::vector<separation> separations_;
  std::vector<absence> absences_;
  ledger_figures counts_; // those that are counted as they happen
  std::vector<std::string> complaints_;
};

/// A body of `bytes` bytes, or as long as needed, that tells its number.
std::string body_of(number which, std::size_t bytes);

/// The numbers of all bodies that stand in these bytes: one of a normal message, several of a compound.
std::vector<number> numbers_in(std::string_view bytes);

} // namespace lmq::nemesis
