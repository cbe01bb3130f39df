// One HTTP request to a server and its answer, for the client commands.
//
// Plain values; `exchange` blocks its thread, and is alone in including Beast.
#pragma once

#include "apps/values.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmq::client {

/// `http://HOST[:PORT][/PREFIX]`, or the same with `https`, in its parts.
struct server_url {
  host_port address;
  std::string prefix; ///< of every path; no slash at its end
  bool tls = false;

  friend bool operator==(const server_url&, const server_url&) = default;
};

/// Port 80 or 443 where the URL has none, as everywhere. The path is sent as it stands, so it is printable
/// ASCII.
checked<server_url> parse_server_url(std::string_view text);

std::string to_text(const server_url& url);

/// How a client proves itself to a server, and a server to it.
struct credentials {
  std::string token{};     ///< empty: none is sent
  std::string authority{}; ///< path of the certificates (PEM) to trust; empty: those that the system trusts
};

/// A token as it may stand in a header: printable characters of ASCII without blanks. The error does not show
/// it.
checked<std::string> parse_token(std::string_view text);

/// What may stand behind `content-type: `: no control characters, which would end the header or the request.
checked<std::string> parse_content_type(std::string_view text);

/// Errors: the file can't be read, or holds no certificates in PEM
checked<void> check_authorities(const std::string& path);

/// Everything but letters, digits and `-._~` as %XX: a queue's name as part of a path.
std::string percent_encoded(std::string_view text);

struct request {
  std::string method;
  std::string target;         ///< path and query
  std::string content_type{}; ///< empty: none is sent
  std::string body{};
  std::optional<std::chrono::milliseconds> wait{
    0}; ///< how long the server may hold the answer back; nothing: for ever
};

struct answer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers{}; ///< in order, names in lower case
  std::string body{};

  /// The first header of that name, or an empty text.
  std::string_view header(std::string_view name) const;
};

/// How long an exchange may take: to connect, to send the request, and to answer (on top of what it may
/// wait).
inline constexpr std::chrono::seconds connect_time_max{5};
inline constexpr std::chrono::seconds send_time_max{60};
inline constexpr std::chrono::seconds answer_time_max{60};

/// Sends the request on a connection of its own. Errors: no answer, and why; a server that does not prove
/// itself.
checked<answer> exchange(const server_url& server, const credentials& with, const request& asked);

} // namespace lmq::client
