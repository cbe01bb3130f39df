// Coarse deadlines by the thousand: arm, move and cancel in constant time, nothing to do while nothing is
// due.
//
// A hashed wheel of intrusive lists, one list for each tick of `granularity`. A deadline that moves to later
// stays in its list and is moved only when that comes up, so a session may push its idle deadline on with
// every byte for the price of an assignment. Pure: time is handed in. One thread; `deadline_timer` drives it
// on an I/O thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace lmq {

class deadline;
class deadline_wheel;

/// Has deadlines, e.g. a session.
class deadline_owner {
public:
  /// `which` has passed; it is unarmed and may be armed again. May arm, cancel and destroy any deadline,
  /// itself too.
  virtual void on_deadline(deadline& which) noexcept = 0;

protected:
  ~deadline_owner() = default;
};

/// One thing that can be late: a member of its owner. Unarmed when made; cancels itself when it goes.
class deadline {
public:
  explicit deadline(deadline_owner& owner) noexcept : owner_(&owner) { link_.self = this; }
  ~deadline() { cancel(); }

  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  bool armed() const noexcept { return wheel_ != nullptr; }

  /// Does nothing if not armed. O(1).
  void cancel() noexcept;

private:
  friend class deadline_wheel;

  /// A list is a ring through its head.
  struct link {
    link* previous = this;
    link* next = this;
    deadline* self = nullptr; ///< nullptr: the head

    link() = default;
    link(const link&) = delete;
    link& operator=(const link&) = delete;
    void insert_before(link& other) noexcept;
    void remove() noexcept;
    bool alone() const noexcept { return next == this; }
  };

  link link_;
  deadline_owner* owner_;
  deadline_wheel* wheel_ = nullptr; ///< nullptr: not armed
  std::uint64_t due_ = 0;           ///< the tick at which it is due
  std::uint64_t listed_ = 0;        ///< the tick of the list it is in
};

class deadline_wheel {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// Deadlines rise never early and less than this late.
  static constexpr duration granularity = std::chrono::milliseconds(100);

  /// Ticks a wheel spans (51.2 s). A deadline beyond is looked at once a round.
  static constexpr std::size_t ticks = 512;

  /// @param now  the wheel's beginning; no instant handed in later is before it
  explicit deadline_wheel(time_point now) noexcept : origin_(now) {}

  /// Deadlines that are left become unarmed.
  ~deadline_wheel();

  deadline_wheel(const deadline_wheel&) = delete;
  deadline_wheel& operator=(const deadline_wheel&) = delete;

  /// Arms `d` for `at`, or moves it there. An instant that has passed is due at the next tick.
  ///
  /// Cost: O(1); moving to later is an assignment
  void arm(deadline& d, time_point at) noexcept;

  /// Tells the owners of what is due at `now`, in order of ticks.
  ///
  /// @param now  never earlier than the last call's
  /// Cost: O(deadlines listed in the ticks since the last call)
  void advance(time_point now) noexcept;

  /// When `advance` should be called next; nothing if no deadline is armed. It may be too early (what was
  /// there has moved or was cancelled), never too late. O(1).
  std::optional<time_point> next() const noexcept;

  /// Deadlines armed.
  std::size_t size() const noexcept { return size_; }

private:
  friend class deadline;
  using link = deadline::link;

  static constexpr std::size_t word_bits = 64;
  static_assert(ticks % word_bits == 0, "the occupied bits fill whole words");

  std::uint64_t tick_of(time_point at) const noexcept;
  void list(deadline& d) noexcept;
  std::uint64_t first_occupied() const noexcept;

  time_point origin_;
  std::uint64_t now_ = 0;   ///< the last tick that was worked off
  std::uint64_t first_ = 0; ///< no deadline is listed before this tick; meaningless while `size_` is 0
  std::size_t size_ = 0;
  std::array<link, ticks> lists_;                           ///< tick t is at t % ticks
  std::array<std::uint64_t, ticks / word_bits> occupied_{}; ///< by list; may be set for an empty one
};

} // namespace lmq
