// A MessagePack-RPC connection: finds the calls in what comes in, has them answered side by side, and writes
// the answers as they come.
//
// Holds the calls that are under way, each with a conversation of its own with the broker, and how far the
// frame that is coming in was looked at. Lives on its gateway's thread; what it has in common with other
// protocols' connections is in connection.hpp.
//
// The connection is read all the time, so that a peer that goes away is noticed at once. Only with
// `calls_max` calls under way, or with more answers than `pipelined_bytes_max` to be written, no further call
// is begun; what comes then is read ahead up to that size, and not beyond.
#pragma once

#include "gateway/connection.hpp"
#include "gateway/rpc/frame_splitter.hpp"
#include "gateway/rpc/method.hpp"
#include "gateway/rpc/render.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace lmq {

class rpc_session final : public connection {
public:
  rpc_session(gateway_actor& gateway, connection_place place, socket&& peer);
  ~rpc_session() override;

private:
  struct call;

  // -- frames
  void process() override;
  void take_frame(std::string_view frame);
  void break_off(rpc_error why, rpc_answer_id id);
  void break_off(frame_fault why);
  void end_if_answered();

  // -- calls
  void begin(const rpc_message& message, rpc_question&& question);
  call& unused_call();
  void on_answer(std::uint64_t tag, caf::mailbox_element& reply) override;
  void on_call_late(call& c);
  void answer_call(call& c, const answer& what);
  void arm(call& c);
  void drop(call& c) noexcept;
  void drop_waiting() noexcept;
  void drop_all() noexcept;
  void forget_spare_calls();

  // -- what the connection asks
  std::string_view protocol() const noexcept override { return "rpc"; }
  std::size_t room_to_read() override;
  bool listens() const noexcept override { return !last_word_; }
  bool mid_request() const noexcept override { return in_frame_; }
  bool idle() const noexcept override { return open_ == 0 && !in_frame_; }
  bool answer_is_near() const noexcept override { return open_ > waiting_; }
  /// The room for a large frame stays until all is read of what has come, or to the connection's end.
  std::size_t incoming_bytes() const noexcept override {
    return running() && input().empty() ? 0 : input().capacity();
  }
  void on_no_room() override;
  void on_input_end(bool orderly) override;
  std::optional<time_point> due() const override;
  void on_late() override;
  void on_stop() override;
  void on_close() noexcept override;

  frame_splitter splitter_;                  ///< of the frame that the input begins with
  std::vector<std::unique_ptr<call>> calls_; ///< by number, under way or not
  std::vector<std::uint32_t> unused_;        ///< numbers of those that are not
  std::size_t open_ = 0;                     ///< calls under way
  std::size_t waiting_ = 0;                  ///< of them, pulls that may wait for a message
  std::size_t resolving_ = 0;                ///< of them, those whose queue is being looked for

  /// After what was no frame: the answer to it, given when the calls before it are answered.
  struct last_word {
    rpc_error why;
    rpc_answer_id id;
  };
  std::optional<last_word> last_word_;

  time_point since_; ///< when the frame, or the quiet, began, or the frame was seen to make progress
  std::size_t frame_then_ = 0; ///< bytes of the frame that had come by then
  bool in_frame_ = false;      ///< some of a frame has come, and the rest is waited for
};

} // namespace lmq
