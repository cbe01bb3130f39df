#include "tests/cluster/transport/certificates.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace lmq::test {

namespace {

using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using certificate_ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using file_ptr = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

void must(bool done, const std::string& what) {
  if (!done)
    throw std::runtime_error("test certificates: " + what);
}

file_ptr open(const std::string& file, const char* how) {
  file_ptr f{std::fopen(file.c_str(), how), std::fclose};
  must(f != nullptr, file);
  return f;
}

key_ptr write_key(const std::string& file) {
  key_ptr key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  must(key != nullptr, "key");
  must(PEM_write_PrivateKey(open(file, "w").get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
       file);
  return key;
}

/// @param issuer  nullptr: signs itself
void write_certificate(const std::string& file, const std::string& name, EVP_PKEY* key, X509* issuer,
                       EVP_PKEY* issuer_key) {
  static long serial = 1;
  certificate_ptr c{X509_new(), X509_free};
  X509_set_version(c.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(c.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(c.get()), 3600);
  X509_set_pubkey(c.get(), key);
  auto* subject = X509_get_subject_name(c.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(c.get(), issuer ? X509_get_subject_name(issuer) : subject);
  if (issuer == nullptr) {
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> is_authority{
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"), X509_EXTENSION_free};
    must(X509_add_ext(c.get(), is_authority.get(), -1) == 1, "extension");
  }
  must(X509_sign(c.get(), issuer_key, EVP_sha256()) > 0, "signature");
  must(PEM_write_X509(open(file, "w").get(), c.get()) == 1, file);
}

} // namespace

authority::authority(const testing::temporary_folder& in, std::string name)
    : folder_(in.path()), name_(std::move(name)) {
  auto key = write_key(folder_ / (name_ + "-key.pem"));
  write_certificate(folder_ / (name_ + ".pem"), name_, key.get(), nullptr, key.get());
}

tls_files authority::vouch_for(const std::string& node) const {
  auto of = [&](const std::string& name) { return (folder_ / name).string(); };
  certificate_ptr ours{PEM_read_X509(open(of(name_ + ".pem"), "r").get(), nullptr, nullptr, nullptr),
                       X509_free};
  key_ptr our_key{PEM_read_PrivateKey(open(of(name_ + "-key.pem"), "r").get(), nullptr, nullptr, nullptr),
                  EVP_PKEY_free};
  tls_files files{of(name_ + "-" + node + ".pem"), of(name_ + "-" + node + "-key.pem"), of(name_ + ".pem")};
  auto key = write_key(files.key);
  write_certificate(files.certificate, node, key.get(), ours.get(), our_key.get());
  return files;
}

} // namespace lmq::test
