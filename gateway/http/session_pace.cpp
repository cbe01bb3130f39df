// The pace of an HTTP connection and its end: how much is read at a time, what is late, who goes when.
#include "gateway/http/session.hpp"

#include <algorithm>
#include <chrono>
#include <spdlog/spdlog.h>
#include <utility>

namespace lmq {

// -- reading -----------------------------------------------------------------------------------------------------------

/// 0 if the input is as full as it may be.
std::size_t http_session::room_to_read() {
  auto bytes_max = std::max(limits().pipelined_bytes_max, limits().header_bytes_max + small_read_bytes);
  if (input().size() >= bytes_max)
    return 0;
  auto wanted = small_read_bytes;
  if (phase_ == phase::body)
    wanted = static_cast<std::size_t>(std::clamp<std::uint64_t>(
      reader_->body_bytes_left().value_or(large_read_bytes), small_read_bytes, large_read_bytes));
  else if (input().empty() && input().capacity() > small_read_bytes)
    input().release();
  return std::min(std::max(wanted, input().capacity() - input().size()), bytes_max - input().size());
}

void http_session::on_input_end(bool orderly) {
  switch (phase_) {
  case phase::idle:
    if (!orderly || output().empty())
      close();
    return;
  case phase::answering:
    // A client may close its side as soon as it has asked; but one that is gone must get no message.
    if (!orderly || exchange_.waiting())
      close();
    return;
  case phase::head:
  case phase::body: return close();
  }
}

void http_session::on_no_room() {
  respond_and_end(
    {http_reason::unavailable, "bodies that are on their way take more than " +
                                 std::to_string(limits().incoming_bytes_max) +
                                 " bytes together; nothing of this one was kept: send it again in a moment"});
}

// -- time --------------------------------------------------------------------------------------------------------------

std::optional<time_point> http_session::due() const {
  switch (phase_) {
  case phase::idle: return since_ + limits().idle_timeout;
  case phase::head: return since_ + limits().header_timeout;
  case phase::body: return since_ + limits().body_timeout;
  case phase::answering:
    // With a full buffer nothing is read, and a peer that has gone is not noticed. Who sends so much behind a
    // pull that waits has to take its answer within the idle limit.
    if (grace_until_)
      return grace_until_;
    if (exchange_.waiting() && !reading())
      return std::min(since_ + limits().idle_timeout, exchange_.due().value_or(time_point::max()));
    return exchange_.due();
  }
  return std::nullopt;
}

void http_session::on_late() {
  switch (phase_) {
  case phase::idle: return close();
  case phase::head:
    return respond_and_end(
      {http_reason::request_timeout, "the request's head took too long; send it in one go"});
  case phase::body:
    if (reader_->body_bytes() - body_then_ < limits().progress_bytes_min)
      return respond_and_end(
        {http_reason::request_timeout, "the request's body came too slowly; send it again"});
    since_ = now();
    body_then_ = reader_->body_bytes();
    return;
  case phase::answering:
    if (exchange_.waiting() && !reading() && (!exchange_.due() || now() < *exchange_.due()))
      return close();
    // The whole process may have been asleep: what is late by the clock has had no time to answer.
    if (!grace_until_) {
      grace_until_ = now() + limits().answer_grace;
      return;
    }
    spdlog::warn("http.unanswered timeout_s={}",
                 std::chrono::duration<double>(exchange_.answer_time_max()).count());
    exchange_.abandon();
    return respond(local_answer{http_refusal{http_reason::unavailable, "no answer came in time; try again"}});
  }
}

// -- the end -----------------------------------------------------------------------------------------------------------

void http_session::on_refused() {
  respond_and_end({http_reason::too_many_connections, "there are too many connections; try again later"});
}

void http_session::on_plain_peer() {
  respond_and_end({http_reason::bad_request, "this port speaks TLS; send the request to https:// instead"});
}

void http_session::on_stop() {
  if (phase_ == phase::answering)
    exchange_.hurry(now());
}

void http_session::on_close() noexcept {
  exchange_.abandon();
}

/// Whoever was to be answered hears that it went wrong, unless its answer has begun.
void http_session::on_crash() {
  if (phase_ != phase::answering)
    return close();
  respond_and_end({http_reason::unavailable, "the server broke over this request; try again"});
}

} // namespace lmq
