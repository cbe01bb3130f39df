#include "core/payload.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace lmq {

/// The bytes follow: first the content type, then the body.
struct payload::block {
  std::atomic<std::uint32_t> references;
  std::uint32_t type_bytes;
  std::size_t body_bytes;

  char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
};

payload::payload(const payload& other) noexcept : block_(other.block_) {
  if (block_ != nullptr)
    block_->references.fetch_add(1, std::memory_order_relaxed);
}

payload::~payload() {
  if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    std::free(block_);
}

payload payload::copy_of(std::string_view content_type, std::string_view body) {
  payload_builder builder(content_type, body.size());
  builder.append(body);
  return std::move(builder).finish();
}

std::string_view payload::content_type() const noexcept {
  return block_ == nullptr ? std::string_view{} : std::string_view{block_->bytes(), block_->type_bytes};
}

std::string_view payload::body() const noexcept {
  return block_ == nullptr ? std::string_view{}
                           : std::string_view{block_->bytes() + block_->type_bytes, block_->body_bytes};
}

std::size_t payload::memory_bytes() const noexcept {
  return block_ == nullptr ? 0 : sizeof(block) + block_->type_bytes + block_->body_bytes;
}

payload_builder::payload_builder(std::string_view content_type, std::size_t body_bytes_expected)
    : block_(nullptr), capacity_(body_bytes_expected) {
  void* memory = std::malloc(sizeof(payload::block) + content_type.size() + capacity_);
  if (memory == nullptr)
    throw std::bad_alloc{};
  block_ = new (memory) payload::block{1, static_cast<std::uint32_t>(content_type.size()), 0};
  if (!content_type.empty())
    std::memcpy(block_->bytes(), content_type.data(), content_type.size());
}

payload_builder::~payload_builder() {
  std::free(block_);
}

void payload_builder::append(std::string_view bytes) {
  if (bytes.empty())
    return;
  auto needed = block_->body_bytes + bytes.size();
  if (needed > capacity_) {
    auto grown = std::max(needed, capacity_ * 2);
    void* memory =
      std::realloc(static_cast<void*>(block_), sizeof(payload::block) + block_->type_bytes + grown);
    if (memory == nullptr)
      throw std::bad_alloc{};
    block_ = static_cast<payload::block*>(memory);
    capacity_ = grown;
  }
  std::memcpy(block_->bytes() + block_->type_bytes + block_->body_bytes, bytes.data(), bytes.size());
  block_->body_bytes = needed;
}

std::size_t payload_builder::size() const noexcept {
  return block_->body_bytes;
}

payload payload_builder::finish() && {
  if (block_->body_bytes < capacity_) {
    // Grown by doubling, or announced longer than it came: give back what is not used.
    auto bytes = sizeof(payload::block) + block_->type_bytes + block_->body_bytes;
    if (void* memory = std::realloc(static_cast<void*>(block_), bytes))
      block_ = static_cast<payload::block*>(memory);
  }
  return payload{std::exchange(block_, nullptr)};
}

} // namespace lmq
