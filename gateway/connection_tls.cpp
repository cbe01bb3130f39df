// TLS below a connection: the handshake, and the bytes of both directions through a tls_channel.
//
// A read waits for the socket and takes its room when there is something to read, so that an idle connection
// holds neither a buffer of ours nor one of OpenSSL's.
#include "core/log_value.hpp"
#include "gateway/connection.hpp"

#include "gateway/tls/tls_channel.hpp"
#include "gateway/tls/tls_identity.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <spdlog/spdlog.h>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

namespace lmq {

namespace asio = boost::asio;

namespace {

/// What is read at a time to be dropped.
constexpr std::size_t drain_read_bytes = 16 * 1024;

/// Reads in a row before other connections get their turn.
constexpr int reads_per_turn = 16;

/// Pieces of the outbox that go into one record.
constexpr std::size_t pieces_per_record = 32;

/// Room for a record's plain text, which a thread's connections share: it is used within a call.
std::array<char, tls_channel::record_bytes_max>& record_room() {
  thread_local std::array<char, tls_channel::record_bytes_max> here;
  return here;
}

} // namespace

// -- the handshake -----------------------------------------------------------------------------------------------------

void connection::begin_tls() {
  auto mine = identity();
  if (!mine)
    return;
  tls_ = std::make_unique<tls_channel>(std::move(mine), socket_.native_handle());
  shaking_since_ = now_;
}

bool connection::shaking_hands() const noexcept {
  return tls_ && !tls_->open();
}

void connection::shake_hands() {
  switch (tls_->shake_hands()) {
  case tls_progress::done: return go_on();
  case tls_progress::wants_read: return;
  case tls_progress::wants_write: return wait_until_writable();
  case tls_progress::plain:
    tls_.reset();
    on_plain_peer();
    return go_on();
  case tls_progress::failed:
    if (spdlog::should_log(spdlog::level::debug))
      spdlog::debug("{}.tls_refused why={}", protocol(), log_value(take_tls_reason()));
    return close();
  case tls_progress::ended: return close();
  }
}

void connection::end_tls() noexcept {
  if (tls_)
    tls_->end();
  tls_.reset();
}

// -- reading -----------------------------------------------------------------------------------------------------------

void connection::read_some_tls() {
  auto ready = [self = boost::intrusive_ptr{this}](const error_code& ec) {
    self->turn([&] { self->on_tls_ready(ec); });
  };
  if (tls_->open() && tls_->has_more())
    asio::post(socket_.get_executor(), [ready] { ready({}); });
  else
    socket_.async_wait(socket::wait_read, ready);
}

void connection::on_tls_ready(const error_code& ec) {
  reading_ = false;
  if (stage_ == stage::closed || !tls_)
    return; // what is left of the peer's words is read as it is
  if (ec)
    return take_input(ec, 0);
  if (shaking_hands())
    return writing_ ? void() : shake_hands();
  for (int i = 0; i < reads_per_turn && tls_ && (i == 0 || (running() && mid_request())); ++i) {
    auto room = running() ? room_to_read() : drain_read_bytes;
    if (room == 0)
      return;
    auto got = tls_->read(input_.prepare(room), room);
    switch (got.how) {
    case tls_progress::done: take_input({}, got.bytes); break;
    case tls_progress::ended: return take_input(asio::error::eof, 0);
    case tls_progress::wants_read: return input_.commit(0);
    case tls_progress::wants_write: // of a read only what nobody has begun would: a new handshake
    case tls_progress::plain:
    case tls_progress::failed: return take_input(asio::error::connection_reset, 0);
    }
  }
}

// -- writing -----------------------------------------------------------------------------------------------------------

/// A record's worth of what there is to write. Tried again it is the same and perhaps more: what stands in an
/// outbox stays there until it is sent.
std::size_t connection::write_tls(error_code& ec) {
  std::array<std::string_view, pieces_per_record> pieces;
  auto n = output_.pieces(pieces);
  auto bytes = pieces[0].substr(0, tls_channel::record_bytes_max);
  if (n > 1 && bytes.size() < tls_channel::record_bytes_max) {
    auto& room = record_room();
    std::size_t filled = 0;
    for (std::size_t i = 0; i < n && filled < room.size(); ++i) {
      auto piece = pieces[i].substr(0, room.size() - filled);
      std::memcpy(room.data() + filled, piece.data(), piece.size());
      filled += piece.size();
    }
    bytes = {room.data(), filled};
  }
  auto sent = tls_->write(bytes.data(), bytes.size());
  switch (sent.how) {
  case tls_progress::done: break;
  case tls_progress::wants_write: ec = asio::error::would_block; break;
  case tls_progress::wants_read: // only in the course of a handshake
  case tls_progress::ended:
  case tls_progress::plain:
  case tls_progress::failed: ec = asio::error::connection_reset; break;
  }
  return sent.bytes;
}

} // namespace lmq
