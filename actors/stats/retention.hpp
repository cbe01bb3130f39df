// How long messages waited, over the last minute: a bounded sample of the times between ready and delivered.
// One for each queue, owned by its stats; on the thread of the queue's actor. Time is handed in.
#pragma once

#include "actors/stats/report.hpp"
#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lmq {

/// The original samples with folsom's `slide_uniform`: of each second up to 100 values, each as likely as any
/// other of that second, for 60 s. This does the same with 128 of each 5 s, which bounds a busy queue's
/// memory by 7 KiB rather than by 6,000 samples. So a quiet 5 s with 128 deliveries weighs as much as a busy
/// one with a million, and a queue from which nothing was pulled for a minute reports nothing.
class retention {
public:
  static constexpr std::chrono::seconds slot_length{5};
  static constexpr std::size_t slots = 12; ///< the current one included: a sample lives for 55 to 60 s
  static constexpr std::size_t slot_samples_max = 128;
  static constexpr std::size_t samples_max = slots * slot_samples_max;

  /// @param seed  decides which samples a full slot keeps; any number, best another one for each queue
  explicit retention(std::uint64_t seed) noexcept : random_(seed) {}

  /// A message was delivered.
  ///
  /// @param waited  since it was ready; kept with the 24 bits of a float, less than 0 counts as 0
  /// @param now     counts as the latest slot's if it lies before it
  /// Cost: O(1), no allocation but while a slot grows
  void record(duration waited, time_point now);

  /// Of the samples that are at most a minute old; see `describe` for each figure's formula.
  /// Cost: O(n log n) in samples
  retention_report report(time_point now) const;

  /// Of the heap; 0 until something is recorded.
  std::size_t memory_bytes() const noexcept;

private:
  struct slot {
    std::int64_t number = 0; // its start is that many slot lengths after the clock's
    std::uint32_t seen = 0;  // recorded in it, whether kept or not
    std::vector<float> kept; // seconds
  };

  static std::int64_t slot_number(time_point now) noexcept {
    using slot_lengths = std::chrono::duration<std::int64_t, std::ratio<slot_length.count()>>;
    return std::chrono::floor<slot_lengths>(now.time_since_epoch()).count();
  }

  slot& open_slot(std::int64_t number);
  std::uint32_t draw_below(std::uint32_t bound) noexcept;

  std::vector<slot> ring_;   // empty until the first sample, then `slots` of them: slot k at k modulo `slots`
  std::int64_t current_ = 0; // slot number of the latest sample, while the ring is there
  std::uint64_t random_;
};

} // namespace lmq
