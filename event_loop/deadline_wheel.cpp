#include "event_loop/deadline_wheel.hpp"

#include <algorithm>
#include <bit>

namespace lmq {

void deadline::link::insert_before(link& other) noexcept {
  previous = other.previous;
  next = &other;
  previous->next = this;
  other.previous = this;
}

void deadline::link::remove() noexcept {
  previous->next = next;
  next->previous = previous;
  previous = next = this;
}

void deadline::cancel() noexcept {
  if (wheel_ == nullptr)
    return;
  link_.remove();
  --wheel_->size_;
  wheel_ = nullptr;
}

deadline_wheel::~deadline_wheel() {
  for (auto& head : lists_)
    while (!head.alone())
      head.next->self->cancel();
}

void deadline_wheel::arm(deadline& d, time_point at) noexcept {
  auto due = tick_of(at);
  if (d.wheel_ == this && d.listed_ <= std::max(due, now_ + 1)) {
    d.due_ = due;
    return;
  }
  d.cancel();
  d.due_ = due;
  d.wheel_ = this;
  if (size_++ == 0)
    first_ = now_ + ticks;
  list(d);
}

void deadline_wheel::advance(time_point now) noexcept {
  auto until = now <= origin_ ? 0 : static_cast<std::uint64_t>((now - origin_) / granularity);
  if (until <= now_)
    return;
  // First take out all lists that have come up, so that the owners may arm and cancel as they like.
  link up;
  for (auto t = now_ + 1, last = std::min(until, now_ + ticks); t <= last; ++t) {
    occupied_[t % ticks / word_bits] &= ~(std::uint64_t{1} << t % word_bits);
    for (auto& head = lists_[t % ticks]; !head.alone();) {
      auto& l = *head.next;
      l.remove();
      l.insert_before(up);
    }
  }
  now_ = until;
  while (!up.alone()) {
    auto& d = *up.next->self;
    if (d.due_ <= now_) {
      d.cancel();
      d.owner_->on_deadline(d);
    } else {
      d.link_.remove();
      list(d);
    }
  }
  first_ = first_occupied();
}

std::optional<deadline_wheel::time_point> deadline_wheel::next() const noexcept {
  if (size_ == 0)
    return std::nullopt;
  return origin_ + static_cast<duration::rep>(first_) * granularity;
}

// Rounded up, so that nothing rises early. An instant before the beginning is tick 0.
std::uint64_t deadline_wheel::tick_of(time_point at) const noexcept {
  if (at <= origin_)
    return 0;
  auto since = at - origin_;
  return static_cast<std::uint64_t>(since / granularity + (since % granularity == duration::zero() ? 0 : 1));
}

void deadline_wheel::list(deadline& d) noexcept {
  d.listed_ = std::clamp(d.due_, now_ + 1, now_ + ticks);
  d.link_.insert_before(lists_[d.listed_ % ticks]);
  occupied_[d.listed_ % ticks / word_bits] |= std::uint64_t{1} << d.listed_ % word_bits;
  first_ = std::min(first_, d.listed_);
}

std::uint64_t deadline_wheel::first_occupied() const noexcept {
  // Word by word from the one that holds the next tick; that one again at the end, for its lower bits.
  auto begin = now_ + 1;
  auto bit = begin % word_bits;
  auto mask = ~std::uint64_t{0} << bit;
  for (auto base = begin - bit; base <= begin + ticks; base += word_bits, mask = ~std::uint64_t{0})
    if (auto word = occupied_[base % ticks / word_bits] & mask; word != 0)
      return base + static_cast<std::uint64_t>(std::countr_zero(word));
  return now_ + ticks;
}

} // namespace lmq
