// One connection, as all protocols have it: its socket, its bytes in both directions, its time, its end.
//
// Holds the bytes read ahead and what is still to be written. A protocol derives from it, makes requests of
// the bytes in `process`, and puts the answers into the outbox. Kept alive by its asynchronous operations and
// by the replies that are waited for; lives on its gateway's thread.
//
// Whatever happens to a connection is a *turn*: it begins with the clock and ends by seeing to it that the
// peer is listened to and that nothing lasts for ever. An exception out of a turn ends this connection and
// no other. Writes are tried at once and become asynchronous when the peer is slower than we are. Where there
// is TLS it lies below all that (connection_tls.cpp): a protocol sees plain text either way. No turn
// runs the actors that it wakes: the unit does, after all handlers that are ready, which spares work when
// many are.
#pragma once

#include "event_loop/deadline_wheel.hpp"
#include "event_loop/reply_sink.hpp"
#include "gateway/answer.hpp"
#include "gateway/gateway_actor.hpp"
#include "gateway/input_buffer.hpp"
#include "gateway/outbox.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace lmq {

class tls_channel;
class tls_identity;

class connection : public reply_handler, public connection_hook, private deadline_owner {
public:
  /// Its executor is a plain io_context, which spares each operation the indirections of a general one.
  using socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  ~connection() override;

  /// Begins to read.
  void start() noexcept;

  /// There are too many connections: says so, where the protocol has a word for it, and ends.
  void start_refused() noexcept;

  /// Writes what was held back so that answers leave together.
  void write_held_back() noexcept;

  /// Bytes that `write_held_back` has to write now, about.
  std::size_t held_back_bytes() const noexcept;

  /// No more requests; see `gateway_actor::stop`.
  void stop() noexcept;

  /// Breaks off whatever is under way. What was delivered and not wholly sent goes back to its queue.
  void close() noexcept;

protected:
  using error_code = boost::system::error_code;

  /// Read at a time: room for a request's head and a small body, which is what an idle connection costs …
  static constexpr std::size_t small_read_bytes = 1024;
  /// … and for bodies that are larger.
  static constexpr std::size_t large_read_bytes = 64 * 1024;

  connection(gateway_actor& gateway, connection_place place, socket&& peer);

  // -- what a protocol does; called within turns, and not once the connection has begun to end

  /// For the log.
  virtual std::string_view protocol() const noexcept = 0;

  /// Works off the input until it needs more bytes, an answer, or room in the outbox.
  virtual void process() = 0;

  /// The reply to what was asked in the connection's name.
  virtual void on_answer(std::uint64_t tag, caf::mailbox_element& reply) = 0;

  /// Bytes to read next; 0: none for now.
  virtual std::size_t room_to_read() = 0;

  /// Whether to listen to the peer between turns.
  virtual bool listens() const noexcept = 0;

  /// Whether the peer is in the middle of something, so that there is likely to be more to read.
  virtual bool mid_request() const noexcept = 0;

  /// Nothing of the peer's is under way.
  virtual bool idle() const noexcept = 0;

  /// What is held of a request that has not come whole.
  virtual std::size_t incoming_bytes() const noexcept = 0;

  /// There is no room for more of it beside what others send; see `gateway_limits::incoming_bytes_max`. Says
  /// a last word with `end`, or closes.
  virtual void on_no_room() = 0;

  /// The next answer is likely to come within this turn of the loop.
  virtual bool answer_is_near() const noexcept = 0;

  /// The peer sends no more; `input_ended` from now on.
  /// @param orderly  it may still read
  virtual void on_input_end(bool orderly) = 0;

  /// When what is under way is late; nothing: never.
  virtual std::optional<time_point> due() const = 0;
  virtual void on_late() = 0;

  virtual void on_refused() { close(); }

  /// Whose certificate is shown to peers; null: no TLS. Asked once, at the beginning.
  virtual std::shared_ptr<const tls_identity> identity() const { return nullptr; }

  /// There is TLS, and the peer speaks plain text. Says a last word in plain text with `end`, or closes.
  virtual void on_plain_peer() { close(); }

  virtual void on_stop() = 0;
  virtual void on_close() noexcept = 0;

  /// A turn was broken off by an exception. Says a last word with `end`, or closes.
  virtual void on_crash() { close(); }

  // -- what it has for that

  /// One thing that happens. noexcept: what `act` throws ends the connection.
  /// @returns whether it went well
  template <class Act>
  bool turn(Act act) noexcept;

