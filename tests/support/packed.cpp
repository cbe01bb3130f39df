// Between C++ values and their bytes with msgpack-c, which nobody here wrote.
#include "tests/support/packed.hpp"

#include <msgpack.hpp>

#include <algorithm>
#include <charconv>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace lmq::testing {

namespace {

constexpr unsigned char str8 = 0xd9;
constexpr std::size_t shown_bytes_max = 64;

template <class Write>
std::string written(Write write) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer{buffer};
  write(packer);
  return {buffer.data(), buffer.size()};
}

msgpack::object_handle unpacked(const std::string& bytes) {
  return msgpack::unpack(bytes.data(), bytes.size());
}

/// A value that is only measured needs no copies of its strings.
bool look_on(msgpack::type::object_type, std::size_t, void*) {
  return true;
}

std::string described(const packed& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

[[noreturn]] void complain(const char* wanted, const packed& value) {
  throw malformed_value(std::string("not ") + wanted + ": " + described(value));
}

/// How many bytes stand before the first element of an array or a map.
std::size_t head_bytes(const std::string& bytes) {
  switch (static_cast<unsigned char>(bytes.at(0))) {
  case 0xdc:
  case 0xde: return 3;
  case 0xdd:
  case 0xdf: return 5;
  default: return 1;
  }
}

std::vector<packed> values_behind_head(const std::string& bytes) {
  std::vector<packed> out;
  for (std::size_t at = head_bytes(bytes); at < bytes.size();)
    out.push_back(take_value(bytes, at).value());
  return out;
}

} // namespace

packed::packed(std::nullptr_t) : bytes_(written([](auto& out) { out.pack_nil(); })) {}

packed::packed(double value) : bytes_(written([&](auto& out) { out.pack_double(value); })) {}

packed::packed(std::string_view str) : bytes_(written([&](auto& out) { out.pack(str); })) {}

packed packed::of_bool(bool value) {
  return {unchecked{}, written([&](auto& out) { out.pack(value); })};
}

packed packed::of_signed(std::int64_t value) {
  return {unchecked{}, written([&](auto& out) { out.pack_int64(value); })};
}

packed packed::of_unsigned(std::uint64_t value) {
  return {unchecked{}, written([&](auto& out) { out.pack_uint64(value); })};
}

packed packed::of_bytes(std::string bytes) {
  std::size_t at = 0;
  auto value = take_value(bytes, at);
  if (!value || at != bytes.size())
    throw malformed_value("not one value: " + described({unchecked{}, std::move(bytes)}));
  return *std::move(value);
}

packed::kind packed::type() const {
  switch (unpacked(bytes_)->type) {
  case msgpack::type::NIL: return kind::nil;
  case msgpack::type::BOOLEAN: return kind::boolean;
  case msgpack::type::POSITIVE_INTEGER:
  case msgpack::type::NEGATIVE_INTEGER: return kind::integer;
  case msgpack::type::FLOAT32:
  case msgpack::type::FLOAT64: return kind::floating;
  case msgpack::type::STR: return kind::str;
  case msgpack::type::BIN: return kind::bin;
  case msgpack::type::ARRAY: return kind::array;
  case msgpack::type::MAP: return kind::map;
  case msgpack::type::EXT: return kind::ext;
  }
  complain("of a known type", *this);
}

std::string packed::text() const {
  if (type() != kind::str || static_cast<unsigned char>(bytes_[0]) == str8)
    complain("a string that all clients can read", *this);
  return contents();
}

std::string packed::contents() const {
  auto handle = unpacked(bytes_);
  if (handle->type == msgpack::type::STR)
    return {handle->via.str.ptr, handle->via.str.size};
  if (handle->type == msgpack::type::BIN)
    return {handle->via.bin.ptr, handle->via.bin.size};
  complain("a str or bin", *this);
}

std::int64_t packed::number() const {
  if (type() != kind::integer)
    complain("an integer", *this);
  return unpacked(bytes_)->as<std::int64_t>();
}

std::vector<packed> packed::elements() const {
  if (type() != kind::array)
    complain("an array", *this);
  return values_behind_head(bytes_);
}

std::vector<std::pair<packed, packed>> packed::members() const {
  if (type() != kind::map)
    complain("a map", *this);
  auto values = values_behind_head(bytes_);
  std::vector<std::pair<packed, packed>> out;
  for (std::size_t i = 0; i + 1 < values.size(); i += 2)
    out.emplace_back(std::move(values[i]), std::move(values[i + 1]));
  return out;
}

packed bin(std::string_view bytes) {
  auto size = static_cast<std::uint32_t>(bytes.size());
  return packed::of_bytes(written([&](auto& out) { out.pack_bin(size).pack_bin_body(bytes.data(), size); }));
}

packed array(const std::vector<packed>& elements) {
  auto bytes = written([&](auto& out) { out.pack_array(static_cast<std::uint32_t>(elements.size())); });
  for (auto& element : elements)
    bytes += element.bytes();
  return packed::of_bytes(std::move(bytes));
}

packed map(const std::vector<std::pair<packed, packed>>& members) {
  auto bytes = written([&](auto& out) { out.pack_map(static_cast<std::uint32_t>(members.size())); });
  for (auto& [key, value] : members)
    bytes += key.bytes() + value.bytes();
  return packed::of_bytes(std::move(bytes));
}

packed raw(std::string_view bytes) {
  auto size = static_cast<std::uint32_t>(bytes.size());
  return packed::of_bytes(
    written([&](auto& out) { out.pack_v4raw(size).pack_v4raw_body(bytes.data(), size); }));
}

std::optional<packed> take_value(std::string_view bytes, std::size_t& at) {
  auto end = at;
  try {
    msgpack::unpack(bytes.data(), bytes.size(), end, &look_on);
  } catch (const msgpack::insufficient_bytes&) {
    return std::nullopt;
  } catch (const msgpack::unpack_error& error) {
    throw malformed_value(error.what());
  }
  packed value{packed::unchecked{}, std::string(bytes.substr(at, end - at))};
  at = end;
  return value;
}

std::ostream& operator<<(std::ostream& out, const packed& value) {
  auto flags = out.flags();
  for (unsigned char byte : value.bytes().substr(0, shown_bytes_max))
    out << std::hex << std::setw(2) << std::setfill('0') << +byte << ' ';
  out.flags(flags);
  if (value.bytes().size() > shown_bytes_max)
    out << "… (" << value.bytes().size() << " bytes)";
  return out;
}

std::string from_hex(std::string_view digits) {
  std::string out;
  for (std::size_t at = 0; at + 1 < digits.size() + 1; at += 3) {
    unsigned byte = 0;
    auto [end, error] =
      std::from_chars(digits.data() + at, digits.data() + std::min(at + 2, digits.size()), byte, 16);
    if (error != std::errc{} || end != digits.data() + at + 2)
      throw malformed_value("no hexadecimal bytes: " + std::string(digits));
    out += static_cast<char>(byte);
  }
  return out;
}

} // namespace lmq::testing
