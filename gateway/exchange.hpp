// One request's conversation with the broker: whom to ask, what to do with what comes back, when to ask
// again.
//
// Held by a session, which has one request under way at a time, and used on its thread. Knows no bytes: a
// request goes in, an answer comes out.
#pragma once

#include "actors/messages.hpp"
#include "event_loop/reply_sink.hpp"
#include "gateway/answer.hpp"
#include "gateway/request.hpp"
#include "gateway/route_cache.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace lmq {

class http_gateway;

class exchange {
public:
  enum class body_kind { none, payload, text };

  /// @param gateway  outlives it
  explicit exchange(http_gateway& gateway) noexcept : gateway_(gateway) {}
  ~exchange() { abandon(); }

  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  // -- in the order in which they are called

  /// The head of a request has come.
  void prepare(request what);

  /// What the request's body is good for.
  body_kind wanted_body() const noexcept;

  /// Whether a hook may ask for the request's headers. To be asked when the head has come, not earlier: a
  /// change of hooks that was answered before counts for a request that is sent after.
  bool wants_headers() const noexcept;
  void set_headers(header_list headers);

  void set_body(payload body) { content_.content = std::move(body); }
  void set_body(std::string body) { text_ = std::move(body); }

  /// All of the request has come.
  /// @param owner  hears of the reply; hands it to `on_reply`
  /// @returns the answer if it needs nobody
  std::optional<answer> begin(reply_handler& owner, time_point now);

  /// @returns the answer, or nothing if somebody else had to be asked
  std::optional<answer> on_reply(reply_handler& owner, std::uint64_t tag, caf::mailbox_element& reply,
                                 time_point now);

  /// A pull that may wait for a message.
  bool waiting() const noexcept;

  /// When an answer should be there at the latest; nothing while a pull may wait without limit.
  std::optional<time_point> due() const noexcept;

  // -- at any time

  /// Nobody waits for the answer any more. A delivery that is on its way goes back to its queue.
  void abandon() noexcept;

  /// A pull that waits is answered now, with or without a message.
  void hurry(time_point now);

private:
  /// What was asked last; the tag of its reply.
  enum step : std::uint64_t { none, resolving, asking };

  struct starter;

  void resolve(reply_handler& owner);
  void ask_queue(reply_handler& owner, time_point now);
  template <class Handle, class... Ts>
  void ask(step next, reply_handler& owner, const Handle& to, Ts&&... message);
  answer read(caf::mailbox_element& reply);
  std::optional<answer> on_error(reply_handler& owner, const caf::error& e, time_point now);
  bool may_ask_again(const caf::error& e) const;
  void tell_cancel() noexcept;
  void forget() noexcept;
  const pull_options* pull() const noexcept;
  wait_time time_left(time_point now) const;

  http_gateway& gateway_;
  request what_;
  message content_;  ///< of a push
  std::string text_; ///< of a document
  request_headers headers_;
  route_ptr route_;      ///< to the queue, where one is named and the way is known
  caf::message_id open_; ///< the request that has no reply yet; meaningless while step_ is none
  step step_ = none;
  unsigned resends_ = 0;
  message_id id_; ///< of a pushed message: the same if it must be sent again
  waiter_id waiter_{};
  bool hurried_ = false;
  time_point begun_;
};

} // namespace lmq