  /// The last answer is in the outbox. The rest of the input is dropped.
  void end();

  /// `process`, and writes what there is.
  void go_on();

  /// Where there is no room for a large answer beside those that clients have not taken, it becomes a
  /// refusal, and what it delivers goes back to its queue. To be asked before an answer is appended.
  void make_fit(answer& what);

  /// The delivery whose answer is appended next is lost if the connection is: it goes back then.
  void hand_over(std::shared_ptr<const std::string> queue, lease_id lease);

  /// That answer is in the outbox; it has reached nobody before its last byte is written.
  void handed_over();

  gateway_actor& gateway() const noexcept { return gateway_; }
  const gateway_limits& limits() const noexcept { return gateway_.limits(); }
  input_buffer& input() noexcept { return input_; }
  const input_buffer& input() const noexcept { return input_; }
  outbox& output() noexcept { return output_; }
  const outbox& output() const noexcept { return output_; }
  time_point now() const noexcept { return now_; } ///< of this turn
  bool running() const noexcept { return stage_ == stage::running; }
  bool writing() const noexcept { return writing_; } ///< what is there is to be written first
  bool reading() const noexcept { return reading_; } ///< a read is under way: a peer that goes is noticed
  bool input_ended() const noexcept { return input_ended_; }

private:
  enum class stage : std::uint8_t {
    running,
    ending,   ///< the last answer is given, not yet wholly written
    draining, ///< it is written; what the peer still sends is read and dropped
    closed,
  };

  struct handed_over_delivery {
    std::uint64_t end; ///< of its answer in the outbox
    std::shared_ptr<const std::string> queue;
    lease_id lease;
  };

  void on_reply(std::uint64_t tag, caf::mailbox_element& reply) noexcept final;
  void on_deadline(deadline& which) noexcept final;
  void crashed(std::string_view what) noexcept;
  void settle();
  bool has_room() noexcept;
  void count_incoming(std::size_t bytes) noexcept;
  void count_outgoing(std::size_t bytes) noexcept;
  bool stuck_in_crowd() const noexcept;

  void read_some();
  void on_read(const error_code& ec, std::size_t bytes, bool filled);
  void take_input(const error_code& ec, std::size_t bytes);
  bool write();
  std::size_t write_plain(std::size_t bytes_max, error_code& ec);
  void wait_until_writable();
  void on_all_written();
  std::optional<time_point> next_deadline() const;
  void meet_deadline();

  // -- with TLS

  void begin_tls();
  bool shaking_hands() const noexcept;
  void shake_hands();
  void read_some_tls();
  void on_tls_ready(const error_code& ec);
  std::size_t write_tls(error_code& ec);
  void end_tls() noexcept;

  gateway_actor& gateway_;
  caf::strong_actor_ptr gateway_alive_;
  connection_place place_;
  socket socket_;
  input_buffer input_;
  outbox output_;
  std::unique_ptr<tls_channel> tls_; ///< null: bytes go as they are
  std::vector<handed_over_delivery> handed_over_;
  deadline deadline_{*this};

  time_point now_;
  time_point ended_since_;         ///< when the stage of ending or draining began
  time_point shaking_since_;       ///< when the TLS handshake began
  time_point written_since_;       ///< when a write that waits for its peer last made progress
  std::uint64_t written_then_ = 0; ///< bytes that were sent by then
  std::uint64_t drained_ = 0;      ///< bytes dropped while draining
  std::size_t incoming_ = 0;       ///< what is counted of `incoming_bytes` …
  std::size_t outgoing_ = 0;       ///< … and of what the outbox holds

  stage stage_ = stage::running;
  bool reading_ = false;     ///< and `input_` has given it room
  bool writing_ = false;     ///< waiting for the socket to take more
  bool held_back_ = false;   ///< the gateway will see to it that what is there is written
  bool input_ended_ = false; ///< the peer has said that it sends no more
  bool took_over_ = false;   ///< what the reply under way delivers; see `hand_over`
  bool crashed_ = false;
};

template <class Act>
bool connection::turn(Act act) noexcept {
  boost::intrusive_ptr<connection> alive{this};
  try {
    now_ = steady_clock::now();
    act();
    settle();
    return true;
  } catch (const std::exception& e) {
    crashed(e.what());
  } catch (...) {
    crashed("something that is no exception");
  }
  return false;
}

} // namespace lmq
