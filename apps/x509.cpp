#include "apps/x509.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace lmq {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using bignum_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;
using stack_ptr =
  std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * s) { sk_X509_free(s); })>; // not what it holds
using check_ptr = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;

constexpr int serial_bits = 159; // RFC 5280: at most 20 bytes, and positive

tl::unexpected<std::string> wrong(std::string sentence) {
  return tl::unexpected<std::string>(std::move(sentence));
}

/// What OpenSSL says of its last failure.
tl::unexpected<std::string> openssl_failed() {
  const char* why = ERR_reason_error_string(ERR_peek_last_error());
  auto sentence = fmt::format("OpenSSL could not do it: {}", why != nullptr ? why : "no reason given");
  ERR_clear_error();
  return wrong(sentence);
}

// -- texts -------------------------------------------------------------------------------------------------------------

bio_ptr reader_of(const std::string& text) {
  return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

/// The certificates in `pem`, in their order.
std::vector<certificate_ptr> read_certificates(const std::string& pem) {
  std::vector<certificate_ptr> out;
  auto reader = reader_of(pem);
  while (certificate_ptr next{PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)})
    out.push_back(std::move(next));
  ERR_clear_error(); // the end of the text is an error to it
  return out;
}

/// Null if it is none, or is encrypted: nobody is asked for a password.
key_ptr read_key(const std::string& pem) {
  auto no_password = [](char*, int, int, void*) { return -1; };
  key_ptr out{PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, no_password, nullptr)};
  ERR_clear_error();
  return out;
}

std::string text_in(BIO* from) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(from, &data);
  return {data, static_cast<std::size_t>(size)};
}

checked<pem_pair> to_pem(X509* certificate, EVP_PKEY* key) {
  bio_ptr certificate_text{BIO_new(BIO_s_mem())}, key_text{BIO_new(BIO_s_mem())};
  if (PEM_write_bio_X509(certificate_text.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_failed();
  return pem_pair{text_in(certificate_text.get()), text_in(key_text.get())};
}

// -- certificates ------------------------------------------------------------------------------------------------------

/// The name in the form in which clients look for it: an address of a URL is looked for among addresses
/// alone.
std::string alternative_name(const std::string& name) {
  return (is_address(name) ? "IP:" : "DNS:") + name;
}

struct extension {
  int which;
  const char* value; ///< as in OpenSSL's configuration files
};

bool add(X509* to, X509* issuer, const extension& what) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  extension_ptr made{X509V3_EXT_conf_nid(nullptr, &context, what.which, what.value)};
  return made && X509_add_ext(to, made.get(), -1) == 1;
}

bool set_random_serial(X509* of) {
  bignum_ptr number{BN_new()};
  return number && BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(of)) != nullptr;
}

bool set_times(X509* of, std::size_t days) {
  constexpr auto before = std::chrono::seconds{x509_limits::clock_difference_max}.count();
  return X509_time_adj_ex(X509_getm_notBefore(of), 0, -before, nullptr) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(of), static_cast<int>(days), 0, nullptr) != nullptr;
}

/// With a serial number, times and a subject; without an issuer, extensions and signature. Null: it failed.
certificate_ptr begin_certificate(EVP_PKEY* key, const std::string& name, std::size_t days) {
  certificate_ptr out{X509_new()};
  if (!out || X509_set_version(out.get(), X509_VERSION_3) != 1 || !set_random_serial(out.get()) ||
      !set_times(out.get(), days) || X509_set_pubkey(out.get(), key) != 1 ||
      X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0) != 1)
    return nullptr;
  return out;
}

/// An authority's key is told from others of its kind by a name of its own.
std::string authority_name() {
  return fmt::format("LMQ cluster authority {:08x}", std::random_device{}());
}

/// What OpenSSL would say to that certificate in a handshake; X509_V_OK if it takes it.
int verify(X509_STORE* trusted, const std::vector<certificate_ptr>& chain, int purpose) {
  check_ptr check{X509_STORE_CTX_new()};
  stack_ptr others{sk_X509_new_null()};
  for (std::size_t i = 1; i < chain.size(); ++i)
    sk_X509_push(others.get(), chain[i].get());
  if (!check || X509_STORE_CTX_init(check.get(), trusted, chain.front().get(), others.get()) != 1 ||
      X509_STORE_CTX_set_purpose(check.get(), purpose) != 1)
    return X509_V_ERR_UNSPECIFIED;
  X509_verify_cert(check.get());
  return X509_STORE_CTX_get_error(check.get());
}

} // namespace

