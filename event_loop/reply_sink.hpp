// The reply address for every request that one I/O thread sends: an actor without a mailbox.
//
// Holds a slot for each request that waits for its reply: who wants it and under which tag. Lives on one
// unit's thread; only `enqueue` may be called from elsewhere, as CAF does. Replies from the own thread and
// from others reach their handlers in the unit's next flush, never from within `ask` or an actor's handler,
// so a handler may ask again or end itself.
//
// A slot's number and generation are the request's id. A reply whose slot was closed meanwhile finds another
// generation there and goes to `on_unclaimed`, so that what it carries (a delivery) can be given back.
#pragma once

#include "event_loop/io_unit.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/response_type.hpp>
#include <caf/resumable.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

namespace lmq {

/// Takes replies, e.g. a session. Kept alive by its open slots.
///
/// Its count is not atomic: it belongs to one thread, like the sink.
class reply_handler : public boost::intrusive_ref_counter<reply_handler, boost::thread_unsafe_counter> {
public:
  virtual ~reply_handler() = default;

  /// The reply to the request that was opened with `tag`; the slot is closed already. Whatever went wrong on
  /// the way is a reply, too: see `error_in`. noexcept: an exception here is a bug and ends the process.
  virtual void on_reply(std::uint64_t tag, caf::mailbox_element& reply) noexcept = 0;
};

using reply_handler_ptr = boost::intrusive_ptr<reply_handler>;

/// The only element of `reply`, if that is a T; else nullptr.
template <class T>
T* only(caf::mailbox_element& reply) {
  auto& content = reply.content();
  return content.match_elements<T>() ? &content.template get_mutable_as<T>(0) : nullptr;
}

/// The error that `reply` consists of (a refusal, or a bounced request: `caf::sec::request_receiver_down`);
/// nullptr if it is an answer.
const caf::error* error_in(const caf::mailbox_element& reply);

class reply_sink : public caf::monitorable_actor, public caf::resumable {
public:
  /// Bits of a request's id. 16 M requests open at a time; a slot must be used 64 G times before an id comes
  /// again.
  static constexpr unsigned slot_bits = 24;
  static constexpr unsigned generation_bits = 36;

  /// @param unit  whose thread the sink lives on; outlives it
  reply_sink(caf::actor_config& config, io_unit& unit);
  ~reply_sink() override;

  io_unit& unit() noexcept { return unit_; }

  // -- own thread -------------------------------------------------------------------------------------------

  /// Reserves an id for a request whose reply goes to `handler`.
  ///
  /// @param tag  handed back with the reply; means nothing to the sink
  /// Cost: O(1), no allocation once warm
  caf::message_id open(reply_handler_ptr handler, std::uint64_t tag);

  /// Nobody waits for the reply to `id` any more; it will be unclaimed.
  ///
  /// @returns false if the reply has come already, or the slot was closed
  bool close(caf::message_id id) noexcept;

  /// `open`, and sends `message…` to `to`: an actor handle (checked where typed) or a strong_actor_ptr.
  /// The actor runs in the unit's next flush.
  template <class Handle, class... Ts>
  caf::message_id ask(const Handle& to, reply_handler_ptr handler, std::uint64_t tag, Ts&&... message) {
    if constexpr (!std::is_same_v<Handle, caf::strong_actor_ptr>)
      static_assert(caf::response_type<typename Handle::signatures, std::decay_t<Ts>...>::valid,
                    "the receiver does not take this message");
    auto id = open(std::move(handler), tag);
    caf::actor_cast<caf::abstract_actor*>(to)->enqueue(
      caf::make_mailbox_element(caf::strong_actor_ptr{ctrl()}, id, {}, std::forward<Ts>(message)...), &unit_);
    return id;
  }

  /// Requests whose reply has not come.
  std::size_t open_slots() const noexcept { return slots_.size() - free_.size(); }

  /// Closes every slot, without a word to the handlers; replies are unclaimed from then on. First step of an
  /// orderly end.
  void close_all() noexcept;

  /// Ends the actor: `close_all`, hands out what has come as unclaimed, and drops every later reply; whoever
  /// monitors the sink gets its down message. Own thread, before the coordinator stops.
  void shut_down();

  // -- CAF: any thread --------------------------------------------------------------------------------------

  using caf::monitorable_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;
  const char* name() const override { return "reply_sink"; }
  void on_destroy() override;

  resume_result resume(caf::execution_unit* host, std::size_t max_throughput) override;
  void intrusive_ptr_add_ref_impl() override;
  void intrusive_ptr_release_impl() override;

protected:
  /// A reply that nobody waits for. Own thread. Dropped unless overridden.
  virtual void on_unclaimed(caf::mailbox_element& reply) noexcept;

  /// A message that is no reply. Own thread. Unless overridden, a request is answered with
  /// `caf::sec::unexpected_message` and anything else is dropped.
  virtual void on_message(caf::mailbox_element& message) noexcept;

private:
  struct slot {
    reply_handler_ptr handler; ///< nullptr: free
    std::uint64_t tag = 0;
    std::uint64_t generation = 1; ///< so that an id is never 0, which is no request
  };

  slot* find(caf::message_id id) noexcept;
  reply_handler_ptr release(slot& s) noexcept;
  void take_inbox();
  void deliver(caf::mailbox_element& what) noexcept;
  void wake();

  io_unit& unit_;

  // Own thread only.
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_; ///< last closed, first reused: its cache lines are warm
  std::deque<caf::mailbox_element_ptr> arrived_;
  bool awake_ = false; ///< a job of ours is in the unit's queue, put there by the own thread

  std::mutex inbox_mutex_; ///< guards what follows
  std::deque<caf::mailbox_element_ptr> inbox_;
  bool ended_ = false; ///< also read without the lock on the own thread, which alone writes it
};

/// A sink and its own reference to it. Drop it before the actor system goes.
template <class Sink>
class sink_handle {
public:
  sink_handle() = default;
  explicit sink_handle(caf::strong_actor_ptr address) : address_(std::move(address)) {}

  Sink* get() const noexcept { return address_ ? static_cast<Sink*>(address_->get()) : nullptr; }
  Sink* operator->() const noexcept { return get(); }
  Sink& operator*() const noexcept { return *get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(address_); }

  /// As a sender or receiver of messages.
  const caf::strong_actor_ptr& address() const noexcept { return address_; }

private:
  caf::strong_actor_ptr address_;
};

/// Makes a sink on `unit`. `Sink` is a subclass of `reply_sink` with a constructor
/// `Sink(caf::actor_config&, io_unit&, Ts...)`. Its owner calls `shut_down` before the coordinator stops.
template <class Sink, class... Ts>
sink_handle<Sink> make_sink(io_unit& unit, Ts&&... xs) {
  auto& system = unit.system();
  caf::actor_config config{&unit};
  return sink_handle<Sink>{caf::make_actor<Sink, caf::strong_actor_ptr>(
    system.next_actor_id(), system.node(), &system, config, unit, std::forward<Ts>(xs)...)};
}

} // namespace lmq
