// The bytes that a connection has still to send: heads and small bodies in one text, large bodies where they
// lie.
//
// Held by a session, on its thread. Knows nothing of HTTP, nor of sockets.
#pragma once

#include "core/payload.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lmq {

class outbox {
public:
  /// A body up to this size is cheaper copied than sent from where it lies.
  static constexpr std::size_t copied_bytes_max = 2 * 1024;

  /// Room for text that an outbox keeps once all is sent, so that the next answer asks for no memory.
  static constexpr std::size_t kept_bytes_max = 4 * 1024;

  /// What is appended here is sent behind all that came before. Valid until the next call.
  std::string& text() noexcept { return text_; }

  void add(std::string_view bytes) { text_ += bytes; }

  /// Keeps the body alive until it is sent.
  void add(const payload& body);

  /// Takes the bytes over.
  void add_owned(std::string bytes);

  bool empty() const noexcept { return size() == 0; }

  /// Bytes not yet sent.
  std::size_t size() const noexcept { return text_.size() + inserted_bytes_ - text_sent_ - inserted_sent_; }

  /// What it keeps in memory: bodies until their last byte is sent.
  std::size_t held_bytes() const noexcept { return text_.size() + inserted_bytes_ - let_go_bytes_; }

  /// Where the next byte will stand, counted from the connection's first; and how far it has been sent.
  std::uint64_t end() const noexcept { return sent_ + size(); }
  std::uint64_t sent() const noexcept { return sent_; }

  /// The first pieces to send, in order; as many as `into` holds. Valid until something is added.
  /// @returns how many there are
  std::size_t pieces(std::span<std::string_view> into) const;

  /// The first `bytes` are sent.
  void consume(std::size_t bytes);

private:
  /// Bytes that stand in the stream before text_[at].
  struct insert {
    std::size_t at;
    std::variant<payload, std::string> bytes;

    std::string_view view() const;
  };

  std::string text_;
  std::size_t text_sent_ = 0;
  std::vector<insert> inserts_;
  std::size_t next_insert_ = 0;    ///< the first that is not wholly sent
  std::size_t insert_sent_ = 0;    ///< bytes of that one
  std::size_t inserted_bytes_ = 0; ///< of all inserts
  std::size_t inserted_sent_ = 0;
  std::size_t let_go_bytes_ = 0; ///< of inserts that are wholly sent
  std::uint64_t sent_ = 0;
};

} // namespace lmq
