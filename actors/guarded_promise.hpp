// The answer that an actor owes to a request which it will answer later.
//
// CAF 0.17.6 says nothing to the requester when a response_promise is dropped. This one answers with an
// error, so a request is answered once, whatever becomes of the actor that holds it. Owned by the actor that
// made it.
#pragma once

#include <caf/actor_control_block.hpp>
#include <caf/delegated.hpp>
#include <caf/error.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>
#include <caf/sec.hpp>
#include <utility>

namespace lmq {

template <class Answer>
class guarded_promise {
public:
  /// Takes the answer over from the request that `self` is handling; the handler returns `later()`.
  explicit guarded_promise(caf::local_actor& self) {
    auto& request = *self.current_mailbox_element();
    if (request.mid.is_request()) {
      to_ = request.sender;
      mid_ = request.mid.response_id();
      request.mid.mark_as_answered();
    }
  }

  guarded_promise(guarded_promise&& other) noexcept
      : to_(std::exchange(other.to_, nullptr)), mid_(other.mid_) {}
  guarded_promise& operator=(guarded_promise&& other) noexcept {
    std::swap(to_, other.to_);
    std::swap(mid_, other.mid_);
    return *this;
  }

  ~guarded_promise() { refuse(caf::sec::runtime_error); }

  /// What a handler returns that has made a promise.
  static caf::delegated<Answer> later() { return {}; }

  /// Only the first of these calls has an effect.
  void deliver(Answer answer) { send(std::move(answer)); }
  void refuse(caf::error why) { send(std::move(why)); }

private:
  template <class T>
  void send(T&& content) {
    // No execution unit is named: the scheduler knows on which of its threads it is called.
    if (auto to = std::exchange(to_, nullptr))
      to->enqueue(caf::make_mailbox_element(nullptr, mid_, {}, std::forward<T>(content)), nullptr);
  }

  caf::strong_actor_ptr to_;
  caf::message_id mid_;
};

} // namespace lmq
