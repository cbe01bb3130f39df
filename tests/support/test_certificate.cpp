#include "tests/support/test_certificate.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace lmq::testing {

namespace {

constexpr long good_for_seconds = 24L * 3600;

template <class T, void (*Free)(T*)>
struct freed {
  void operator()(T* what) const { Free(what); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY, EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed<X509, X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed<X509_EXTENSION, X509_EXTENSION_free>>;
using text_ptr = std::unique_ptr<BIO, freed<BIO, BIO_free_all>>;

void need(bool done) {
  if (!done)
    throw std::runtime_error("no certificate for the test could be made");
}

void add(X509* to, int what, const char* value) {
  X509V3_CTX about;
  X509V3_set_ctx(&about, to, to, nullptr, nullptr, 0);
  extension_ptr made{X509V3_EXT_conf_nid(nullptr, &about, what, value)};
  need(made && X509_add_ext(to, made.get(), -1) == 1);
}

template <class Write>
std::string text_of(Write write) {
  text_ptr to{BIO_new(BIO_s_mem())};
  need(to && write(to.get()) == 1);
  char* bytes = nullptr;
  auto size = BIO_get_mem_data(to.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

} // namespace

test_certificate make_test_certificate(const std::string& name) {
  key_ptr key{EVP_EC_gen("P-256")};
  certificate_ptr made{X509_new()};
  need(key && made && X509_set_version(made.get(), 2) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -good_for_seconds);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), good_for_seconds);
  auto* subject = X509_get_subject_name(made.get());
  need(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0) == 1);
  need(X509_set_issuer_name(made.get(), subject) == 1 && X509_set_pubkey(made.get(), key.get()) == 1);
  add(made.get(), NID_basic_constraints, "critical,CA:TRUE");
  add(made.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  need(X509_sign(made.get(), key.get(), EVP_sha256()) != 0);
  return {text_of([&](BIO* to) { return PEM_write_bio_X509(to, made.get()); }), text_of([&](BIO* to) {
            return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

} // namespace lmq::testing
