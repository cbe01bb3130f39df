// The course of a connection and its end. Its bytes are in connection_io.cpp.
#include "gateway/connection.hpp"

#include "core/fault_point.hpp"
#include "core/log_value.hpp"
#include "gateway/tls/tls_channel.hpp"

#include <algorithm>
#include <limits>
#include <spdlog/spdlog.h>
#include <utility>

namespace lmq {

namespace {

/// The end of an answer that is not in the outbox yet.
constexpr auto not_rendered = std::numeric_limits<std::uint64_t>::max();

/// What comes in and what goes out is counted in such steps, so that small requests and answers touch nothing
/// that threads share.
constexpr std::size_t counting_step_bytes = 16 * 1024;

std::size_t counted(std::size_t bytes) noexcept {
  return bytes - bytes % counting_step_bytes;
}

} // namespace

connection::connection(gateway_actor& gateway, connection_place place, socket&& peer)
    : gateway_(gateway), gateway_alive_(gateway.ctrl()), place_(std::move(place)), socket_(std::move(peer)) {
  gateway_.add(*this);
}

connection::~connection() {
  // Whoever derives has closed it: what it holds is gone by now.
  gateway_.remove(*this);
}

void connection::start() noexcept {
  turn([this] {
    error_code ignored;
    socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    begin_tls();
  });
}

void connection::start_refused() noexcept {
  turn([this] {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    if (identity())
      return close(); // a handshake to say no would cost more than what is refused
    on_refused();
    go_on();
  });
}

void connection::stop() noexcept {
  turn([this] {
    if (stage_ == stage::draining || (running() && idle() && !writing_))
      return close();
    if (running())
      on_stop();
  });
}

void connection::end() {
  stage_ = stage::ending;
  ended_since_ = now_;
  input_.consume(input_.size());
}

void connection::close() noexcept {
  if (stage_ == stage::closed)
    return;
  stage_ = stage::closed;
  on_close();
  count_incoming(0);
  count_outgoing(0);
  for (const auto& d : handed_over_)
    if (d.end > output_.sent())
      gateway_.give_back(*d.queue, d.lease);
  handed_over_.clear();
  deadline_.cancel();
  end_tls();
  error_code ignored;
  socket_.close(ignored);
}

// What went wrong is one connection's affair. Most of what its peer waits for has gone with it, but where an
// answer can still be given, it is.
void connection::crashed(std::string_view what) noexcept {
  gateway_.count_crash();
  try {
    spdlog::error("session.crashed protocol={} what={}", protocol(), log_value(what));
    if (running() && !std::exchange(crashed_, true)) {
      on_crash();
      go_on();
      return settle();
    }
  } catch (...) {
    // It was tried.
  }
  close();
}

// -- deliveries --------------------------------------------------------------------------------------------------------

void connection::make_fit(answer& what) {
  // Small ones pass, but not one on top of another: many may be asked for at once.
  if (counted(output_.held_bytes() + bulk_of(what)) == 0 || gateway_.outgoing().let_in())
    return;
  auto* d = std::get_if<delivered>(&what);
  if (d != nullptr)
    gateway_.give_back(*d->queue, d->what.lease);
  auto most = std::to_string(gateway_.outgoing().held_bytes_max());
  what = refusal{reason::unavailable,
                 "answers that clients have not taken yet fill their room of " + most + " bytes; " +
                   (d != nullptr ? "the message went back to its place: pull it" : "ask") +
                   " again in a moment, and read every answer to its end"};
}

void connection::hand_over(std::shared_ptr<const std::string> queue, lease_id lease) {
  try {
    handed_over_.push_back({not_rendered, queue, lease});
  } catch (...) {
    gateway_.give_back(*queue, lease); // the reply has been read, and has it no more
    throw;
  }
  took_over_ = true;
}

void connection::handed_over() {
  handed_over_.back().end = output_.end();
}

void connection::on_reply(std::uint64_t tag, caf::mailbox_element& reply) noexcept {
  took_over_ = false;
  auto well = running() && turn([&] {
                LMQ_FAULT_POINT("gateway.reply");
                on_answer(tag, reply);
              });
  if (!well && !took_over_)
    gateway_.take_back(reply);
}

// -- time --------------------------------------------------------------------------------------------------------------

/// Whatever has happened: sees to it that the peer is listened to, and that nothing lasts for ever.
void connection::settle() {
  if (stage_ != stage::closed && !has_room()) {
    on_no_room();
    go_on();
    count_incoming(incoming_bytes());
  }
  if (stage_ == stage::closed)
    return;
  count_outgoing(output_.held_bytes());
  if (!reading_ && !input_ended_ && (!running() || listens()))
    read_some();
  if (auto at = next_deadline())
    gateway_.deadlines().arm(deadline_, *at);
  else
    deadline_.cancel();
}

/// False if this connection holds more than before of what comes in, and all together hold too much.
bool connection::has_room() noexcept {
  auto before = incoming_;
  count_incoming(incoming_bytes());
  return !running() || incoming_ <= before ||
         gateway_.incoming().load(std::memory_order_relaxed) <= limits().incoming_bytes_max;
}

void connection::count_incoming(std::size_t bytes) noexcept {
  auto now = counted(bytes);
  if (now != incoming_)
    gateway_.incoming().fetch_add(now - incoming_, std::memory_order_relaxed); // modulo its range
  incoming_ = now;
}

void connection::count_outgoing(std::size_t bytes) noexcept {
  auto now = counted(bytes);
  if (now != outgoing_)
    gateway_.outgoing().change(now - outgoing_);
  outgoing_ = now;
}

/// It takes nothing of what it was answered, and there is no room for what others would take.
bool connection::stuck_in_crowd() const noexcept {
  return writing_ && outgoing_ > 0 && now_ - written_since_ >= limits().crowded_write_timeout &&
         gateway_.outgoing().crowded();
}

std::optional<time_point> connection::next_deadline() const {
  if (shaking_hands())
    return shaking_since_ + limits().tls_handshake_timeout;
  if (writing_) {
    auto at = written_since_ + limits().write_timeout;
    return outgoing_ > 0 ? std::min(at, now_ + limits().crowd_look_interval) : at;
  }
  switch (stage_) {
  case stage::running: return due();
  case stage::ending: return ended_since_ + limits().write_timeout;
  case stage::draining: return ended_since_ + limits().drain_timeout;
  case stage::closed: return std::nullopt;
  }
  return std::nullopt;
}

void connection::on_deadline(deadline&) noexcept {
  turn([this] {
    if (stuck_in_crowd()) {
      gateway_.outgoing().count_closed();
      return close();
    }
    if (auto at = next_deadline(); at && *at <= now_) {
      meet_deadline();
      go_on();
    }
  });
}

void connection::meet_deadline() {
  if (shaking_hands() || writing_)
    return close();
  if (running())
    on_late();
  else
    close();
}

} // namespace lmq
