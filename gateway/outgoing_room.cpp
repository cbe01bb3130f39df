#include "gateway/outgoing_room.hpp"

namespace lmq {

bool outgoing_room::let_in() noexcept {
  if (held_bytes() < held_bytes_max_)
    return true;
  refused_.fetch_add(1, std::memory_order_relaxed);
  turn(true);
  // Whoever gave back the last of it meanwhile may have seen no crowd.
  change(0);
  return false;
}

void outgoing_room::change(std::size_t by) noexcept {
  auto held = held_.fetch_add(by) + by;
  if (crowded_.load() && held <= held_bytes_max_ - held_bytes_max_ / free_share)
    turn(false);
}

void outgoing_room::turn(bool crowded) noexcept {
  if (crowded_.exchange(crowded) != crowded && turned_)
    turned_(crowded, held_bytes());
}

} // namespace lmq
