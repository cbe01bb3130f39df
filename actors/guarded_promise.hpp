// The answer that an actor owes to a request which it will answer later.
//
// CAF 0.17.6 says nothing to the requester when a response_promise is dropped. This one answers with an
// error, so a request is answered once, whatever becomes of the actor that holds it. Owned by the actor that
// made it, or by what outlives that actor (queue_cell.hpp); used by one thread at a time.
#pragma once

#include "core/fault_point.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/delegated.hpp>
#include <caf/error.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/sec.hpp>
#include <utility>

namespace lmq {

/// A request that has no answer yet. Dropping it answers nothing: see guarded_promise.
class open_request {
public:
  open_request() noexcept = default;

  /// Takes the answer over from the request that `self` is handling; the handler returns `caf::delegated`.
  explicit open_request(caf::local_actor& self) {
    auto& request = *self.current_mailbox_element();
    if (request.mid.is_request()) {
      to_ = request.sender;
      mid_ = request.mid.response_id();
      request.mid.mark_as_answered();
    }
  }

  open_request(open_request&& other) noexcept : to_(std::exchange(other.to_, nullptr)), mid_(other.mid_) {}
  open_request& operator=(open_request&& other) noexcept {
    std::swap(to_, other.to_);
    std::swap(mid_, other.mid_);
    return *this;
  }

  /// Only the first call has an effect; one that throws (memory has run out) has none.
  template <class T>
  void answer(T&& content) {
    if (!to_)
      return;
    LMQ_FAULT_POINT("reply.answer");
    auto element = caf::make_mailbox_element(nullptr, mid_, {}, std::forward<T>(content));
    // No execution unit is named: the scheduler knows on which of its threads it is called.
    std::exchange(to_, nullptr)->enqueue(std::move(element), nullptr);
  }

private:
  caf::strong_actor_ptr to_;
  caf::message_id mid_;
};

template <class Answer>
class guarded_promise {
public:
  /// @param if_dropped  what the request is answered with when nobody answers it. `runtime_error`: nobody
  ///                    knows what came of it; `request_receiver_down`: nothing, so it may be sent again
  explicit guarded_promise(caf::local_actor& self, caf::sec if_dropped = caf::sec::runtime_error)
      : request_(self), if_dropped_(if_dropped) {}

  guarded_promise(guarded_promise&&) noexcept = default;
  guarded_promise& operator=(guarded_promise&&) noexcept = default;

  ~guarded_promise() {
    try {
      refuse(if_dropped_);
    } catch (...) {
      // No memory for the word "no": the gateway's deadline says it.
    }
  }

  /// What a handler returns that has made a promise.
  static caf::delegated<Answer> later() { return {}; }

  /// Only the first of these calls has an effect.
  void deliver(Answer answer) { request_.answer(std::move(answer)); }
  void refuse(caf::error why) { request_.answer(std::move(why)); }

private:
  open_request request_;
  caf::sec if_dropped_;
};

} // namespace lmq
