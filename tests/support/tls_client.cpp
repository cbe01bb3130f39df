// A blocking socket whose reads and writes give up after answer_time_max, and OpenSSL on it.
#include "tests/support/tls_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <csignal>

namespace lmq::testing {

namespace {

unique_fd connected(std::uint16_t port) {
  unique_fd out{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  timeval patience{static_cast<time_t>(answer_time_max.count()), 0};
  ::setsockopt(out.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(out.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  int on = 1;
  ::setsockopt(out.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(out.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw connection_lost("nobody listens there");
  return out;
}

std::string openssl_words() {
  std::string out;
  while (auto code = ERR_get_error())
    if (const char* text = ERR_reason_error_string(code))
      out += out.empty() ? text : std::string{", "} + text;
  return out.empty() ? "no word of OpenSSL" : out;
}

} // namespace

tls_client::tls_client(std::uint16_t port, const tls_client_options& options)
    : socket_(connected(port)),
      context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free),
      session_(nullptr, &SSL_free) {
  // OpenSSL writes to a peer that has gone without a word to keep the signal away.
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<BIO, decltype(&BIO_free)> pem{
    BIO_new_mem_buf(options.trusted.data(), static_cast<int>(options.trusted.size())), &BIO_free};
  std::unique_ptr<X509, decltype(&X509_free)> trusted{PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr),
                                                      &X509_free};
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), trusted.get());
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (options.version_max != 0)
    SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
  ERR_clear_error();
  session_.reset(SSL_new(context_.get()));
  SSL_set_fd(session_.get(), socket_.get());
  if (SSL_connect(session_.get()) != 1)
    throw connection_lost("no handshake: " + openssl_words());
}

http_response tls_client::request(std::string_view method, std::string_view target,
                                  const http_headers& headers, std::string_view body) {
  send(method, target, headers, body);
  return receive();
}

void tls_client::send(std::string_view method, std::string_view target, const http_headers& headers,
                      std::string_view body) {
  send_raw(render_request(method, target, headers, body));
}

void tls_client::send_raw(std::string_view bytes) {
  ERR_clear_error();
  if (SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) !=
      static_cast<int>(bytes.size()))
    throw connection_lost("nothing could be sent: " + openssl_words());
}

http_response tls_client::receive() {
  for (;;) {
    if (auto response = take_response(received_, {})) {
      if (!response->is_interim())
        return *std::move(response);
    } else if (read() == 0) {
      throw connection_lost("the connection ended before an answer was complete: " + received_);
    }
  }
}

bool tls_client::closed_by_peer() {
  return received_.empty() && read() == 0;
}

std::size_t tls_client::read() {
  char bytes[16 * 1024];
  ERR_clear_error();
  auto n = SSL_read(session_.get(), bytes, sizeof bytes);
  if (n <= 0 && SSL_get_error(session_.get(), n) != SSL_ERROR_ZERO_RETURN)
    throw connection_lost("nothing could be received: " + openssl_words());
  if (n <= 0)
    return 0;
  received_.append(bytes, static_cast<std::size_t>(n));
  return static_cast<std::size_t>(n);
}

std::string tls_client::version() const {
  return SSL_get_version(session_.get());
}

} // namespace lmq::testing
