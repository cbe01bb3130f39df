// One request's conversation with the broker: whom to ask, what to do with what comes back, when to ask
// again.
//
// Held by whoever waits for the answer (an HTTP session, a call of an RPC session), which has one request
// under way at a time, and used on its thread. Knows neither bytes nor protocols: a request goes in, an
// answer comes out.
#pragma once

#include "actors/messages.hpp"
#include "event_loop/reply_sink.hpp"
#include "gateway/answer.hpp"
#include "gateway/request.hpp"
#include "gateway/route_cache.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace lmq {

class gateway_actor;

/// Who hears of replies, and hands them to `exchange::on_reply`.
struct reply_to {
  reply_handler& handler;
  std::uint64_t mark = 0; ///< which of the handler's exchanges this is; see `exchange::mark_of`
};

/// Which way a request takes to its queue.
enum class route_use {
  known, ///< the one that the gateway has learnt, if it has
  anew,  ///< asked for again, behind what was asked before
};

class exchange {
public:
  /// @param gateway  outlives it
  explicit exchange(gateway_actor& gateway) noexcept : gateway_(gateway) {}
  ~exchange() { abandon(); }

  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// The mark of the exchange that a reply is for, from the reply's tag.
  static constexpr std::uint64_t mark_of(std::uint64_t tag) noexcept { return tag >> step_bits; }

  // -- in the order in which they are called

  /// It is known what is asked, but for what comes with a body.
  void prepare(request what, route_use way = route_use::known);

  /// What is asked. Rules and properties may be filled in until `begin`.
  request& asked() noexcept { return what_; }

  /// Whether a hook may ask for the request's headers. To be asked when the head has come, not earlier: a
  /// change of hooks that was answered before counts for a request that is sent after.
  bool wants_headers() const noexcept;
  void set_headers(header_list headers);

  /// What a push brings.
  void set_content(payload content) { content_.content = std::move(content); }

  /// Headers that are kept with the message, beside those that hooks preserve.
  void set_preserved(header_list headers) {
    content_.preserved = std::make_shared<const header_list>(std::move(headers));
  }

  /// Why it is not begun: too many pulls wait already, or this node takes no pushes. Nothing: it may be.
  std::optional<refusal> refused() const;

  /// All of the request has come. The broker is asked; the answer is never there at once.
  void begin(reply_to owner, time_point now);

  /// @returns the answer, or nothing if somebody else had to be asked
  std::optional<answer> on_reply(reply_to owner, std::uint64_t tag, caf::mailbox_element& reply,
                                 time_point now);

  /// A pull that may wait for a message, or a leave: nobody waits for long without being there.
  bool waiting() const noexcept;

  /// The way to the queue is being asked for.
  bool resolving() const noexcept { return step_ == step::resolving || step_ == step::meeting; }

  /// How long the broker may take for what is asked, beside a pull's own waiting.
  std::chrono::milliseconds answer_time_max() const noexcept;

  /// When an answer should be there at the latest; nothing while a pull may wait without limit.
  std::optional<time_point> due() const noexcept;

  // -- at any time

  /// Nobody waits for the answer any more. A delivery that is on its way goes back to its queue.
  void abandon() noexcept;

  /// A pull that waits is answered now, with or without a message; a leave with a refusal, unless it is done.
  void hurry(time_point now);

private:
  /// What was asked last. With the mark the tag of its reply.
  enum class step : std::uint64_t { none, meeting, resolving, asking };
  static constexpr unsigned step_bits = 2;

  struct starter;

  void ask_first(reply_to owner, time_point now);
  void resolve(reply_to owner);
  void ask_queue(reply_to owner, time_point now);
  template <class Handle, class... Ts>
  void ask(step next, reply_to owner, const Handle& to, Ts&&... message);
  answer read(caf::mailbox_element& reply);
  std::optional<answer> on_error(step at, reply_to owner, const caf::error& e);
  void tell_cancel() noexcept;
  void forget() noexcept;
  const wait_time* pull() const noexcept;
  wait_time time_left(time_point now) const;

  gateway_actor& gateway_;
  request what_;
  message content_; ///< of a push
  request_headers headers_;
  route_ptr route_;      ///< to the queue, where one is named and the way is known
  caf::message_id open_; ///< the request that has no reply yet; meaningless while step_ is none
  step step_ = step::none;
  unsigned resends_ = 0;
  message_id id_; ///< of a pushed message: the same if it must be sent again
  waiter_id waiter_{};
  bool hurried_ = false;
  bool counted_ = false; ///< among those that wait
  time_point begun_;
};

} // namespace lmq
