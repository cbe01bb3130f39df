// Which links stand, and which frames belong to them: a machine.
//
// Each side of a link numbers what it sends: by *session*, a number that its hello (or the answer to one)
// told the other, and within it 1, 2, 3 … BASP may move two nodes from one connection to another, when both
// have dialled at the same time or one has given up a connection earlier than the other, and says nothing of
// what was lost on the way; these numbers show it. Whoever misses a frame asks for a reset, and the sender
// says hello again.
//
// Plain value; one owner, the door.
#pragma once

#include <cstdint>
#include <map>

namespace lmq {

class link_table {
public:
  /// What follows from a hello or a welcome, in this order.
  struct turn {
    bool lost = false;         ///< the link that stood is void
    bool connected = false;    ///< a link stands
    std::uint64_t session = 0; ///< of the frames that we send over the link
  };

  /// A session number that was not used before.
  std::uint64_t next_session() noexcept { return ++last_session_; }

  /// The peer has said hello: its frames will be of session `theirs`. The answer tells it `turn::session`.
  turn on_hello(std::uint64_t peer, std::uint64_t theirs);

  /// The peer welcomes a hello of ours that told it session `ours`.
  turn on_welcome(std::uint64_t peer, std::uint64_t ours, std::uint64_t theirs);

  /// @returns true if it is the next one of the link. If not, tell the sender that its session is void; it
  /// may know already, since what it sent before it knew is still on the way.
  bool on_frame(std::uint64_t peer, std::uint64_t session, std::uint64_t number);

  /// The peer asks for a reset of what we send under session `ours`.
  ///
  /// @returns true if the link is void by that; say hello again
  bool on_reset(std::uint64_t peer, std::uint64_t ours);

  /// The connection is lost. @returns true if there was a link
  bool on_gone(std::uint64_t peer) { return links_.erase(peer) > 0; }

  bool stands(std::uint64_t peer) const { return links_.contains(peer); }

private:
  struct link {
    std::uint64_t ours = 0;
    std::uint64_t theirs = 0;
    std::uint64_t next = 1; ///< of their frames
  };

  std::map<std::uint64_t, link> links_; ///< by the peer's incarnation
  std::uint64_t last_session_ = 0;
};

} // namespace lmq
