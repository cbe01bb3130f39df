// A message's content type and body: written once, then shared by whoever needs them and never copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace lmq {

/// A handle to immutable bytes. Copying it copies a pointer; any thread may hold one.
class payload {
public:
  payload() noexcept = default;
  payload(const payload& other) noexcept;
  payload(payload&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  payload& operator=(payload other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~payload();

  static payload copy_of(std::string_view content_type, std::string_view body);

  /// Both empty for a default-constructed handle; otherwise as they came in.
  std::string_view content_type() const noexcept;
  std::string_view body() const noexcept;

  /// What the handle's target takes from the allocator, in bytes.
  std::size_t memory_bytes() const noexcept;

private:
  friend class payload_builder;
  struct block;
  explicit payload(block* b) noexcept : block_(b) {}

  block* block_ = nullptr;
};

/// Fills a payload while the body arrives. One thread.
class payload_builder {
public:
  /// @param body_bytes_expected  the body's size where it is known; more may be appended, at the price of a
  /// move
  payload_builder(std::string_view content_type, std::size_t body_bytes_expected);
  payload_builder(payload_builder&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), capacity_(other.capacity_) {}
  payload_builder& operator=(payload_builder&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~payload_builder();

  /// Amortised O(bytes).
  void append(std::string_view bytes);

  /// Bytes appended so far.
  std::size_t size() const noexcept;

  /// Ends the building; the builder may only be destroyed or assigned to afterwards.
  payload finish() &&;

private:
  payload::block* block_;
  std::size_t capacity_; ///< of the body
};

} // namespace lmq
