#include "gateway/rpc/value_reader.hpp"

#include "core/whole_number.hpp"
#include "event_loop/bug.hpp"

namespace lmq {

token value_reader::peek() const {
  token next;
  if (read_token(rest_, next) != token_state::complete || next.bytes > rest_.size() - next.head_bytes)
    event_loop_bug("a MessagePack value is read that was not looked over");
  return next;
}

void value_reader::pass(const token& head) {
  rest_.remove_prefix(head.head_bytes + static_cast<std::size_t>(head.bytes));
}

std::string_view value_reader::skip() {
  auto from = rest_;
  for (std::uint64_t left = 1; left > 0; --left) {
    auto next = peek();
    pass(next);
    left += next.values;
  }
  return from.substr(0, from.size() - rest_.size());
}

std::optional<std::string_view> value_reader::text() {
  auto next = peek();
  if (next.kind != value_kind::str && next.kind != value_kind::bin)
    return std::nullopt;
  auto text = rest_.substr(next.head_bytes, static_cast<std::size_t>(next.bytes));
  pass(next);
  return text;
}

std::optional<std::uint64_t> value_reader::array() {
  auto next = peek();
  if (next.kind != value_kind::array)
    return std::nullopt;
  pass(next);
  return next.values;
}

std::optional<std::uint64_t> value_reader::map() {
  auto next = peek();
  if (next.kind != value_kind::map)
    return std::nullopt;
  pass(next);
  return next.values / 2;
}

std::optional<bool> value_reader::boolean() {
  auto next = peek();
  if (next.kind != value_kind::boolean)
    return std::nullopt;
  pass(next);
  return next.number == 1;
}

std::optional<std::uint64_t> value_reader::integer() {
  auto next = peek();
  if (next.kind != value_kind::integer)
    return std::nullopt;
  pass(next);
  return next.number;
}

std::optional<std::uint64_t> value_reader::whole(std::uint64_t most) {
  auto next = peek();
  std::optional<std::uint64_t> is;
  if (next.kind == value_kind::integer && next.number <= most)
    is = next.number;
  else if (next.kind == value_kind::floating)
    is = whole_number(next.real, most);
  if (is)
    pass(next);
  return is;
}

std::optional<double> value_reader::number() {
  auto next = peek();
  std::optional<double> is;
  if (next.kind == value_kind::integer)
    is = static_cast<double>(next.number);
  else if (next.kind == value_kind::negative)
    is = -1; // all that anybody asks of it
  else if (next.kind == value_kind::floating)
    is = next.real;
  if (is)
    pass(next);
  return is;
}

} // namespace lmq
