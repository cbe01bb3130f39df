// The pace of an RPC connection and its end: how much is read at a time, what is late, who goes when.
#include "gateway/rpc/call.hpp"
#include "gateway/rpc/session.hpp"

#include <algorithm>
#include <chrono>
#include <spdlog/spdlog.h>

namespace lmq {

// -- reading -----------------------------------------------------------------------------------------------------------

/// 0 if the input is as full as it may be.
std::size_t rpc_session::room_to_read() {
  if (in_frame_) {
    // The splitter has seen to it that the frame is not too large.
    auto missing = splitter_.bytes_min() - std::min<std::uint64_t>(splitter_.bytes_min(), input().size());
    auto wanted = std::clamp<std::uint64_t>(missing, small_read_bytes, large_read_bytes);
    return std::max(static_cast<std::size_t>(wanted), input().capacity() - input().size());
  }
  auto bytes_max = limits().pipelined_bytes_max;
  if (input().size() >= bytes_max)
    return 0;
  if (input().empty() && input().capacity() > small_read_bytes)
    input().release();
  auto wanted = std::max(small_read_bytes, input().capacity() - input().size());
  return std::min(wanted, bytes_max - input().size());
}

void rpc_session::on_no_room() {
  break_off(rpc_errors::unavailable, find_id(input().data()));
}

/// A peer that is gone waits for nothing; but it may end its side as soon as it has called, and still hear
/// what needs no waiting.
void rpc_session::on_input_end(bool orderly) {
  if (!orderly)
    return close();
  in_frame_ = false; // what it cut off is no call
  drop_waiting();
  go_on();
  if (running() && open_ == 0 && output().empty())
    close();
}

// -- time --------------------------------------------------------------------------------------------------------------

std::optional<time_point> rpc_session::due() const {
  if (in_frame_)
    return since_ + limits().body_timeout;
  // With as many pulls waiting as there may be, and a full buffer, nothing is read, and a peer that has gone
  // is not noticed.
  if (open_ == 0 || (open_ == waiting_ && !reading()))
    return since_ + limits().idle_timeout;
  return std::nullopt; // each call has its own
}

void rpc_session::on_late() {
  if (!in_frame_)
    return close();
  if (input().size() - frame_then_ < limits().progress_bytes_min)
    return break_off(rpc_errors::too_slow, find_id(input().data()));
  since_ = now();
  frame_then_ = input().size();
}

void rpc_session::arm(call& c) {
  if (auto at = c.conversation.due())
    gateway().deadlines().arm(c.due, *at);
  else
    c.due.cancel();
}

void rpc_session::on_call_late(call& c) {
  if (!running() || !c.open)
    return;
  // The whole process may have been asleep: what is late by the clock has had no time to answer.
  if (!c.late) {
    c.late = true;
    gateway().deadlines().arm(c.due, now() + limits().answer_grace);
    return;
  }
  spdlog::warn("rpc.unanswered timeout_s={}", std::chrono::duration<double>(limits().answer_timeout).count());
  answer_call(c, refusal{reason::unavailable, {}});
  go_on();
}

// -- the end -----------------------------------------------------------------------------------------------------------

/// Waiting pulls are answered with nothing; the last answer ends the connection.
void rpc_session::on_stop() {
  for (const auto& c : calls_) {
    if (!c->open || !c->waits)
      continue;
    c->conversation.hurry(now());
    c->waits = false;
    --waiting_;
    arm(*c);
  }
  in_frame_ = false;
  end_if_answered();
  go_on();
}

void rpc_session::on_close() noexcept {
  drop_all();
}

} // namespace lmq
