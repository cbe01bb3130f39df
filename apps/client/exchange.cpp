// The exchange over Beast: asynchronous on an io_context of its own, because only that way has timeouts.
#include "apps/client/request.hpp"

#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lmq::client {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

/// Runs one asynchronous operation to its end.
template <class Start>
error_code run(asio::io_context& context, Start start) {
  error_code out;
  start([&](error_code error, auto&&...) { out = error; });
  context.run();
  context.restart();
  return out;
}

tl::unexpected<std::string> no_answer(const server_url& server, const error_code& why) {
  return tl::unexpected<std::string>(
    fmt::format("can't reach http://{}{}: {}; start one with lmq serve, or say where it is with --url",
                to_text(server.address), server.prefix,
                why == beast::error::timeout ? "no answer in time" : why.message()));
}

answer to_answer(http::response<http::string_body>&& from) {
  answer out{.status = from.result_int()};
  for (auto& field : from) {
    auto& [name, value] = out.headers.emplace_back(field.name_string(), field.value());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  }
  out.body = std::move(from.body());
  return out;
}

} // namespace

checked<answer> exchange(const server_url& server, const request& asked) {
  asio::io_context context;
  asio::ip::tcp::resolver resolver{context};
  error_code error;
  // Blocks as long as the system's resolver takes, which has its own limits.
  auto endpoints = resolver.resolve(server.address.host, std::to_string(server.address.port), error);
  if (error)
    return no_answer(server, error);
  beast::tcp_stream stream{context};
  stream.expires_after(connect_time_max);
  error = run(context, [&](auto done) { stream.async_connect(endpoints, done); });
  if (error)
    return no_answer(server, error);

  http::request<http::string_body> message{http::string_to_verb(asked.method), server.prefix + asked.target,
                                           11};
  message.set(http::field::host, to_text(server.address));
  message.set(http::field::user_agent, "lmq");
  message.set(http::field::connection, "close");
  if (!asked.content_type.empty())
    message.set(http::field::content_type, asked.content_type);
  message.body() = asked.body;
  message.prepare_payload();
  stream.expires_after(send_time_max);
  auto write_error = run(context, [&](auto done) { http::async_write(stream, message, done); });

  // A server that refuses a body may answer before it has read all of it, so an answer counts also then.
  if (asked.wait)
    stream.expires_after(*asked.wait + answer_time_max);
  else
    stream.expires_never();
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  error = run(context, [&](auto done) { http::async_read(stream, buffer, parser, done); });
  if (error)
    return no_answer(server, write_error ? write_error : error);
  return to_answer(parser.release());
}

} // namespace lmq::client
