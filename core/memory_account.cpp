#include "core/memory_account.hpp"

#include <new>
#include <string>
#include <utility>

namespace lmq {

memory_account::memory_account(std::size_t held_bytes_max, std::shared_ptr<push_gate> pushes, listener turned)
    : held_bytes_max_(held_bytes_max),
      pushes_(std::move(pushes)),
      turned_(std::move(turned)),
      why_not_{reason::no_space, "the messages that are here take more memory than --memory-limit, " +
                                   std::to_string(held_bytes_max) +
                                   " bytes; pull what is there and acknowledge it, or raise the limit, and "
                                   "push again"} {}

void memory_account::change(std::size_t by) noexcept {
  auto held = held_.fetch_add(by) + by;
  auto before = room_.load();
  if (room_for(held, before) != before)
    look();
}

memory_account::room memory_account::room_for(std::size_t held, room before) const noexcept {
  auto most = before == room::enough ? held_bytes_max_ : held_bytes_max_ - held_bytes_max_ / free_share;
  return held > most ? room::none : room::enough;
}

/// Turns the gate until it fits. What is held is read again after `room_` is written: whoever changes it
/// meanwhile either sees that and comes here, too, or is seen.
void memory_account::look() noexcept {
  std::lock_guard lock{mutex_};
  for (;;) {
    auto held = held_.load();
    auto before = room_.load();
    auto now = room_for(held, before);
    if (now == before || stopped_.load())
      return;
    if (now == room::enough) {
      pushes_->open(push_gate::watched::memory);
    } else {
      try {
        pushes_->close(push_gate::watched::memory, push_gate::closed_for::clients, why_not_);
      } catch (const std::bad_alloc&) {
        return;
      }
    }
    room_.store(now);
    if (turned_)
      turned_(now, held);
  }
}

} // namespace lmq
