// The bytes of a connection: reading ahead, writing at once or as fast as the peer takes them, both to their
// end.
#include "gateway/connection.hpp"

#include "core/fault_point.hpp"
#include "gateway/tls/tls_channel.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace lmq {

namespace asio = boost::asio;

namespace {

/// What is read at a time to be dropped.
constexpr std::size_t drain_read_bytes = 64 * 1024;

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

void connection::go_on() {
  for (;;) {
    if (running())
      process();
    if (stage_ == stage::closed || writing_)
      return;
    if (output_.empty())
      return on_all_written();
    // The next answer may leave together with those that are there.
    if (running() && answer_is_near() && output_.size() <= limits().pipelined_bytes_max) {
      if (!std::exchange(held_back_, true))
        gateway_.write_soon(*this);
      return;
    }
    if (!write())
      return;
  }
}

std::size_t connection::held_back_bytes() const noexcept {
  return std::min(output_.size(), limits().write_bytes_per_turn);
}

void connection::write_held_back() noexcept {
  held_back_ = false;
  turn([this] {
    if (stage_ != stage::closed && !writing_ && write())
      go_on();
  });
}

/// Writes what there is. False if the peer must take some of it first, or others have their turn first, or it
/// is gone.
bool connection::write() {
  LMQ_FAULT_POINT("gateway.write");
  for (auto left = limits().write_bytes_per_turn; !output_.empty();) {
    error_code ec;
    std::size_t sent = 0;
    if (left == 0)
      ec = asio::error::would_block; // for us: the loop comes back behind what else is ready
    else
      sent = tls_ ? write_tls(ec) : write_plain(left, ec);
    if (ec == asio::error::would_block) {
      wait_until_writable();
      return false;
    }
    if (ec) {
      close();
      return false;
    }
    output_.consume(sent);
    left -= std::min(left, sent);
  }
  return true;
}

std::size_t connection::write_plain(std::size_t bytes_max, error_code& ec) {
  std::array<std::string_view, pieces_per_write> pieces;
  auto n = output_.pieces(pieces);
  std::array<asio::const_buffer, pieces_per_write> buffers;
  for (std::size_t i = 0; i < n; ++i) {
    buffers[i] = asio::buffer(pieces[i].substr(0, bytes_max));
    bytes_max -= buffers[i].size();
  }
  return n == 1 ? socket_.write_some(buffers[0], ec)
                : socket_.write_some(buffer_range{buffers.data(), buffers.data() + n}, ec);
}

void connection::wait_until_writable() {
  auto progress = output_.sent() - written_then_ >= limits().progress_bytes_min;
  if (!std::exchange(writing_, true) || progress) {
    written_since_ = now_;
    written_then_ = output_.sent();
  }
  socket_.async_wait(socket::wait_write, [self = boost::intrusive_ptr{this}](const error_code& ec) {
    self->turn([&] {
      if (ec || self->stage_ == stage::closed)
        return self->close();
      if (self->shaking_hands()) {
        self->writing_ = false;
        return self->shake_hands();
      }
      if (self->write()) {
        self->writing_ = false;
        self->go_on();
      }
    });
  });
}

void connection::on_all_written() {
  handed_over_.clear();
  if (running() && (input_ended_ || gateway_.stopping()) && idle())
    return close();
  if (stage_ != stage::ending)
    return;
  if (input_ended_ || gateway_.stopping())
    return close();
  end_tls(); // and what comes is dropped as it is
  // Closing while the peer still sends would reset the connection, and might take our answer with it.
  error_code ec;
  socket_.shutdown(socket::shutdown_send, ec);
  stage_ = stage::draining;
  ended_since_ = now_;
}

// -- reading -----------------------------------------------------------------------------------------------------------

void connection::read_some() {
  auto room = running() ? room_to_read() : drain_read_bytes;
  if (room == 0)
    return;
  reading_ = true;
  if (tls_)
    return read_some_tls();
  socket_.async_read_some(asio::buffer(input_.prepare(room), room),
                          [self = boost::intrusive_ptr{this}, room](const error_code& ec, std::size_t n) {
                            self->turn([&] {
                              self->on_read(ec, n, n == room);
                              LMQ_FAULT_POINT("gateway.after_read");
                            });
                          });
}

void connection::on_read(const error_code& ec, std::size_t bytes, bool filled) {
  reading_ = false;
  if (stage_ == stage::closed)
    return;
  take_input(ec, bytes);
  // Where one read was not enough there is likely to be more.
  for (int i = 1; filled && i < reads_per_turn && running() && mid_request(); ++i) {
    auto room = room_to_read();
    if (room == 0)
      break;
    error_code again;
    auto n = socket_.read_some(asio::buffer(input_.prepare(room), room), again);
    if (again == asio::error::would_block) {
      input_.commit(0);
      break;
    }
    take_input(again, n);
    filled = n == room;
  }
}

void connection::take_input(const error_code& ec, std::size_t bytes) {
  input_.commit(bytes);
  LMQ_FAULT_POINT("gateway.read");
  if (!running())
    input_.consume(input_.size());
  if (ec) {
    input_ended_ = true;
    auto orderly = ec == asio::error::eof;
    if (running())
      return on_input_end(orderly);
    if (stage_ == stage::draining || !orderly)
      close();
    return;
  }
  if (stage_ == stage::draining && (drained_ += bytes) > limits().drain_bytes_max)
    return close();
  go_on();
}

} // namespace lmq
