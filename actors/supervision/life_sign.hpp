// Tells a supervisor that an actor has ended, before anybody else can notice.
//
// CAF sends `down` after it has bounced the requests that waited in the ended actor's mailbox. Whoever sends
// one of them again would find the supervisor knowing nothing yet. The actor's `on_exit` comes before both,
// so what it sets here is seen by whoever acts on a bounced request.
#pragma once

#include <atomic>
#include <string>
#include <utility>

namespace lmq {

class life_sign {
public:
  /// By the supervisor, before it starts an actor.
  void begin() noexcept {
    reason_ = "it was ended from outside";
    ended_.store(false, std::memory_order_relaxed);
  }

  /// By the actor, before `end`: what it breaks over.
  void break_over(std::string what) noexcept { reason_ = std::move(what); }

  /// By the actor, with its last act: what it worked on is its supervisor's again.
  void end() noexcept { ended_.store(true, std::memory_order_release); }

  bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

  /// Why; once it has ended.
  const std::string& reason() const noexcept { return reason_; }

private:
  std::string reason_; ///< the actor's until `ended_`, then the supervisor's
  std::atomic<bool> ended_{false};
};

} // namespace lmq
