#include "storage/format.hpp"

#include "storage/bytes.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <limits>

namespace lmq::format {

namespace {

/// Every value's first byte.
constexpr std::uint8_t value_version = 1;

/// Of a unit's value.
enum unit_flags : std::uint8_t {
  is_compound = 1,
  is_exhausted = 2,
  has_lease = 4,
  has_window = 8,
  all_flags = 15
};

std::string versioned(std::size_t bytes_about = 16) {
  std::string value;
  value.reserve(bytes_about);
  value.push_back(static_cast<char>(value_version));
  return value;
}

/// The flaw of the version byte, if there is one.
std::optional<flaw> version_flaw(byte_reader& in) {
  auto version = in.u8();
  if (in.failed() || version == 0)
    return flaw::malformed;
  if (version > value_version)
    return flaw::newer;
  return std::nullopt;
}

void put_id(std::string& to, message_id id) {
  put_u64(to, id.incarnation);
  put_u64(to, id.counter);
}

message_id read_id(byte_reader& in) {
  message_id id;
  id.incarnation = in.u64();
  id.counter = in.u64();
  return id;
}

std::string key_with_id(row kind, std::uint32_t queue, message_id id) {
  std::string key;
  key.reserve(21);
  key.push_back(static_cast<char>(kind));
  put_u32(key, queue);
  put_id(key, id);
  return key;
}

using nanoseconds = std::chrono::nanoseconds;

void put_left(std::string& to, duration left) {
  auto ns = std::chrono::duration_cast<nanoseconds>(left).count();
  put_number(to, static_cast<std::uint64_t>(std::max<nanoseconds::rep>(ns, 0)));
}

/// What is left now of what was left then.
duration read_left(byte_reader& in, std::uint64_t written_ms, std::uint64_t now_ms) {
  auto left = in.number();
  if (left > static_cast<std::uint64_t>(std::numeric_limits<nanoseconds::rep>::max())) {
    in.fail();
    return {};
  }
  auto passed_ms = now_ms > written_ms ? now_ms - written_ms : 0;
  if (passed_ms >= left / 1'000'000 + 1)
    return {};
  auto passed = passed_ms * 1'000'000;
  return std::chrono::duration_cast<duration>(
    nanoseconds{static_cast<nanoseconds::rep>(left - std::min(left, passed))});
}

} // namespace

std::string key_of(row single) {
  return std::string(1, static_cast<char>(single));
}

std::string context_key(std::uint64_t incarnation) {
  auto key = key_of(row::context);
  put_u64(key, incarnation);
  return key;
}

std::string note_key(std::string_view name) {
  auto key = key_of(row::note);
  key.append(name);
  return key;
}

std::string queue_key(std::uint32_t queue) {
  auto key = key_of(row::queue);
  put_u32(key, queue);
  return key;
}

std::string message_key(std::uint32_t queue, message_id id) {
  return key_with_id(row::message, queue, id);
}

std::string unit_key(std::uint32_t queue, message_id id) {
  return key_with_id(row::unit, queue, id);
}

std::optional<queue_and_id> parse_queue_and_id(std::string_view key) {
  byte_reader in(key);
  in.u8();
  queue_and_id names;
  names.queue = in.u32();
  names.id = read_id(in);
  return in.complete() ? std::optional(names) : std::nullopt;
}

std::optional<std::uint32_t> parse_queue(std::string_view key) {
  byte_reader in(key);
  in.u8();
  auto queue = in.u32();
  return in.complete() ? std::optional(queue) : std::nullopt;
}

std::optional<std::uint64_t> parse_incarnation(std::string_view key) {
  byte_reader in(key);
  in.u8();
  auto incarnation = in.u64();
  return in.complete() ? std::optional(incarnation) : std::nullopt;
}

std::string text_of(message_id id) {
  return fmt::format("{:016x}-{}", id.incarnation, id.counter);
}

std::string message_head(const stored_message& m) {
  auto value = versioned(32 + m.content.content.content_type().size());
  put_number(value, m.retries_left);
  put_number(value, m.place);
  put_number(value, m.content.preserved ? m.content.preserved->size() : 0);
  if (m.content.preserved)
    for (const auto& [name, field] : *m.content.preserved) {
      put_text(value, name);
      put_text(value, field);
    }
  put_text(value, m.content.content.content_type());
  return value;
}

decoded<stored_message> decode_message(message_id id, std::string_view value) {
  byte_reader in(value);
  if (auto wrong = version_flaw(in))
    return tl::unexpected(*wrong);
  stored_message m;
  m.id = id;
  m.retries_left = in.small_number();
  m.place = in.number();
  if (auto headers = in.count(2); headers > 0) {
    header_list list;
    while (headers-- > 0 && !in.failed()) {
      auto name = in.text();
      auto field = in.text();
      list.emplace_back(name, field);
    }
    m.content.preserved = std::make_shared<const header_list>(std::move(list));
  }
  auto content_type = in.text();
  auto body = in.rest();
  if (in.failed())
    return tl::unexpected(flaw::malformed);
  m.content.content = payload::copy_of(content_type, body);
  return m;
}

std::string unit_value(const stored_unit& u, std::uint64_t wall_ms) {
  auto value = versioned(64 + 16 * u.parts.size());
  unsigned flags = 0;
  flags |= u.compound ? is_compound : 0;
  flags |= u.state.exhausted ? is_exhausted : 0;
  flags |= u.state.lease ? has_lease : 0;
  flags |= u.window ? has_window : 0;
  value.push_back(static_cast<char>(flags));
  put_number(value, wall_ms);
  put_number(value, u.place);
  put_number(value, u.state.deliveries);
  put_number(value, u.state.retries_left);
  put_u32(value, static_cast<std::uint32_t>(u.state.home));
  if (u.state.lease)
    put_left(value, *u.state.lease);
  if (u.window)
    put_left(value, *u.window);
  put_number(value, u.parts.size());
  for (auto id : u.parts)
    put_id(value, id);
  return value;
}

decoded<stored_unit> decode_unit(message_id unit, std::string_view value, std::uint64_t wall_ms) {
  byte_reader in(value);
  if (auto wrong = version_flaw(in))
    return tl::unexpected(*wrong);
  stored_unit u;
  u.unit = unit;
  auto flags = in.u8();
  if (flags > all_flags)
    return tl::unexpected(flaw::malformed);
  u.compound = (flags & is_compound) != 0;
  u.state.exhausted = (flags & is_exhausted) != 0;
  auto written_ms = in.number();
  u.place = in.number();
  u.state.deliveries = in.small_number();
  u.state.retries_left = in.small_number();
  u.state.home = home_tag{in.u32()};
  if ((flags & has_lease) != 0)
    u.state.lease = read_left(in, written_ms, wall_ms);
  if ((flags & has_window) != 0)
    u.window = read_left(in, written_ms, wall_ms);
  auto parts = in.count(16);
  u.parts.reserve(parts);
  while (parts-- > 0)
    u.parts.push_back(read_id(in));
  if (!in.complete())
    return tl::unexpected(flaw::malformed);
  return u;
}

std::string context_value(const std::vector<id_set::interval>& intervals) {
  auto value = versioned(16 + 8 * intervals.size());
  put_number(value, intervals.size());
  for (auto [first, last] : intervals) {
    put_number(value, first);
    put_number(value, last - first);
  }
  return value;
}

decoded<std::vector<id_set::interval>> decode_context(std::string_view value) {
  byte_reader in(value);
  if (auto wrong = version_flaw(in))
    return tl::unexpected(*wrong);
  std::vector<id_set::interval> intervals;
  auto count = in.count(2);
  intervals.reserve(count);
  while (count-- > 0 && !in.failed()) {
    auto first = in.number();
    auto more = in.number();
    bool behind_the_last = intervals.empty() || first > intervals.back().last;
    if (!behind_the_last || more > std::numeric_limits<std::uint64_t>::max() - first)
      in.fail();
    intervals.push_back({first, first + more});
  }
  if (!in.complete())
    return tl::unexpected(flaw::malformed);
  return intervals;
}

std::string text_value(std::string_view text) {
  auto value = versioned(1 + text.size());
  value.append(text);
  return value;
}

decoded<std::string> decode_text(std::string_view value) {
  byte_reader in(value);
  if (auto wrong = version_flaw(in))
    return tl::unexpected(*wrong);
  return std::string(in.rest());
}

std::string number_value(std::uint64_t number) {
  auto value = versioned();
  put_u64(value, number);
  return value;
}

decoded<std::uint64_t> decode_number(std::string_view value) {
  byte_reader in(value);
  if (auto wrong = version_flaw(in))
    return tl::unexpected(*wrong);
  auto number = in.u64();
  if (!in.complete())
    return tl::unexpected(flaw::malformed);
  return number;
}

std::string directory_value(const directory_mark& mark) {
  auto value = versioned();
  put_number(value, mark.version);
  value.append(mark.program);
  return value;
}

decoded<directory_mark> decode_directory(std::string_view value) {
  byte_reader in(value);
  if (auto wrong = version_flaw(in))
    return tl::unexpected(*wrong);
  directory_mark mark;
  mark.version = in.small_number();
  mark.program = in.rest();
  if (in.failed() || mark.version == 0)
    return tl::unexpected(flaw::malformed);
  return mark;
}

} // namespace lmq::format
