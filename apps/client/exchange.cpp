// The exchange over Beast: asynchronous on an io_context of its own, because only that way has timeouts.
#include "apps/client/request.hpp"

#include "apps/read_file.hpp"

#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
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

/// More than all certificates that a system trusts.
constexpr std::size_t authorities_bytes_max = std::size_t{16} << 20;

using tls_stream = beast::ssl_stream<beast::tcp_stream>;

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
    fmt::format("can't reach {}: {}; start one with lmq serve, or say where it is with --url",
                to_text(server), why == beast::error::timeout ? "no answer in time" : why.message()));
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

http::request<http::string_body> message_of(const server_url& server, const credentials& with,
                                            const request& asked) {
  http::request<http::string_body> out{http::string_to_verb(asked.method), server.prefix + asked.target, 11};
  out.set(http::field::host, to_text(server.address));
  out.set(http::field::user_agent, "lmq");
  out.set(http::field::connection, "close");
  if (!with.token.empty())
    out.set(http::field::authorization, "Bearer " + with.token);
  if (!asked.content_type.empty())
    out.set(http::field::content_type, asked.content_type);
  out.body() = asked.body;
  out.prepare_payload();
  return out;
}

/// The request and its answer on a stream that is ready for them.
template <class Stream>
checked<answer> talk(asio::io_context& context, Stream& stream, const server_url& server,
                     const credentials& with, const request& asked) {
  auto message = message_of(server, with, asked);
  auto& below = beast::get_lowest_layer(stream);
  below.expires_after(send_time_max);
  auto write_error = run(context, [&](auto done) { http::async_write(stream, message, done); });

  // A server that refuses a body may answer before it has read all of it, so an answer counts also then.
  if (asked.wait)
    below.expires_after(*asked.wait + answer_time_max);
  else
    below.expires_never();
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  auto error = run(context, [&](auto done) { http::async_read(stream, buffer, parser, done); });
  if (error)
    return no_answer(server, write_error ? write_error : error);
  return to_answer(parser.release());
}

/// What makes a server worth the name in the URL.
checked<void> trust(asio::ssl::context& tls, const credentials& with) {
  error_code error;
  if (with.authority.empty())
    tls.set_default_verify_paths(error);
  else
    tls.load_verify_file(with.authority, error);
  if (error)
    return tl::unexpected<std::string>(fmt::format(
      "--ca: {} can't be used: {}; name a file of certificates, PEM", with.authority, error.message()));
  tls.set_verify_mode(asio::ssl::verify_peer);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  return {};
}

checked<void> shake_hands(asio::io_context& context, tls_stream& stream, const server_url& server) {
  const auto& host = server.address.host;
  error_code is_name;
  asio::ip::make_address(host, is_name);
  if (is_name)
    SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  stream.set_verify_callback(asio::ssl::host_name_verification(host));
  auto error = run(context, [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
  if (!error)
    return {};
  if (error == beast::error::timeout)
    return no_answer(server, error);
  auto verdict = SSL_get_verify_result(stream.native_handle());
  return tl::unexpected<std::string>(fmt::format(
    "{} does not prove itself: {}; --ca FILE names the certificate to trust, and the URL the host that "
    "stands in the server's",
    to_text(server),
    verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : error.message().c_str()));
}

} // namespace

checked<void> check_authorities(const std::string& path) {
  constexpr std::string_view instead = "name a file of certificates, PEM";
  auto text = read_file(path, authorities_bytes_max,
                        fmt::format("can't use {}: it is too large for certificates", path));
  if (!text)
    return tl::unexpected<std::string>(fmt::format("{}; {}", text.error(), instead));
  asio::ssl::context tls{asio::ssl::context::tls_client};
  error_code error;
  tls.load_verify_file(path, error);
  if (error)
    return tl::unexpected<std::string>(fmt::format("{} holds no certificates; {}", path, instead));
  return {};
}

checked<answer> exchange(const server_url& server, const credentials& with, const request& asked) {
  asio::ssl::context tls{asio::ssl::context::tls_client};
  if (server.tls)
    if (auto trusted = trust(tls, with); !trusted)
      return tl::unexpected<std::string>(std::move(trusted).error());
  asio::io_context context;
  asio::ip::tcp::resolver resolver{context};
  error_code error;
  // Blocks as long as the system's resolver takes, which has its own limits.
  auto endpoints = resolver.resolve(server.address.host, std::to_string(server.address.port), error);
  if (error)
    return no_answer(server, error);
  tls_stream stream{context, tls};
  auto& plain = stream.next_layer();
  plain.expires_after(connect_time_max);
  error = run(context, [&](auto done) { plain.async_connect(endpoints, done); });
  if (error)
    return no_answer(server, error);
  if (!server.tls)
    return talk(context, plain, server, with, asked);
  if (auto proved = shake_hands(context, stream, server); !proved)
    return tl::unexpected<std::string>(std::move(proved).error());
  return talk(context, stream, server, with, asked);
}

} // namespace lmq::client
