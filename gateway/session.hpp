// One connection: reads requests, has them answered one after the other, writes the answers.
//
// Holds the socket, the bytes read ahead, the request that is being read or answered, and what is still to be
// written. Kept alive by its asynchronous operations and by the reply it waits for; lives on its gateway's
// thread.
//
// A read is under way while a connection is idle and while a pull waits, so that a peer that goes away is
// noticed at once. Writes are tried at once and become asynchronous when the peer is slower than we are. No
// handler here runs the actors that it wakes: the unit does, after all handlers that are ready, which spares
// work when many are.
#pragma once

#include "event_loop/deadline_wheel.hpp"
#include "event_loop/reply_sink.hpp"
#include "gateway/exchange.hpp"
#include "gateway/http_gateway.hpp"
#include "gateway/input_buffer.hpp"
#include "gateway/outbox.hpp"
#include "gateway/render.hpp"
#include "gateway/request_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace lmq {

class session final : public reply_handler, public session_hook, private deadline_owner {
public:
  /// Its executor is a plain io_context, which spares each operation the indirections of a general one.
  using socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  session(http_gateway& gateway, socket&& peer);
  ~session() override;

  /// Begins to read.
  void start();

  /// Says that there are too many connections, and ends.
  void start_refused();

  /// Does what can be done without waiting: reads requests out of the buffer, answers, writes.
  void go_on();

  /// Writes what `go_on` held back.
  void write_held_back();

  /// No more requests; see `http_gateway::stop`.
  void stop();

  /// Breaks off whatever is under way. What was delivered and not wholly sent goes back to its queue.
  void close() noexcept;

private:
  using error_code = boost::system::error_code;
  using self_ptr = boost::intrusive_ptr<session>;

  enum class phase : std::uint8_t {
    idle,      ///< between requests; nothing of the next has come
    head,      ///< some of a head has come
    body,      ///< the head is read, the body is coming
    answering, ///< all of a request is here, and the broker is asked
    ending,    ///< the last answer is given, not yet wholly written
    draining,  ///< it is written; what the peer still sends is read and dropped
    closed,
  };

  /// A delivery that was rendered; it has reached nobody before its last byte is written.
  struct handed_over {
    std::uint64_t end; ///< of its response in the outbox
    std::shared_ptr<const std::string> queue;
    lease_id lease;
  };

  /// What the log tells of a request; kept only where it does.
  struct access_record {
    std::string line; ///< method and target
    time_point begun;
  };

  // -- requests
  void process();
  void read_head();
  void read_body();
  void complete_request();
  void respond(answer what);
  void respond_and_end(http_refusal why);
  void on_reply(std::uint64_t tag, caf::mailbox_element& reply) noexcept override;
  response_frame frame() const noexcept;
  void log_begin(std::string_view method_and_target);
  void log_end(unsigned status);

  // -- bytes
  std::size_t room_to_read();
  void read_some();
  void on_read(const error_code& ec, std::size_t bytes, bool filled);
  void take_input(const error_code& ec, std::size_t bytes);
  void on_input_end(bool orderly);
  bool write();
  void wait_until_writable();
  void on_writable(const error_code& ec);
  void on_all_written();
  void settle() noexcept;

  // -- time
  std::optional<time_point> due() const;
  void on_deadline(deadline& which) noexcept override;
  void on_late();

  http_gateway& gateway_;
  caf::strong_actor_ptr gateway_alive_;
  socket socket_;
  input_buffer buffer_;
  std::optional<request_reader> reader_; ///< of the request in `head` and `body`
  std::optional<http_refusal> refused_;  ///< the answer to the request whose body is being read and dropped
  exchange exchange_;
  outbox outbox_;
  std::vector<handed_over> handed_over_;
  std::unique_ptr<access_record> access_;
  std::string request_id_;
  deadline deadline_{*this};

  time_point now_;                        ///< of this turn
  time_point since_;                      ///< when the phase began, or a body was last seen to make progress
  std::uint64_t body_then_ = 0;           ///< bytes of the body that had come by then
  std::optional<time_point> grace_until_; ///< an answer is late, and has until then
  time_point written_since_;              ///< the same for a write that waits for its peer
  std::uint64_t written_then_ = 0;
  std::uint64_t drained_ = 0;     ///< bytes dropped while draining
  std::size_t head_searched_ = 0; ///< bytes of the buffer that hold no end of a head

  phase phase_ = phase::idle;
  bool reading_ = false;     ///< a read is under way, and `buffer_` has given it room
  bool writing_ = false;     ///< the peer is slower than we are: waiting for it to take more
  bool held_back_ = false;   ///< the gateway will see to it that what is there is written
  bool input_ended_ = false; ///< the peer has said that it sends no more
  bool keep_ = true;         ///< the peer is ready for another request
  bool http_1_0_ = false;
  bool head_only_ = false;
};

} // namespace lmq
