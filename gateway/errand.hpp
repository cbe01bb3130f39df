// What a gateway has to tell a queue though nobody waits for an answer: a delivery that goes back, a waiter
// that is gone. It is carried until the queue has heard it, or is no more.
//
// Goes along the known way; when that has ended, by the registry's word; when the registry has ended, by the
// supervisor's. Lives as long as it has an open request; on its gateway's thread.
#pragma once

#include "actors/messages.hpp"
#include "event_loop/reply_sink.hpp"

#include <string>
#include <variant>

namespace lmq {

class gateway_actor;

class errand final : public reply_handler {
public:
  /// A lease goes back to the queue; a waiter is forgotten there. Both may be said twice.
  using matter = std::variant<lease_id, waiter_id>;

  /// Tries after a queue that broke over it: it may be the errand that breaks it.
  static constexpr unsigned failures_max = 3;

  errand(gateway_actor& gateway, std::string queue, matter what)
      : gateway_(gateway), queue_(std::move(queue)), what_(what) {}

  void start();
  void on_reply(std::uint64_t tag, caf::mailbox_element& reply) noexcept override;

private:
  enum class step { telling, finding, meeting };

  void tell(const queue_handle& queue);
  void find();
  void on_error(const caf::error& e);
  template <class Handle, class... Ts>
  void ask(step next, const Handle& to, Ts&&... message);

  gateway_actor& gateway_; ///< whose slot holds us
  std::string queue_;
  matter what_;
  step step_ = step::telling;
  unsigned bounces_ = 0, failures_ = 0;
};

} // namespace lmq
