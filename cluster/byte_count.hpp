// How many bytes several things take that somebody holds: a sum, and shares of it that end with what they
// count. Plain; its owner's thread.
#pragma once

#include <cstddef>
#include <utility>

namespace lmq {

class byte_count {
public:
  byte_count() = default;
  byte_count(const byte_count&) = delete;
  byte_count& operator=(const byte_count&) = delete;

  std::size_t bytes() const noexcept { return bytes_; }

  /// Counts until it ends; moves with what it counts. The count outlives it.
  class share {
  public:
    share() = default;
    share(byte_count& of, std::size_t bytes) noexcept : of_(&of), bytes_(bytes) { of.bytes_ += bytes; }
    share(share&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    share& operator=(share other) noexcept {
      std::swap(of_, other.of_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }

    ~share() {
      if (of_ != nullptr)
        of_->bytes_ -= bytes_;
    }

    /// It counts something, be it nothing but that.
    explicit operator bool() const noexcept { return of_ != nullptr; }

  private:
    byte_count* of_ = nullptr;
    std::size_t bytes_ = 0;
  };

private:
  std::size_t bytes_ = 0;
};

} // namespace lmq
