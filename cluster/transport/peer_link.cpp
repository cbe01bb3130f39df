// The sending half of a link: numbers the frames.
#include "cluster/transport/door_actor.hpp"
#include "cluster/transport/transport.hpp"

#include <caf/send.hpp>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace lmq {

struct peer_link::state {
  caf::actor from;
  caf::actor to;
  std::uint64_t incarnation;
  std::uint64_t session;
  std::uint64_t sent = 0;
};

peer_link::peer_link(caf::actor from, caf::actor to, std::uint64_t incarnation, std::uint64_t session)
    : state_(std::make_shared<state>(state{std::move(from), std::move(to), incarnation, session})) {}

void peer_link::send(std::string frame) const {
  if (frame.size() > transport_limits::frame_bytes_max) {
    std::fprintf(stderr, "lmq: bug: a frame of %zu bytes for a link\n", frame.size());
    std::abort();
  }
  caf::send_as(state_->from, state_->to, frame_atom::value, state_->incarnation, state_->session,
               ++state_->sent, std::move(frame));
}

} // namespace lmq
