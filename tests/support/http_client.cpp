// Requests out, answers in, over one tcp_connection.
#include "tests/support/http_client.hpp"

#include <algorithm>

namespace lmq::testing {

std::string render_request(std::string_view method, std::string_view target, const http_headers& headers,
                           std::string_view body) {
  auto given = [&](std::string_view name) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](auto& header) { return same_name(header.first, name); });
  };
  std::string out;
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  if (!given("host"))
    out += "host: 127.0.0.1\r\n";
  if (!given("content-length") && !given("transfer-encoding") && (!body.empty() || method == "POST"))
    out += "content-length: " + std::to_string(body.size()) + "\r\n";
  for (auto& [name, value] : headers)
    out.append(name).append(": ").append(value).append("\r\n");
  return out.append("\r\n").append(body);
}

http_client::http_client(std::uint16_t port) : connection_(port) {}

http_response http_client::request(std::string_view method, std::string_view target,
                                   const http_headers& headers, std::string_view body) {
  send(method, target, headers, body);
  time_limit limit{answer_time_max};
  for (;;) {
    auto response = receive(limit, method == "HEAD");
    if (!response.is_interim())
      return response;
  }
}

void http_client::send(std::string_view method, std::string_view target, const http_headers& headers,
                       std::string_view body) {
  connection_.send(render_request(method, target, headers, body));
}

void http_client::send_raw(std::string_view bytes) {
  connection_.send(bytes);
}

http_response http_client::receive(seconds patience) {
  return receive(time_limit{patience}, false);
}

http_response http_client::receive_to_head(seconds patience) {
  return receive(time_limit{patience}, true);
}

std::optional<http_response> http_client::receive_within(seconds patience) {
  try {
    return receive(patience);
  } catch (const timed_out&) {
    return std::nullopt;
  }
}

http_response http_client::receive(time_limit limit, bool to_head) {
  response_rules rules{.to_head = to_head};
  for (;;) {
    if (auto response = take_response(received_, rules))
      return std::move(*response);
    if (rules.stream_ended)
      throw connection_lost("the connection ended before an answer was complete; received: \"" + received_ +
                            "\"");
    if (auto bytes = connection_.receive(limit))
      received_ += *bytes;
    else
      rules.stream_ended = true;
  }
}

bool http_client::ended_by_peer(seconds patience) {
  try {
    return closed_by_peer(patience);
  } catch (const connection_lost&) {
    return true;
  }
}

bool http_client::closed_by_peer(seconds patience) {
  if (!received_.empty())
    return false;
  try {
    auto bytes = connection_.receive(time_limit{patience});
    if (bytes)
      received_ += *bytes;
    return !bytes;
  } catch (const timed_out&) {
    return false;
  }
}

std::string http_client::receive_all(seconds patience) {
  time_limit limit{patience};
  while (auto bytes = connection_.receive(limit))
    received_ += *bytes;
  return std::exchange(received_, {});
}

} // namespace lmq::testing
