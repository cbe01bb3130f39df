#include "cluster/transport/tls_context.hpp"

#include "core/log_value.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

namespace lmq {

std::string take_openssl_reason() {
  std::string reason;
  while (auto code = ERR_get_error())
    if (const char* text = ERR_reason_error_string(code); text != nullptr && reason.empty())
      reason = text;
  return reason.empty() ? "the connection was closed" : reason;
}

tl::expected<std::shared_ptr<tls_context>, std::string> tls_context::load(const tls_files& files) {
  ERR_clear_error();
  std::shared_ptr<tls_context> made{new tls_context{SSL_CTX_new(TLS_method())}};
  auto* c = made->context_;
  auto fail = [](std::string_view what, const std::string& file) {
    return tl::unexpected<std::string>(
      fmt::format("{} {} can't be used: {}", what, file, take_openssl_reason()));
  };
  if (c == nullptr)
    return tl::unexpected<std::string>("OpenSSL can't be used: " + take_openssl_reason());
  SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
  // Nobody resumes a session: connections are few and last.
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_mode(c, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (SSL_CTX_use_certificate_chain_file(c, files.certificate.c_str()) != 1)
    return fail("the certificate", files.certificate);
  if (SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail("the key", files.key);
  if (SSL_CTX_check_private_key(c) != 1)
    return fail("the key", files.key);
  if (SSL_CTX_load_verify_file(c, files.authority.c_str()) != 1)
    return fail("the authority", files.authority);
  return made;
}

tls_context::~tls_context() {
  SSL_CTX_free(context_);
}

ssl_st* tls_context::new_session(int fd, bool accepted) const {
  auto* s = SSL_new(context_);
  if (s == nullptr)
    return nullptr;
  if (SSL_set_fd(s, fd) != 1) {
    SSL_free(s);
    return nullptr;
  }
  if (accepted)
    SSL_set_accept_state(s);
  else
    SSL_set_connect_state(s);
  return s;
}

void tls_context::log_refused(const std::string& from, const std::string& why) {
  auto now = std::chrono::steady_clock::now();
  if (now < next_line_) {
    ++unsaid_;
    return;
  }
  next_line_ = now + std::chrono::seconds{1};
  spdlog::warn("cluster.tls_refused address={} why={} more={}", log_value(from), log_value(why), unsaid_);
  unsaid_ = 0;
}

} // namespace lmq
