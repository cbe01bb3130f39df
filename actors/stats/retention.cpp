#include "actors/stats/retention.hpp"

#include "actors/stats/distribution.hpp"
#include "core/mix.hpp"

#include <algorithm>
#include <utility>

namespace lmq {

namespace {

constexpr auto ring_length = static_cast<std::int64_t>(retention::slots);

// A clock's epoch may lie ahead of now, as in tests.
std::size_t place_of(std::int64_t slot_number) noexcept {
  return static_cast<std::size_t>((slot_number % ring_length + ring_length) % ring_length);
}

} // namespace

void retention::record(duration waited, time_point now) {
  const auto number = slot_number(now);
  auto& open = !ring_.empty() && number <= current_ ? ring_[place_of(current_)] : open_slot(number);
  const auto seconds = static_cast<float>(std::max(std::chrono::duration<double>(waited).count(), 0.0));
  ++open.seen;
  if (open.kept.size() < slot_samples_max)
    open.kept.push_back(seconds);
  else if (const auto i = draw_below(open.seen); i < slot_samples_max)
    open.kept[i] = seconds;
}

retention_report retention::report(time_point now) const {
  std::vector<float> samples;
  const auto latest = std::max(slot_number(now), current_);
  for (const auto& each : ring_)
    if (each.number > latest - ring_length)
      samples.insert(samples.end(), each.kept.begin(), each.kept.end());
  return describe(std::move(samples));
}

std::size_t retention::memory_bytes() const noexcept {
  auto bytes = ring_.capacity() * sizeof(slot);
  for (const auto& each : ring_)
    bytes += each.kept.capacity() * sizeof(float);
  return bytes;
}

retention::slot& retention::open_slot(std::int64_t number) {
  if (ring_.empty())
    ring_.resize(slots);
  auto& opened = ring_[place_of(number)];
  opened.number = number;
  opened.seen = 0;
  opened.kept.clear();
  current_ = number;
  return opened;
}

// SplitMix64; its upper half scaled to [0, bound), for which a bias of bound / 2^32 is no matter here.
std::uint32_t retention::draw_below(std::uint32_t bound) noexcept {
  auto z = mix_bits(random_ += mix_step);
  return static_cast<std::uint32_t>(((z >> 32) * bound) >> 32);
}

} // namespace lmq
