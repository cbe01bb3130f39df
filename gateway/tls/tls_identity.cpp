#include "gateway/tls/tls_identity.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

namespace lmq {

namespace {

/// With keys that only whoever is there now knows, and tags that show what was tampered with. TLS 1.3 has no
/// others.
constexpr const char* tls_1_2_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

constexpr std::string_view only_protocol = "\x08http/1.1";

/// HTTP/1.1 where the client can choose; who has nothing to say of it speaks it anyway.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned offered_bytes, void*) {
  unsigned char* found = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(only_protocol.data());
  if (SSL_select_next_proto(&found, chosen_bytes, ours, static_cast<unsigned>(only_protocol.size()), offered,
                            offered_bytes) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

/// Nobody is there to type one.
int no_password(char*, int, int, void*) {
  return 0;
}

} // namespace

std::string take_tls_reason() {
  std::string reason;
  while (auto code = ERR_get_error())
    if (const char* text = ERR_reason_error_string(code); text != nullptr && reason.empty())
      reason = text;
  return reason.empty() ? "no reason is known" : reason;
}

tl::expected<std::shared_ptr<const tls_identity>, std::string> tls_identity::load(
  const tls_identity_files& files) {
  ERR_clear_error();
  std::shared_ptr<tls_identity> made{new tls_identity{SSL_CTX_new(TLS_server_method())}};
  auto* c = made->context_;
  auto fail = [](std::string_view what, const std::string& file) {
    return tl::unexpected<std::string>(std::string{what} + " " + file +
                                       " can't be used: " + take_tls_reason());
  };
  if (c == nullptr)
    return tl::unexpected<std::string>("OpenSSL can't be used: " + take_tls_reason());
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(c, tls_1_2_ciphers);
  // A peer that ends without a word of TLS is as gone as one that does so without TLS: lengths tell what is
  // whole.
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle connection holds no buffers, and a record is read in one go.
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                        SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(c, 1);
  // Who resumes a session brings it along; one ticket is enough.
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(c, 1);
  SSL_CTX_set_alpn_select_cb(c, &choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(c, &no_password);
  if (SSL_CTX_use_certificate_chain_file(c, files.certificate.c_str()) != 1)
    return fail("the certificate", files.certificate);
  if (SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(c) != 1)
    return fail("the key", files.key);
  return made;
}

tls_identity::~tls_identity() {
  SSL_CTX_free(context_);
}

ssl_st* tls_identity::new_session() const {
  auto* s = SSL_new(context_);
  if (s != nullptr)
    SSL_set_accept_state(s);
  return s;
}

} // namespace lmq
