// The course of an RPC connection: its frames, its calls, their answers. Its pace and its end are in
// session_pace.cpp.
#include "gateway/rpc/session.hpp"

#include "gateway/rpc/call.hpp"

#include <spdlog/spdlog.h>
#include <utility>

namespace lmq {

rpc_session::rpc_session(gateway_actor& gateway, connection_place place, socket&& peer)
    : connection(gateway, std::move(place), std::move(peer)),
      splitter_({limits().body_bytes_max, limits().rpc.depth_max}),
      since_(steady_clock::now()) {}

rpc_session::~rpc_session() {
  close();
}

// -- frames ------------------------------------------------------------------------------------------------------------

// Works off the input until it needs more bytes, or room for more calls or answers.
void rpc_session::process() {
  while (running() && !writing() && output().size() <= limits().pipelined_bytes_max &&
         open_ < limits().rpc.calls_max && !last_word_ && !gateway().stopping()) {
    auto bytes = input().data();
    if (bytes.empty())
      return;
    if (!in_frame_) {
      // What is no call at all need not be waited for.
      if (!begins_message(bytes.front()))
        return break_off(rpc_errors::bad_request, std::nullopt);
      since_ = now();
      frame_then_ = 0;
    }
    auto end = splitter_.find_end(bytes);
    if (!end)
      return break_off(end.error());
    in_frame_ = *end == 0 && !input_ended();
    if (*end == 0)
      return;
    splitter_.reset();
    since_ = now();
    take_frame(bytes.substr(0, *end));
    if (running())
      input().consume(*end);
  }
}

void rpc_session::take_frame(std::string_view frame) {
  auto message = read_message(frame);
  if (!message)
    return break_off(rpc_errors::bad_request, find_id(frame));
  auto question = read_call(*message, limits());
  if (question)
    return begin(*message, std::move(*question));
  if (message->id)
    render_error(output(), message->id, question.error());
}

/// What the peer has sent can't be told from what it will send: calls that came before are answered, then it
/// hears why, and the rest is dropped with whatever it waits for. The answer bears the msgid of the broken
/// request as far as that is there, else nil.
void rpc_session::break_off(rpc_error why, rpc_answer_id id) {
  drop_waiting();
  in_frame_ = false;
  last_word_ = {why, id};
  end_if_answered();
}

void rpc_session::break_off(frame_fault why) {
  auto word = why == frame_fault::too_large ? rpc_errors::too_large : rpc_errors::bad_request;
  break_off(word, find_id(input().data()));
}

/// Ends a connection that takes no more calls when the last one is answered.
void rpc_session::end_if_answered() {
  if (open_ > 0)
    return;
  if (last_word_)
    render_error(output(), last_word_->id, last_word_->why);
  if (last_word_ || gateway().stopping())
    end();
}

// -- calls -------------------------------------------------------------------------------------------------------------

void rpc_session::begin(const rpc_message& message, rpc_question&& question) {
  // A message that is pulled and told to nobody would be lost until its lease ends.
  if (!message.id && question.result == rpc_result::message)
    return;
  auto& c = unused_call();
  c.id = message.id;
  c.result = question.result;
  c.asked = question.what.index();
  c.late = false;
  ++open_;
  c.open = true;
  // Calls for one queue keep their order: as long as one asks the registry for the way, none overtakes it.
  c.conversation.prepare(std::move(question.what), resolving_ == 0 ? route_use::known : route_use::anew);
  if (auto no = c.conversation.refused())
    return answer_call(c, *std::move(no));
  c.conversation.set_content(std::move(question.content));
  c.conversation.begin({*this, c.number}, now());
  c.waits = c.conversation.waiting();
  c.resolves = c.conversation.resolving();
  waiting_ += c.waits;
  resolving_ += c.resolves;
  // A pull that may wait, from a peer that has hung up already: nobody would notice that it is gone.
  if (c.waits && input_ended())
    return drop(c);
  arm(c);
}

rpc_session::call& rpc_session::unused_call() {
  if (unused_.empty()) {
    unused_.reserve(calls_.size() + 1); // so that it can always be given back
    calls_.push_back(std::make_unique<call>(*this, gateway(), static_cast<std::uint32_t>(calls_.size())));
    unused_.push_back(calls_.back()->number);
  }
  auto number = unused_.back();
  unused_.pop_back();
  return *calls_[number];
}

void rpc_session::on_answer(std::uint64_t tag, caf::mailbox_element& reply) {
  auto& c = *calls_[exchange::mark_of(tag)];
  auto done = c.conversation.on_reply({*this, c.number}, tag, reply, now());
  resolving_ -= c.resolves;
  c.resolves = !done && c.conversation.resolving();
  resolving_ += c.resolves;
  if (!done)
    return;
  make_fit(*done);
  answer_call(c, *done);
  go_on();
}

void rpc_session::answer_call(call& c, const answer& what) {
  if (c.id) {
    const auto* d = std::get_if<delivered>(&what);
    if (d != nullptr)
      hand_over(d->queue, d->what.lease);
    render(output(), c.id, c.result, what, limits().rpc.depth_max);
    gateway().tally().count_rpc(c.asked, std::holds_alternative<refusal>(what));
    if (d != nullptr)
      handed_over();
  }
  drop(c);
  if (open_ > 0)
    return;
  since_ = now();
  forget_spare_calls();
  end_if_answered();
}

/// The call is over, answered or not.
void rpc_session::drop(call& c) noexcept {
  c.conversation.abandon();
  c.due.cancel();
  c.open = false;
  --open_;
  waiting_ -= c.waits;
  resolving_ -= c.resolves;
  c.waits = c.resolves = false;
  unused_.push_back(c.number);
}

void rpc_session::drop_waiting() noexcept {
  for (const auto& c : calls_)
    if (c->open && c->waits)
      drop(*c);
}

void rpc_session::drop_all() noexcept {
  for (const auto& c : calls_)
    if (c->open)
      drop(*c);
}

void rpc_session::forget_spare_calls() {
  auto kept = limits().rpc.calls_kept;
  if (calls_.size() <= kept)
    return;
  calls_.resize(kept);
  calls_.shrink_to_fit();
  unused_.clear();
  unused_.shrink_to_fit();
  unused_.reserve(kept);
  for (const auto& c : calls_)
    unused_.push_back(c->number);
}

} // namespace lmq
