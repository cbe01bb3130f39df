// The bytes of a connection: reading ahead, writing at once or as fast as the peer takes them, both to their
// end.
#include "gateway/session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace lmq {

namespace asio = boost::asio;

namespace {

/// Room for a head and a small body; what an idle connection costs.
constexpr std::size_t small_read_bytes = 1024;

/// For bodies that are larger.
constexpr std::size_t large_read_bytes = 64 * 1024;

/// Reads in a row before other connections get their turn.
constexpr int reads_per_turn = 16;

/// Buffers for one system call.
constexpr std::size_t pieces_per_write = 32;

/// The first buffers of an array, as Asio wants them.
struct buffer_range {
  using value_type = asio::const_buffer;
  using const_iterator = const value_type*;

  const_iterator first, last;
  const_iterator begin() const { return first; }
  const_iterator end() const { return last; }
};

} // namespace

// -- writing -----------------------------------------------------------------------------------------------------------

void session::go_on() {
  for (;;) {
    process();
    if (phase_ == phase::closed || writing_)
      return;
    if (outbox_.empty())
      return on_all_written();
    // The next answer is likely to come within this turn, and may then leave together with those that are
    // there.
    auto more_to_come = phase_ == phase::answering && !exchange_.waiting();
    if (more_to_come && outbox_.size() <= gateway_.limits().pipelined_bytes_max) {
      if (!std::exchange(held_back_, true))
        gateway_.write_soon(*this);
      return;
    }
    if (!write())
      return;
  }
}

void session::write_held_back() {
  held_back_ = false;
  if (phase_ == phase::closed || writing_)
    return;
  now_ = steady_clock::now();
  if (write())
    go_on();
  settle();
}

/// Writes what there is. False if the peer must take some of it first, or is gone.
bool session::write() {
  while (!outbox_.empty()) {
    std::array<std::string_view, pieces_per_write> pieces;
    auto n = outbox_.pieces(pieces);
    std::array<asio::const_buffer, pieces_per_write> buffers;
    for (std::size_t i = 0; i < n; ++i)
      buffers[i] = asio::buffer(pieces[i]);
    error_code ec;
    auto sent = n == 1 ? socket_.write_some(buffers[0], ec)
                       : socket_.write_some(buffer_range{buffers.data(), buffers.data() + n}, ec);
    if (ec == asio::error::would_block) {
      wait_until_writable();
      return false;
    }
    if (ec) {
      close();
      return false;
    }
    outbox_.consume(sent);
  }
  return true;
}

void session::wait_until_writable() {
  if (!std::exchange(writing_, true)) {
    written_since_ = now_;
    written_then_ = outbox_.sent();
  }
  socket_.async_wait(socket::wait_write,
                     [self = self_ptr{this}](const error_code& ec) { self->on_writable(ec); });
}

void session::on_writable(const error_code& ec) {
  if (ec || phase_ == phase::closed)
    return close();
  now_ = steady_clock::now();
  if (write()) {
    writing_ = false;
    go_on();
  }
  settle();
}

void session::on_all_written() {
  handed_over_.clear();
  if (phase_ == phase::idle && input_ended_)
    return close();
  if (phase_ != phase::ending)
    return;
  if (input_ended_ || gateway_.stopping())
    return close();
  // Closing while the peer still sends would reset the connection, and might take our answer with it.
  error_code ec;
  socket_.shutdown(socket::shutdown_send, ec);
  phase_ = phase::draining;
  since_ = now_;
}

// -- reading -----------------------------------------------------------------------------------------------------------

/// Bytes to read next; 0 if the buffer is as full as it may be.
std::size_t session::room_to_read() {
  const auto& limits = gateway_.limits();
  auto bytes_max = std::max(limits.pipelined_bytes_max, limits.header_bytes_max + small_read_bytes);
  if (buffer_.size() >= bytes_max)
    return 0;
  auto wanted = small_read_bytes;
  if (phase_ == phase::body)
    wanted = static_cast<std::size_t>(std::clamp<std::uint64_t>(
      reader_->body_bytes_left().value_or(large_read_bytes), small_read_bytes, large_read_bytes));
  else if (phase_ == phase::draining)
    wanted = large_read_bytes;
  else if (buffer_.empty() && buffer_.capacity() > small_read_bytes)
    buffer_.release();
  return std::min(std::max(wanted, buffer_.capacity() - buffer_.size()), bytes_max - buffer_.size());
}

void session::read_some() {
  auto room = room_to_read();
  if (room == 0)
    return;
  reading_ = true;
  socket_.async_read_some(
    asio::buffer(buffer_.prepare(room), room),
    [self = self_ptr{this}, room](const error_code& ec, std::size_t n) { self->on_read(ec, n, n == room); });
}

void session::on_read(const error_code& ec, std::size_t bytes, bool filled) {
  reading_ = false;
  if (phase_ == phase::closed)
    return;
  now_ = steady_clock::now();
  take_input(ec, bytes);
  // Where one read was not enough there is likely to be more.
  for (int i = 1; filled && i < reads_per_turn && (phase_ == phase::head || phase_ == phase::body); ++i) {
    auto room = room_to_read();
    if (room == 0)
      break;
    error_code again;
    auto n = socket_.read_some(asio::buffer(buffer_.prepare(room), room), again);
    if (again == asio::error::would_block) {
      buffer_.commit(0);
      break;
    }
    take_input(again, n);
    filled = n == room;
  }
  settle();
}

void session::take_input(const error_code& ec, std::size_t bytes) {
  buffer_.commit(bytes);
  if (ec)
    return on_input_end(ec == asio::error::eof);
  if (phase_ == phase::draining && (drained_ += bytes) > gateway_.limits().drain_bytes_max)
    return close();
  go_on();
}

void session::on_input_end(bool orderly) {
  input_ended_ = true;
  switch (phase_) {
  case phase::idle:
    if (!orderly || outbox_.empty())
      close();
    return;
  case phase::answering:
    // A client may close its side as soon as it has asked; but one that is gone must get no message.
    if (!orderly || exchange_.waiting())
      close();
    return;
  case phase::ending:
    if (!orderly)
      close();
    return;
  case phase::head:
  case phase::body:
  case phase::draining:
  case phase::closed: return close();
  }
}

/// Whatever has happened: sees to it that the peer is listened to, and that nothing lasts for ever.
void session::settle() noexcept {
  if (phase_ == phase::closed)
    return;
  // An answer that is about to come need not be watched over; what the peer sends meanwhile is read after it.
  auto answer_is_near = phase_ == phase::answering && !exchange_.waiting();
  if (!reading_ && !input_ended_ && !answer_is_near)
    read_some();
  if (auto at = due())
    gateway_.deadlines().arm(deadline_, *at);
  else
    deadline_.cancel();
}

} // namespace lmq
