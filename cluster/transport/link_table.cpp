#include "cluster/transport/link_table.hpp"

namespace lmq {

link_table::turn link_table::on_hello(std::uint64_t peer, std::uint64_t theirs) {
  auto it = links_.find(peer);
  if (it != links_.end() && theirs <= it->second.theirs)
    return {.session = it->second.ours}; // heard before, or overtaken by an answer
  bool lost = it != links_.end();
  auto& l = links_[peer];
  l = {.ours = next_session(), .theirs = theirs};
  return {.lost = lost, .connected = true, .session = l.ours};
}

link_table::turn link_table::on_welcome(std::uint64_t peer, std::uint64_t ours, std::uint64_t theirs) {
  auto it = links_.find(peer);
  if (it != links_.end() && ours < it->second.ours) {
    // Our hellos crossed. The peer has heard of our later session, too; this tells us of its own.
    if (theirs > it->second.theirs) {
      it->second.theirs = theirs;
      it->second.next = 1;
    }
    return {.session = it->second.ours};
  }
  bool lost = it != links_.end();
  links_[peer] = {.ours = ours, .theirs = theirs};
  return {.lost = lost, .connected = true, .session = ours};
}

bool link_table::on_frame(std::uint64_t peer, std::uint64_t session, std::uint64_t number) {
  auto it = links_.find(peer);
  if (it == links_.end() || session != it->second.theirs || number != it->second.next)
    return false;
  ++it->second.next;
  return true;
}

bool link_table::on_reset(std::uint64_t peer, std::uint64_t ours) {
  auto it = links_.find(peer);
  if (it == links_.end() || it->second.ours != ours)
    return false;
  links_.erase(it);
  return true;
}

} // namespace lmq
