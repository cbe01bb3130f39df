// One end of a link between two nodes: messages arrive in order, each once, or the link begins anew.
//
// What is below may lose, repeat and reorder frames, and break and come back. Messages are cut into pieces,
// pieces are numbered, put into frames, acknowledged cumulatively and sent again when that stays out. At most
// `window_bytes_max` are under way; the rest waits here, and whoever sends looks at `backlog_bytes`.
//
// A session is a pair of epochs, one of each end. An end that gives the other up restarts with a higher
// epoch; the other sees that and begins anew as well. What belongs to another session is void, so nothing of
// an old one is ever taken for a new one's. Plain: no clock, no socket. Owned by the node machine, one for
// each incarnation of a peer.
#pragma once

#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmq {

/// An encoded message, shared by the links that carry it.
using link_payload = std::shared_ptr<const std::string>;

struct link_limits {
  std::size_t frame_bytes_max = 256 * 1024;               ///< of the pieces in one frame
  std::size_t window_bytes_max = 4 * 1024 * 1024;         ///< sent and not acknowledged
  std::size_t message_bytes_max = 1024UL * 1024 * 1024;   ///< of one that comes in
  duration resend_after = std::chrono::milliseconds{500}; ///< without progress
  bool acknowledge_when_told = false; ///< by `confirm`; otherwise whatever has come is acknowledged
};

class link {
public:
  /// What a frame was.
  struct arrival {
    bool understood = false;           ///< otherwise it is no frame of ours; nothing was done
    bool begun = false;                ///< it begins a session: what was said before is void
    std::optional<std::string> beat;   ///< the heartbeat that came with it
    std::vector<std::string> messages; ///< that are complete now, in order
  };

  /// @param epoch  1, 2, 3 …; higher than that of any other link that this node had with this peer
  explicit link(std::uint32_t epoch, link_limits limits = {}) : epoch_(epoch), limits_(limits) {}

  /// Gives the session up: nothing that was sent counts, nothing that is under way will arrive.
  void restart(std::uint32_t epoch);

  /// Whether there is a session: messages may be sent.
  bool up() const noexcept { return theirs_ != 0; }

  /// Takes a message; `poll` sends it.
  /// @returns its number: it has arrived when `acknowledged() >=` that
  std::uint64_t send(link_payload message);

  std::uint64_t acknowledged() const noexcept { return acknowledged_; }

  /// Sent or waiting, and not acknowledged.
  std::size_t backlog_bytes() const noexcept { return backlog_bytes_; }
  std::size_t backlog_messages() const noexcept { return backlog_messages_; }

  /// Since when nothing has been acknowledged though something should be; nothing: all is well.
  std::optional<time_point> stalled_since() const noexcept;

  /// What is to be sent now: a heartbeat if one is given, messages as far as the window allows, the
  /// acknowledgement of what came.
  void poll(time_point now, const std::string* beat, std::vector<std::string>& out);

  arrival receive(std::string_view frame, time_point now);

  /// What has come so far, for `confirm`.
  struct receipt {
    std::uint32_t epoch = 0, theirs = 0; ///< the session
    std::uint64_t received = 0;
  };
  receipt received_so_far() const noexcept { return {epoch_, theirs_, received_}; }

  /// Something has come that is not to be acknowledged yet.
  bool has_unconfirmed() const noexcept { return limits_.acknowledge_when_told && received_ > confirmed_; }

  /// All of that may be acknowledged. No effect in another session.
  void confirm(const receipt& what) noexcept;

private:
  struct piece {
    link_payload of;
    std::size_t offset = 0, size = 0;
    bool last = false;
  };

  void begin(std::uint32_t theirs);
  struct early_piece {
    std::string bytes;
    bool last = false;
  };

  bool accept(std::string_view bytes, bool last, arrival& into);
  bool accept_early(arrival& into);

  std::uint32_t epoch_;
  std::uint32_t theirs_ = 0; ///< 0: no session
  link_limits limits_;

  // out
  std::deque<piece> pieces_;        ///< not acknowledged; the first is number acknowledged_ + 1
  std::uint64_t acknowledged_ = 0;  ///< pieces
  std::uint64_t sent_ = 0;          ///< pieces, in this round of sending
  std::uint64_t sent_ever_ = 0;     ///< pieces, in any round
  std::size_t under_way_bytes_ = 0; ///< of those sent and not acknowledged
  std::size_t backlog_bytes_ = 0;
  std::size_t backlog_messages_ = 0;
  time_point progress_{};  ///< of acknowledgements, or when sending began
  time_point went_back_{}; ///< to send again what was not acknowledged

  // in
  std::uint64_t received_ = 0;                 ///< pieces
  std::uint64_t confirmed_ = 0;                ///< pieces, where they are acknowledged when that is told
  std::string partial_;                        ///< of a message whose last piece is not here
  std::map<std::uint64_t, early_piece> early_; ///< before which something is missing
  std::size_t early_bytes_ = 0;
  bool owe_word_ = false; ///< an acknowledgement
};

} // namespace lmq