checked<pem_pair> make_authority_pem(std::size_t days) {
  key_ptr key{EVP_EC_gen("P-256")};
  if (!key)
    return openssl_failed();
  auto made = begin_certificate(key.get(), authority_name(), days);
  if (!made || X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) != 1)
    return openssl_failed();
  for (auto& what : {extension{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                     extension{NID_key_usage, "critical,keyCertSign,cRLSign"},
                     extension{NID_subject_key_identifier, "hash"}})
    if (!add(made.get(), made.get(), what))
      return openssl_failed();
  if (X509_sign(made.get(), key.get(), EVP_sha256()) == 0)
    return openssl_failed();
  return to_pem(made.get(), key.get());
}

bool is_address(const std::string& text) noexcept {
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 || inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

checked<pem_pair> make_node_pem(const pem_pair& authority, const std::string& name, std::size_t days,
                                const std::vector<std::string>& more) {
  auto issuers = read_certificates(authority.certificate);
  auto issuer_key = read_key(authority.key);
  if (issuers.empty() || X509_check_ca(issuers.front().get()) == 0)
    return wrong("the authority's certificate is none");
  auto* issuer = issuers.front().get();
  if (!issuer_key || X509_check_private_key(issuer, issuer_key.get()) != 1)
    return wrong("the authority's key does not belong to its certificate");
  if (X509_cmp_current_time(X509_get0_notAfter(issuer)) < 0)
    return wrong("the authority has expired on " + good_until(authority.certificate));

  key_ptr key{EVP_EC_gen("P-256")};
  if (!key)
    return openssl_failed();
  auto made = begin_certificate(key.get(), name, days);
  if (!made || X509_set_issuer_name(made.get(), X509_get_subject_name(issuer)) != 1)
    return openssl_failed();
  if (ASN1_TIME_compare(X509_get0_notAfter(made.get()), X509_get0_notAfter(issuer)) > 0)
    X509_set1_notAfter(made.get(), X509_get0_notAfter(issuer));
  auto known_as = alternative_name(name);
  for (const auto& other : more)
    known_as += "," + alternative_name(other);
  for (auto& what :
       {extension{NID_basic_constraints, "critical,CA:FALSE"},
        extension{NID_key_usage, "critical,digitalSignature"},
        extension{NID_ext_key_usage, "serverAuth,clientAuth"},
        extension{NID_subject_alt_name, known_as.c_str()}, extension{NID_subject_key_identifier, "hash"},
        extension{NID_authority_key_identifier, "keyid:always"}})
    if (!add(made.get(), issuer, what))
      return openssl_failed();
  if (X509_sign(made.get(), issuer_key.get(), EVP_sha256()) == 0)
    return openssl_failed();
  return to_pem(made.get(), key.get());
}

checked<void> check_chain(const pem_pair& node, const std::string& authorities) {
  auto chain = read_certificates(node.certificate);
  auto key = read_key(node.key);
  auto roots = read_certificates(authorities);
  if (chain.empty())
    return wrong("the certificate is none (PEM is asked for)");
  if (!key)
    return wrong("the key is none (PEM without a password is asked for)");
  if (roots.empty())
    return wrong("the authority's certificate is none (PEM is asked for)");
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return wrong("the key does not belong to the certificate");
  }
  store_ptr trusted{X509_STORE_new()};
  for (auto& root : roots)
    X509_STORE_add_cert(trusted.get(), root.get());
  for (auto purpose : {X509_PURPOSE_SSL_CLIENT, X509_PURPOSE_SSL_SERVER})
    if (auto found = verify(trusted.get(), chain, purpose); found != X509_V_OK)
      return wrong(
        fmt::format("other nodes won't take the certificate: {}", X509_verify_cert_error_string(found)));
  return {};
}

std::string good_until(const std::string& certificate) {
  auto read = read_certificates(certificate);
  std::tm day{};
  if (read.empty() || ASN1_TIME_to_tm(X509_get0_notAfter(read.front().get()), &day) != 1)
    return {};
  return fmt::format("{:04}-{:02}-{:02}", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
}

} // namespace lmq
