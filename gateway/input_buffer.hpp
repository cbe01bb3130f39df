// The bytes that a connection has read ahead, and room for the read that is under way.
//
// Unlike Beast's buffers it may be consumed from while a read is under way: what was asked for answers
// meanwhile, and the room that the read writes to stays where it is. Held by a session, on its thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace lmq {

class input_buffer {
public:
  /// Read and not yet consumed. Valid until the next `prepare`.
  std::string_view data() const noexcept { return {bytes_.get() + first_, last_ - first_}; }
  std::size_t size() const noexcept { return last_ - first_; }
  bool empty() const noexcept { return first_ == last_; }

  /// What it takes from the allocator.
  std::size_t capacity() const noexcept { return capacity_; }

  /// Room for `n` bytes behind the data. Only while no read is under way; one is, from now on to `commit`.
  char* prepare(std::size_t n) {
    if (capacity_ - last_ < n)
      make_room(n);
    prepared_ = true;
    return bytes_.get() + last_;
  }

  /// The read has ended and brought `n` bytes.
  void commit(std::size_t n) noexcept {
    prepared_ = false;
    last_ += n;
    rewind();
  }

  /// The first `n` bytes are dealt with.
  void consume(std::size_t n) noexcept {
    first_ += n;
    rewind();
  }

  /// Gives back the memory of an empty buffer. Only while no read is under way.
  void release() noexcept {
    bytes_.reset();
    capacity_ = first_ = last_ = 0;
  }

private:
  void rewind() noexcept {
    if (first_ == last_ && !prepared_)
      first_ = last_ = 0;
  }

  void make_room(std::size_t n) {
    auto held = size();
    if (capacity_ >= held + n) {
      std::memmove(bytes_.get(), bytes_.get() + first_, held);
    } else {
      auto grown = std::max(held + n, held * 2);
      std::unique_ptr<char[]> larger{new char[grown]};
      if (held > 0)
        std::memcpy(larger.get(), bytes_.get() + first_, held);
      bytes_ = std::move(larger);
      capacity_ = grown;
    }
    first_ = 0;
    last_ = held;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t first_ = 0, last_ = 0; ///< of the data
  bool prepared_ = false;            ///< a read is under way to the room behind the data
};

} // namespace lmq
