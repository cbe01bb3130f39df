#include "event_loop/reply_sink.hpp"

#include "event_loop/bug.hpp"

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <algorithm>
#include <iterator>

namespace lmq {

namespace {

constexpr std::uint64_t slot_mask = (std::uint64_t{1} << reply_sink::slot_bits) - 1;
constexpr std::uint64_t last_generation = (std::uint64_t{1} << reply_sink::generation_bits) - 1;

static_assert(((last_generation << reply_sink::slot_bits) | slot_mask) == caf::message_id::request_id_mask,
              "slot and generation fill CAF's request id");

} // namespace

const caf::error* error_in(const caf::mailbox_element& reply) {
  auto& content = reply.content();
  return content.match_elements<caf::error>() ? &content.get_as<caf::error>(0) : nullptr;
}

reply_sink::reply_sink(caf::actor_config& config, io_unit& unit)
    : caf::monitorable_actor(config), unit_(unit) {}

reply_sink::~reply_sink() = default;

// -- slots --------------------------------------------------------------------------------------------------

caf::message_id reply_sink::open(reply_handler_ptr handler, std::uint64_t tag) {
  if (free_.empty()) {
    if (slots_.size() > slot_mask)
      event_loop_bug("more requests open than a reply sink has slots");
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  auto index = free_.back();
  free_.pop_back();
  auto& s = slots_[index];
  s.handler = std::move(handler);
  s.tag = tag;
  return caf::make_message_id((s.generation << slot_bits) | index);
}

bool reply_sink::close(caf::message_id id) noexcept {
  auto* s = find(id);
  if (s == nullptr)
    return false;
  release(*s);
  return true;
}

void reply_sink::close_all() noexcept {
  // By index: a handler that goes may close slots of its own.
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].handler)
      release(slots_[i]);
}

reply_sink::slot* reply_sink::find(caf::message_id id) noexcept {
  auto n = id.request_id().integer_value();
  auto index = n & slot_mask;
  if (index >= slots_.size())
    return nullptr;
  auto& s = slots_[index];
  return s.handler && s.generation == n >> slot_bits ? &s : nullptr;
}

// The caller drops the handler when the slot is free again: its end may open and close slots.
reply_handler_ptr reply_sink::release(slot& s) noexcept {
  s.generation = s.generation == last_generation ? 1 : s.generation + 1;
  free_.push_back(static_cast<std::uint32_t>(&s - slots_.data()));
  return std::move(s.handler);
}

// -- arrivals -----------------------------------------------------------------------------------------------

void reply_sink::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (unit_.is_current()) {
    if (ended_) {
      bounce(what);
      return;
    }
    arrived_.push_back(std::move(what));
    if (!std::exchange(awake_, true))
      wake();
    return;
  }
  bool first = false;
  {
    std::lock_guard lock{inbox_mutex_};
    if (!ended_) {
      first = inbox_.empty();
      inbox_.push_back(std::move(what));
    }
  }
  if (what)
    bounce(what);
  else if (first)
    wake();
}

void reply_sink::wake() {
  intrusive_ptr_add_ref_impl();
  if (unit_.schedule(this))
    return;
  // The coordinator has stopped. What came holds references to its senders, which may hold one to us.
  std::deque<caf::mailbox_element_ptr> dropped;
  std::lock_guard lock{inbox_mutex_};
  dropped.swap(inbox_);
}

caf::resumable::resume_result reply_sink::resume(caf::execution_unit*, std::size_t max_throughput) {
  take_inbox();
  awake_ = true; // whatever arrives during the loop is seen by it
  for (; max_throughput > 0 && !arrived_.empty(); --max_throughput) {
    auto what = std::move(arrived_.front());
    arrived_.pop_front();
    deliver(*what);
  }
  if (!arrived_.empty())
    return resume_later;
  awake_ = false;
  return awaiting_message;
}

void reply_sink::take_inbox() {
  std::lock_guard lock{inbox_mutex_};
  if (arrived_.empty())
    arrived_.swap(inbox_);
  else
    std::move(inbox_.begin(), inbox_.end(), std::back_inserter(arrived_));
  inbox_.clear();
}

void reply_sink::deliver(caf::mailbox_element& what) noexcept {
  if (!what.mid.is_response()) {
    on_message(what);
    return;
  }
  auto* s = find(what.mid);
  if (s == nullptr) {
    on_unclaimed(what);
    return;
  }
  auto tag = s->tag;
  release(*s)->on_reply(tag, what);
}

void reply_sink::on_unclaimed(caf::mailbox_element&) noexcept {}

void reply_sink::on_message(caf::mailbox_element& message) noexcept {
  if (message.sender && message.mid.is_request())
    message.sender->enqueue(caf::make_mailbox_element(nullptr, message.mid.response_id(), {},
                                                      caf::make_error(caf::sec::unexpected_message)),
                            &unit_);
}

// -- the end ------------------------------------------------------------------------------------------------

void reply_sink::shut_down() {
  close_all();
  take_inbox();
  for (; !arrived_.empty(); arrived_.pop_front())
    deliver(*arrived_.front());
  std::deque<caf::mailbox_element_ptr> late;
  {
    std::lock_guard lock{inbox_mutex_};
    ended_ = true;
    late.swap(inbox_);
  }
  cleanup(caf::make_error(caf::exit_reason::user_shutdown), &unit_);
  for (auto& what : late)
    bounce(what);
}

void reply_sink::on_destroy() {
  cleanup(caf::make_error(caf::exit_reason::unreachable), nullptr); // does nothing after `shut_down`
  monitorable_actor::on_destroy();
}

void reply_sink::intrusive_ptr_add_ref_impl() {
  caf::intrusive_ptr_add_ref(ctrl());
}

void reply_sink::intrusive_ptr_release_impl() {
  caf::intrusive_ptr_release(ctrl());
}

} // namespace lmq
