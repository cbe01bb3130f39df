#include "core/host_port.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace lmq {

namespace {

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

tl::unexpected<std::string> wrong(std::string_view text, std::string_view what) {
  return tl::unexpected<std::string>("\"" + std::string{text} + "\" " + std::string{what});
}

} // namespace

tl::expected<host_port, std::string> parse_host_port(std::string_view text) {
  auto colon = text.rfind(':');
  auto host = text.substr(0, colon);
  auto bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  if (colon == std::string_view::npos || host.empty() || !printable(host) ||
      host.find_first_of("[]/@") != std::string_view::npos ||
      (!bracketed && host.find(':') != std::string_view::npos))
    return wrong(text, "is not HOST:PORT; write it like 127.0.0.1:9980, localhost:9980 or [::1]:9980");
  std::uint16_t port = 0;
  auto number = text.substr(colon + 1);
  auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), port);
  if (error != std::errc{} || stop != number.data() + number.size())
    return wrong(text, "has no port from 0 to 65535 behind its last colon; write it like 127.0.0.1:9980");
  return host_port{std::string{host}, port};
}

std::string to_text(const host_port& address) {
  auto is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

} // namespace lmq
