#include "core/ids.hpp"

#include "core/mix.hpp"

#include <array>
#include <atomic>
#include <random>

namespace lmq {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t message_id_bytes = 16;
constexpr std::size_t lease_id_bytes = 24;

constexpr std::size_t digits_for(std::size_t bytes) {
  return (bytes * 8 + 5) / 6;
}
static_assert(digits_for(message_id_bytes) == message_id_text_length);
static_assert(digits_for(lease_id_bytes) == lease_id_text_length);

void put(unsigned char* at, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i, value >>= 8)
    at[i] = static_cast<unsigned char>(value);
}

std::uint64_t get(const unsigned char* at, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value = value << 8 | at[i];
  return value;
}

constexpr auto digits = [] {
  std::array<signed char, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
  return table;
}();

template <std::size_t N>
void put(std::array<unsigned char, N>& at, const message_id& id) {
  put(at.data(), id.incarnation, 8);
  put(at.data() + 8, id.counter, 8);
}

template <std::size_t N>
message_id get_message_id(const std::array<unsigned char, N>& at) {
  return {get(at.data(), 8), get(at.data() + 8, 8)};
}

/// The last digit is filled up with zeros.
template <std::size_t N>
std::string digits_of(const std::array<unsigned char, N>& raw) {
  std::string text;
  text.reserve(digits_for(N));
  std::uint32_t bits = 0;
  int held = 0;
  for (auto byte : raw) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 6; held -= 6)
      text.push_back(alphabet[bits >> (held - 6) & 63]);
  }
  if (held > 0)
    text.push_back(alphabet[bits << (6 - held) & 63]);
  return text;
}

/// Nothing if `digits_of` does not make this text.
template <std::size_t N>
std::optional<std::array<unsigned char, N>> bytes_of(std::string_view text) {
  if (text.size() != digits_for(N))
    return std::nullopt;
  std::array<unsigned char, N> raw;
  std::size_t at = 0;
  std::uint32_t bits = 0;
  int held = 0;
  for (char c : text) {
    auto digit = digits[static_cast<unsigned char>(c)];
    if (digit < 0)
      return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      raw[at++] = static_cast<unsigned char>(bits >> held);
    }
  }
  if ((bits & ((1U << held) - 1)) != 0)
    return std::nullopt;
  return raw;
}

} // namespace

std::uint64_t random_incarnation() {
  std::random_device entropy;
  return std::uint64_t{entropy()} << 32 | entropy();
}

message_id compound_id(message_id first, home_tag home) noexcept {
  // Another incarnation with the same counter: as random as the message's own, so it meets no other id.
  auto mixed = (static_cast<std::uint64_t>(home) + 1) * 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
  return {first.incarnation ^ mixed ^ mixed >> 27, first.counter};
}

std::string to_text(const message_id& id) {
  std::array<unsigned char, message_id_bytes> raw;
  put(raw, id);
  return digits_of(raw);
}

std::optional<message_id> parse_message_id(std::string_view text) {
  auto raw = bytes_of<message_id_bytes>(text);
  return raw ? std::optional{get_message_id(*raw)} : std::nullopt;
}

std::string to_text(const lease_id& id) {
  std::array<unsigned char, lease_id_bytes> raw;
  put(raw, id.message);
  put(raw.data() + 16, id.delivery, 4);
  put(raw.data() + 20, static_cast<std::uint32_t>(id.home), 4);
  return digits_of(raw);
}

std::optional<lease_id> parse_lease_id(std::string_view text) {
  auto raw = bytes_of<lease_id_bytes>(text);
  if (!raw)
    return std::nullopt;
  return lease_id{get_message_id(*raw), static_cast<std::uint32_t>(get(raw->data() + 16, 4)),
                  home_tag{static_cast<std::uint32_t>(get(raw->data() + 20, 4))}};
}

waiter_id next_waiter_id() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return waiter_id{last.fetch_add(1, std::memory_order_relaxed) + 1};
}

// -- moved

namespace {

/// No id source counts so far.
constexpr std::uint64_t moved_bit = std::uint64_t{1} << 63;

} // namespace

message_id moved_id(message_id of, std::string_view to) noexcept {
  // Not a way there and back: what is moved again and again never meets an id that it has had.
  auto mixed = mix_bits(hash_text(to, mix_bits(of.incarnation + mix_step)) + mix_step);
  return {mixed, of.counter | moved_bit};
}

bool is_moved(message_id id) noexcept {
  return (id.counter & moved_bit) != 0;
}

} // namespace lmq
