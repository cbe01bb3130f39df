// Writing MessagePack into an outbox.
#pragma once

#include "core/payload.hpp"
#include "gateway/outbox.hpp"

#include <cstdint>
#include <string_view>

#include <msgpack/pack.hpp>

namespace lmq {

/// msgpack-c's packer on an outbox, with strings that clients of every age can read.
class pack_stream {
public:
  explicit pack_stream(outbox& out) noexcept : out_(out) {}

  /// What msgpack-c writes through.
  void write(const char* bytes, std::size_t n) { out_.add(std::string_view{bytes, n}); }

  outbox& out() noexcept { return out_; }

private:
  outbox& out_;
};

class packer : public msgpack::packer<pack_stream> {
public:
  explicit packer(pack_stream& stream) : msgpack::packer<pack_stream>(stream), stream_(stream) {}

  /// The head of a string of so many bytes. Never in the form `str 8`, which is younger than many clients: to
  /// them the other three are the forms of `raw`.
  void string_head(std::uint32_t bytes) {
    if (bytes > 0x1f && bytes <= 0xff) {
      const char head[] = {'\xda', '\0', static_cast<char>(bytes)};
      stream_.write(head, sizeof head);
    } else {
      pack_str(bytes);
    }
  }

  void string(std::string_view text) {
    string_head(static_cast<std::uint32_t>(text.size()));
    stream_.write(text.data(), text.size());
  }

private:
  pack_stream& stream_;
};

} // namespace lmq
