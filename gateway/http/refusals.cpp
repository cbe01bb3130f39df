#include "gateway/http/refusals.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace lmq {

namespace {

// In the order of http_reason.
constexpr std::array<wording, 29> table{{
  {400, "bad_name"},
  {400, "bad_pattern"},
  {400, "bad_property"},
  {400, "unknown_property"},
  {400, "unknown_hook"},
  {404, "no_such_lease"},
  {404, "no_such_queue"},
  {507, "over_limit"},
  {404, "no_such_member"},
  {409, "member_in_use"},
  {503, "unavailable"},
  {429, "queue_full"},
  {404, "no_such_message"},
  {400, "bad_request"},
  {400, "bad_target"},
  {400, "bad_parameter"},
  {400, "bad_json"},
  {404, "no_such_route"},
  {405, "method_not_allowed"},
  {413, "body_too_large"},
  {431, "headers_too_large"},
  {408, "request_timeout"},
  {503, "too_many_connections"},
  {409, "no_cluster"},
  {409, "no_storage"},
  {409, "bad_directory"},
  {507, "no_space"},
  {401, "unauthorized"},
  {403, "forbidden"},
}};
static_assert(static_cast<std::size_t>(http_reason::forbidden) + 1 == table.size());

http_reason to_http(reason why) noexcept {
  switch (why) {
  case reason::bad_name: return http_reason::bad_name;
  case reason::bad_pattern: return http_reason::bad_pattern;
  case reason::bad_property: return http_reason::bad_property;
  case reason::unknown_property: return http_reason::unknown_property;
  case reason::unknown_hook: return http_reason::unknown_hook;
  case reason::no_such_lease: return http_reason::no_such_lease;
  case reason::no_such_queue: return http_reason::no_such_queue;
  case reason::over_limit: return http_reason::over_limit;
  case reason::no_such_member: return http_reason::no_such_member;
  case reason::member_in_use: return http_reason::member_in_use;
  case reason::unavailable: return http_reason::unavailable;
  case reason::queue_full: return http_reason::queue_full;
  case reason::no_such_message: return http_reason::no_such_message;
  case reason::no_space: return http_reason::no_space;
  }
  return http_reason::unavailable;
}

} // namespace

wording wording_of(http_reason why) noexcept {
  return table[static_cast<std::size_t>(why)];
}

http_refusal to_http(refusal r) {
  return {to_http(r.why), std::move(r.detail)};
}

std::string_view status_line(unsigned status) noexcept {
  switch (status) {
  case 200: return "HTTP/1.1 200 OK\r\n";
  case 204: return "HTTP/1.1 204 No Content\r\n";
  case 400: return "HTTP/1.1 400 Bad Request\r\n";
  case 401: return "HTTP/1.1 401 Unauthorized\r\n";
  case 403: return "HTTP/1.1 403 Forbidden\r\n";
  case 404: return "HTTP/1.1 404 Not Found\r\n";
  case 405: return "HTTP/1.1 405 Method Not Allowed\r\n";
  case 408: return "HTTP/1.1 408 Request Timeout\r\n";
  case 409: return "HTTP/1.1 409 Conflict\r\n";
  case 413: return "HTTP/1.1 413 Payload Too Large\r\n";
  case 429: return "HTTP/1.1 429 Too Many Requests\r\n";
  case 431: return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
  case 503: return "HTTP/1.1 503 Service Unavailable\r\n";
  case 507: return "HTTP/1.1 507 Insufficient Storage\r\n";
  default: return "HTTP/1.1 500 Internal Server Error\r\n";
  }
}

} // namespace lmq
