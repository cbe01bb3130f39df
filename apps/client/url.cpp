#include "apps/client/request.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lmq::client {

namespace {

/// A character of ASCII that leaves ink.
bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

} // namespace

checked<server_url> parse_server_url(std::string_view text) {
  constexpr std::string_view example = "write it like http://127.0.0.1:9980";
  if (!std::all_of(text.begin(), text.end(), is_visible))
    return tl::unexpected<std::string>(fmt::format(
      "a server's URL has no blanks, control characters or bytes beyond ASCII; percent-encode those of its "
      "path, and {}",
      example));
  auto complain = [&] {
    return tl::unexpected<std::string>(fmt::format("\"{}\" is not a server's URL; {}", text, example));
  };
  auto tls = text.starts_with("https://");
  std::string_view scheme = tls ? "https://" : "http://";
  if (!text.starts_with(scheme) || text.find_first_of("?#") != std::string_view::npos)
    return complain();
  auto rest = text.substr(scheme.size());
  auto slash = std::min(rest.find('/'), rest.size());
  auto authority = std::string{rest.substr(0, slash)};
  auto prefix = rest.substr(slash);
  while (prefix.ends_with('/'))
    prefix.remove_suffix(1);
  // The last colon begins a port, unless it stands within the brackets of an IPv6 address.
  if (auto colon = authority.rfind(':'); colon == std::string::npos || authority.back() == ']')
    authority += tls ? ":443" : ":80";
  auto address = parse_host_port(authority);
  if (!address || address->port == 0)
    return complain();
  return server_url{*std::move(address), std::string{prefix}, tls};
}

std::string to_text(const server_url& url) {
  return fmt::format("{}://{}{}", url.tls ? "https" : "http", to_text(url.address), url.prefix);
}

checked<std::string> parse_token(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_visible))
    return tl::unexpected<std::string>(
      "the token has a blank, or a character that is not ASCII; give it as it stands in the server's file");
  return std::string{text};
}

checked<std::string> parse_content_type(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control))
    return tl::unexpected<std::string>(
      "a content type has no line ends or other control characters; give it like text/plain");
  return std::string{text};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (char c : text)
    if (plain.find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

std::string_view answer::header(std::string_view name) const {
  auto found = std::find_if(headers.begin(), headers.end(), [&](auto& field) { return field.first == name; });
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

} // namespace lmq::client
