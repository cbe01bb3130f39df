#include "event_loop/clock.hpp"

#include "event_loop/io_unit.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/abstract_group.hpp>
#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <type_traits>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace asio = boost::asio;

namespace lmq {

namespace {

caf::strong_actor_ptr strong(caf::abstract_actor* self) {
  return caf::strong_actor_ptr{self->ctrl()};
}

} // namespace

struct clock::timer : asio::steady_timer {
  using asio::steady_timer::steady_timer;
};

clock::clock(io_unit& unit) : unit_(unit), timer_(std::make_unique<timer>(unit.context())) {}

clock::~clock() = default;

// -- setting ------------------------------------------------------------------------------------------------

void clock::set_ordinary_timeout(time_point at, caf::abstract_actor* self, caf::atom_value type,
                                 std::uint64_t id) {
  remains replaced;
  add(at, timeout{strong(self), type, id}, key{self->id(), kind::ordinary, static_cast<std::uint64_t>(type)},
      &replaced);
}

void clock::set_multi_timeout(time_point at, caf::abstract_actor* self, caf::atom_value type,
                              std::uint64_t id) {
  add(at, timeout{strong(self), type, id}, key{self->id(), kind::multi, id});
}

void clock::set_request_timeout(time_point at, caf::abstract_actor* self, caf::message_id id) {
  add(at, request_timeout{strong(self), id}, key{self->id(), kind::request, id.integer_value()});
}

void clock::schedule_message(time_point at, caf::strong_actor_ptr receiver,
                             caf::mailbox_element_ptr content) {
  auto whose = receiver->id();
  add(at, mail{std::move(receiver), std::move(content)}, key{whose, kind::mail, 0});
}

void clock::schedule_message(time_point at, caf::group target, caf::strong_actor_ptr sender,
                             caf::message content) {
  add(at, group_mail{std::move(target), std::move(sender), std::move(content)}, std::nullopt);
}

void clock::add(time_point at, parcel what, std::optional<key> name, remains* replaced) {
  std::lock_guard lock{mutex_};
  if (!timer_)
    return;
  if (replaced) {
    auto [first, end] = by_name_.equal_range(*name);
    take_out(first, end, *replaced);
  }
  auto e = due_.emplace(at, entry{std::move(what), name});
  if (name)
    by_name_.emplace(*name, e);
  if (at >= armed_)
    return;
  armed_ = at;
  if (unit_.is_current()) {
    arm();
    return;
  }
  // Under the lock, so that the io_context does not go meanwhile: `close` takes the lock, too.
  asio::post(unit_.context(), [this] {
    std::lock_guard relock{mutex_};
    arm();
  });
}

// -- cancelling ---------------------------------------------------------------------------------------------

void clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  auto n = static_cast<std::uint64_t>(type);
  cancel({self->id(), kind::ordinary, n}, {self->id(), kind::ordinary, n + 1});
}

void clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  auto n = id.integer_value();
  cancel({self->id(), kind::request, n}, {self->id(), kind::request, n + 1});
}

void clock::cancel_timeouts(caf::abstract_actor* self) {
  cancel({self->id(), kind::ordinary, 0}, {self->id() + 1, kind::ordinary, 0});
}

void clock::cancel(const key& first, const key& end) {
  remains cancelled;
  std::lock_guard lock{mutex_};
  take_out(by_name_.lower_bound(first), by_name_.lower_bound(end), cancelled);
}

void clock::cancel_all() {
  schedule forgotten;
  std::lock_guard lock{mutex_};
  forgotten.swap(due_);
  by_name_.clear();
}

void clock::close() {
  schedule forgotten;
  std::lock_guard lock{mutex_};
  forgotten.swap(due_);
  by_name_.clear();
  timer_.reset();
}

void clock::take_out(name_index::iterator first, name_index::iterator end, remains& out) {
  for (; first != end; first = by_name_.erase(first)) {
    out.push_back(std::move(first->second->second.what));
    due_.erase(first->second);
  }
}

void clock::forget_name(schedule::iterator e) {
  if (!e->second.name)
    return;
  auto [first, end] = by_name_.equal_range(*e->second.name);
  for (; first != end; ++first)
    if (first->second == e) {
      by_name_.erase(first);
      return;
    }
}

std::size_t clock::pending() const {
  std::lock_guard lock{mutex_};
  return due_.size();
}

// -- sending, on the unit's thread --------------------------------------------------------------------------

// The timer may rise without anything being due (it was cancelled), or twice; `send_due` looks for itself.
void clock::arm() {
  if (!timer_ || armed_ == time_point::max())
    return;
  timer_->expires_at(armed_);
  timer_->async_wait([this](const boost::system::error_code& aborted) {
    if (!aborted)
      send_due();
  });
}

void clock::send_due() {
  std::vector<parcel> batch;
  {
    std::lock_guard lock{mutex_};
    auto until = now();
    while (batch.size() < messages_per_turn && !due_.empty() && due_.begin()->first <= until) {
      forget_name(due_.begin());
      batch.push_back(std::move(due_.begin()->second.what));
      due_.erase(due_.begin());
    }
    armed_ = due_.empty() ? time_point::max() : due_.begin()->first;
    arm();
  }
  for (auto& what : batch)
    send(what);
  unit_.flush();
}

void clock::send(parcel& what) {
  std::visit(
    [this](auto& p) {
      using type = std::decay_t<decltype(p)>;
      if constexpr (std::is_same_v<type, timeout>)
        p.receiver->enqueue(
          caf::make_mailbox_element(p.receiver, caf::make_message_id(), {}, caf::timeout_msg{p.type, p.id}),
          &unit_);
      else if constexpr (std::is_same_v<type, request_timeout>)
        p.receiver->enqueue(
          caf::make_mailbox_element(p.receiver, p.id, {}, caf::make_error(caf::sec::request_timeout)),
          &unit_);
      else if constexpr (std::is_same_v<type, mail>)
        p.receiver->enqueue(std::move(p.content), &unit_);
      else if (p.receiver)
        p.receiver.get()->enqueue(std::move(p.sender), caf::make_message_id(), std::move(p.content), &unit_);
    },
    what);
}

} // namespace lmq
