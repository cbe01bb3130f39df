#include "gateway/http/wire_time.hpp"

#include <charconv>
#include <cstdint>

namespace lmq {

using std::chrono::milliseconds;

std::optional<milliseconds> parse_wire_seconds(std::string_view text, milliseconds max) {
  const auto limit = static_cast<std::uint64_t>(max.count());
  std::uint64_t ms = 0;
  bool digit_seen = false, point_seen = false, rest = false;
  std::uint64_t place = 100; // what the next digit behind the point is worth, in milliseconds
  for (char c : text) {
    if (c == '.' && !point_seen) {
      point_seen = true;
      continue;
    }
    if (c < '0' || c > '9')
      return std::nullopt;
    digit_seen = true;
    auto digit = static_cast<std::uint64_t>(c - '0');
    if (!point_seen) {
      ms = ms * 10 + digit * 1000;
      if (ms > limit)
        ms = limit; // and stays there: more digits only make it longer
    } else if (place > 0) {
      ms += digit * place;
      place /= 10;
    } else {
      rest = rest || digit != 0;
    }
  }
  if (!digit_seen)
    return std::nullopt;
  if (ms == 0 && rest)
    ms = 1;
  return milliseconds{static_cast<milliseconds::rep>(ms < limit ? ms : limit)};
}

void append_wire_seconds(std::string& out, milliseconds time) {
  auto ms = time.count();
  char text[24];
  auto end = std::to_chars(text, text + sizeof text, ms / 1000).ptr;
  out.append(text, end);
  if (auto fraction = ms % 1000; fraction != 0) {
    char digits[] = {'.', static_cast<char>('0' + fraction / 100),
                     static_cast<char>('0' + fraction / 10 % 10), static_cast<char>('0' + fraction % 10)};
    std::string_view shown{digits, sizeof digits};
    while (shown.back() == '0')
      shown.remove_suffix(1);
    out += shown;
  }
}

} // namespace lmq
