// An HTTP connection: reads requests, has them answered one after the other, writes the answers.
//
// Holds the request that is being read or answered. Lives on its gateway's thread; what it has in common with
// other protocols' connections is in connection.hpp.
//
// A read is under way while a connection is idle and while a pull waits, so that a peer that goes away is
// noticed at once.
#pragma once

#include "gateway/connection.hpp"
#include "gateway/exchange.hpp"
#include "gateway/http/render.hpp"
#include "gateway/http/request_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace lmq {

class http_session final : public connection {
public:
  http_session(gateway_actor& gateway, connection_place place, socket&& peer);
  ~http_session() override;

private:
  enum class phase : std::uint8_t {
    idle,      ///< between requests; nothing of the next has come
    head,      ///< some of a head has come
    body,      ///< the head is read, the body is coming
    answering, ///< all of a request is here, and the broker is asked
  };

  /// What the log tells of a request; kept only where it does.
  struct access_record {
    std::string line; ///< method and target
    time_point begun;
  };

  // -- requests
  void process() override;
  void read_head();
  void prepare(http_request what);
  header_list headers_for_hooks() const;
  void read_body();
  void complete_request();
  std::optional<http_refusal> take_document(std::string text);
  void on_answer(std::uint64_t tag, caf::mailbox_element& reply) override;

  // -- answers
  template <class Answer>
  void respond(const Answer& what);
  void respond_and_end(http_refusal why);
  response_frame frame() const;
  void log_begin(std::string_view method_and_target);
  void log_end(unsigned status);

  // -- what the connection asks
  std::string_view protocol() const noexcept override { return "http"; }
  std::size_t room_to_read() override;
  bool listens() const noexcept override { return !answer_is_near(); }
  bool mid_request() const noexcept override { return phase_ == phase::head || phase_ == phase::body; }
  bool idle() const noexcept override { return phase_ == phase::idle; }
  bool answer_is_near() const noexcept override { return phase_ == phase::answering && !exchange_.waiting(); }
  std::size_t incoming_bytes() const noexcept override {
    return phase_ == phase::body ? reader_->held_bytes() : 0;
  }
  void on_no_room() override;
  void on_input_end(bool orderly) override;
  std::optional<time_point> due() const override;
  void on_late() override;
  void on_refused() override;
  std::shared_ptr<const tls_identity> identity() const override { return gateway().tls(); }
  void on_plain_peer() override;
  void on_stop() override;
  void on_close() noexcept override;
  void on_crash() override;

  std::optional<request_reader> reader_; ///< of the request in `head` and `body`
  std::optional<local_answer> local_;    ///< to the request whose body is being read and dropped
  exchange exchange_;
  std::unique_ptr<access_record> access_;
  std::string request_id_;
  std::unique_ptr<token_digest> bearer_; ///< who sends the document that is being read; null: nobody asks

  time_point since_;                      ///< when the phase began, or a body was last seen to make progress
  std::uint64_t body_then_ = 0;           ///< bytes of the body that had come by then
  std::optional<time_point> grace_until_; ///< an answer is late, and has until then
  std::size_t head_searched_ = 0;         ///< bytes of the input that hold no end of a head

  request_tally::kind asked_ = request_tally::unknown; ///< as far as the request was understood

  token_place last_token_;
  phase phase_ = phase::idle;
  compound_format format_ = compound_format::multipart;
  bool keep_ = true; ///< the peer is ready for another request
  bool http_1_0_ = false;
  bool head_only_ = false;
};

} // namespace lmq
