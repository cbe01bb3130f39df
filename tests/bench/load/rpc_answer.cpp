// A minimal reader of MessagePack, as much as answers need; about as cheap as the one for HTTP.
#include "tests/bench/load/rpc_answer.hpp"

#include <cstdint>

namespace lmq::bench {

namespace {

enum class reading { done, incomplete, malformed };

/// One value without what is nested in it.
struct value_head {
  bool is_nil = false;
  bool is_array = false;
  std::uint64_t nested = 0; // values that follow: of a map, keys and values
  std::string_view text;    // of a str, bin or ext
  unsigned char first = 0;
};

class reader {
public:
  explicit reader(std::string_view bytes) : bytes_{bytes} {}

  std::size_t at() const noexcept { return at_; }

  reading next(value_head& out) noexcept {
    out = {};
    if (at_ == bytes_.size())
      return reading::incomplete;
    const auto first = static_cast<unsigned char>(bytes_[at_++]);
    out.first = first;
    if (first < 0x80 || first >= 0xe0)
      return reading::done;
    if (first < 0xa0) {
      out.is_array = first >= 0x90;
      out.nested = out.is_array ? first & 0x0fU : 2 * (first & 0x0fU);
      return reading::done;
    }
    if (first < 0xc0)
      return take(first & 0x1fU, out);
    switch (first) {
    case 0xc0: out.is_nil = true; return reading::done;
    case 0xc1: return reading::malformed;
    case 0xc2:
    case 0xc3: return reading::done;
    case 0xc4:
    case 0xd9: return take_counted(1, 0, out);
    case 0xc5:
    case 0xda: return take_counted(2, 0, out);
    case 0xc6:
    case 0xdb: return take_counted(4, 0, out);
    case 0xc7: return take_counted(1, 1, out);
    case 0xc8: return take_counted(2, 1, out);
    case 0xc9: return take_counted(4, 1, out);
    case 0xcc:
    case 0xd0: return take(1, out);
    case 0xcd:
    case 0xd1: return take(2, out);
    case 0xca:
    case 0xce:
    case 0xd2: return take(4, out);
    case 0xcb:
    case 0xcf:
    case 0xd3: return take(8, out);
    case 0xdc:
    case 0xde: return take_nested(2, first == 0xdc, out);
    case 0xdd:
    case 0xdf: return take_nested(4, first == 0xdd, out);
    default: return take(1 + (std::uint64_t{1} << (first - 0xd4U)), out); // fixext
    }
  }

  /// Passes over whatever is nested in a value whose head was read.
  reading skip_nested(std::uint64_t values) noexcept {
    value_head head;
    for (; values > 0; values += head.nested - 1)
      if (const auto got = next(head); got != reading::done)
        return got;
    return reading::done;
  }

private:
  reading take(std::uint64_t bytes, value_head& out) noexcept {
    if (bytes_.size() - at_ < bytes)
      return reading::incomplete;
    out.text = bytes_.substr(at_, bytes);
    at_ += bytes;
    return reading::done;
  }

  reading number(std::size_t bytes, std::uint64_t& out) noexcept {
    if (bytes_.size() - at_ < bytes)
      return reading::incomplete;
    for (; bytes > 0; --bytes)
      out = out << 8U | static_cast<unsigned char>(bytes_[at_++]);
    return reading::done;
  }

  reading take_counted(std::size_t width, std::uint64_t more, value_head& out) noexcept {
    std::uint64_t count = 0;
    const auto got = number(width, count);
    return got == reading::done ? take(count + more, out) : got;
  }

  reading take_nested(std::size_t width, bool is_array, value_head& out) noexcept {
    out.is_array = is_array;
    const auto got = number(width, out.nested);
    out.nested *= is_array ? 1 : 2;
    return got;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

reading read_result(reader& from, rpc_answer& out) noexcept {
  value_head head;
  if (const auto got = from.next(head); got != reading::done)
    return got;
  out.text = head.text;
  if (head.is_array)
    return from.skip_nested(head.nested);
  for (auto members = head.nested / 2; members > 0; --members) {
    value_head key;
    value_head value;
    for (auto* part : {&key, &value})
      if (const auto got = from.next(*part); got != reading::done)
        return got;
    if (key.text == "id")
      out.id = value.text;
    if (const auto got = from.skip_nested(value.nested); got != reading::done)
      return got;
  }
  return reading::done;
}

reading read_answer(reader& from, rpc_answer& out) noexcept {
  value_head head;
  if (const auto got = from.next(head); got != reading::done)
    return got;
  if (!head.is_array || head.nested != 4)
    return reading::malformed;
  if (const auto got = from.next(head); got != reading::done)
    return got;
  if (head.first != 1)
    return reading::malformed;
  for (auto part = 0; part < 2; ++part) { // the msgid, then the error
    if (const auto got = from.next(head); got != reading::done)
      return got;
    out.is_error = !head.is_nil;
    if (const auto got = from.skip_nested(head.nested); got != reading::done)
      return got;
  }
  return read_result(from, out);
}

} // namespace

rpc_answer parse_rpc_answer(std::string_view received) noexcept {
  rpc_answer out;
  reader from{received};
  switch (read_answer(from, out)) {
  case reading::incomplete: return {};
  case reading::malformed: out.is = rpc_answer::state::malformed; return out;
  case reading::done: break;
  }
  out.is = rpc_answer::state::complete;
  out.bytes = from.at();
  return out;
}

} // namespace lmq::bench
