// `lmq cert`: what it makes is what OpenSSL takes for the certificates of a cluster, and no file is
// overwritten.
#define CAF_SUITE certificates

#include <caf/test/unit_test.hpp>

#include "apps/certificates.hpp"
#include "tests/apps/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <set>

using namespace lmq;
using namespace lmq::testing;

namespace {

using certificate_ptr = std::unique_ptr<X509, void (*)(X509*)>;

certificate_ptr certificate_in(const std::string& pem) {
  std::unique_ptr<BIO, int (*)(BIO*)> reader{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                             &BIO_free};
  return {PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr), &X509_free};
}

/// What OpenSSL says of the certificate where only this authority is trusted.
int verified(const std::string& certificate, const std::string& authority, int purpose) {
  auto leaf = certificate_in(certificate), root = certificate_in(authority);
  std::unique_ptr<X509_STORE, void (*)(X509_STORE*)> trusted{X509_STORE_new(), &X509_STORE_free};
  X509_STORE_add_cert(trusted.get(), root.get());
  std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> check{X509_STORE_CTX_new(),
                                                                   &X509_STORE_CTX_free};
  X509_STORE_CTX_init(check.get(), trusted.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(check.get(), purpose);
  X509_STORE_CTX_set_flags(check.get(), X509_V_FLAG_X509_STRICT);
  X509_verify_cert(check.get());
  return X509_STORE_CTX_get_error(check.get());
}

std::string serial_of(const std::string& pem) {
  auto certificate = certificate_in(pem);
  auto* serial = X509_get0_serialNumber(certificate.get());
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
          static_cast<std::size_t>(ASN1_STRING_length(serial))};
}

unsigned mode_of(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777u : 0u;
}

struct fixture {
  temporary_folder folder;

  finished cert(std::vector<std::string> words) const {
    words.insert(words.begin(), "cert");
    words.insert(words.end(), {"--dir", folder.path()});
    return run(std::move(words));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(certificates_tests, fixture)

CAF_TEST(two commands make an authority and a node that it vouches for) {
  auto init = cert({"init"});
  CAF_CHECK_EQUAL(init.exit_code, 0);
  CAF_CHECK_EQUAL(init.err, "");
  CAF_CHECK(holds(init.out, "made " + folder.path("ca.pem") + ": "));
  CAF_CHECK(holds(init.out, "made " + folder.path("ca-key.pem") + ": "));
  CAF_CHECK(holds(init.out, "of a cluster, every node gets a copy; of HTTPS, every client\n"));
  CAF_CHECK(holds(init.out, "lmq cert node NAME --dir " + folder.path() + "\n"));
  auto node = cert({"node", "lmq@b"});
  CAF_CHECK_EQUAL(node.exit_code, 0);
  CAF_CHECK_EQUAL(node.err, "");
  CAF_CHECK(holds(node.out, "--cluster-tls-cert " + folder.path("lmq@b.pem") + " --cluster-tls-key " +
                              folder.path("lmq@b-key.pem") + " --cluster-tls-ca " + folder.path("ca.pem") +
                              "\n"));
  CAF_CHECK(holds(node.out, "  --tls-cert " + folder.path("lmq@b.pem") + " --tls-key " +
                              folder.path("lmq@b-key.pem") + "\n"));
  for (auto purpose : {X509_PURPOSE_SSL_CLIENT, X509_PURPOSE_SSL_SERVER})
    CAF_CHECK_EQUAL(verified(folder.read("lmq@b.pem"), folder.read("ca.pem"), purpose), X509_V_OK);
  CAF_CHECK(check_tls_files({folder.path("lmq@b.pem"), folder.path("lmq@b-key.pem"), folder.path("ca.pem")})
              .has_value());
}

CAF_TEST(keys are for their owner alone) {
  cert({"init"});
  cert({"node", "b"});
  CAF_CHECK_EQUAL(mode_of(folder.path("ca-key.pem")), 0600u);
  CAF_CHECK_EQUAL(mode_of(folder.path("b-key.pem")), 0600u);
  CAF_CHECK_EQUAL(mode_of(folder.path("ca.pem")) & 0444u, 0444u);
  CAF_CHECK_EQUAL(mode_of(folder.path("b.pem")) & 0444u, 0444u);
}

CAF_TEST(nothing is overwritten) {
  cert({"init"});
  cert({"node", "b"});
  for (auto name : {"ca.pem", "ca-key.pem", "b.pem", "b-key.pem"}) {
    // The other of the pair is away: neither is made anew.
    auto other = std::string{name}.starts_with("ca")
                   ? (std::string{name} == "ca.pem" ? "ca-key.pem" : "ca.pem")
                   : (std::string{name} == "b.pem" ? "b-key.pem" : "b.pem");
    auto is_authority = std::string{name}.starts_with("ca");
    auto kept = folder.read(other), before = folder.read(name);
    std::filesystem::remove(folder.path(other));
    auto refused = is_authority ? cert({"init"}) : cert({"node", "b"});
    CAF_CHECK_EQUAL(refused.exit_code, 2);
    CAF_CHECK_EQUAL(refused.out, "");
    CAF_CHECK_EQUAL(refused.err,
                    "lmq: " + folder.path(name) +
                      " is there already and is not overwritten; move it away, or choose another --dir\n");
    CAF_CHECK_EQUAL(folder.read(name), before);
    CAF_CHECK(!std::filesystem::exists(folder.path(other)));
    folder.write(other, kept);
  }
}

CAF_TEST(a node needs an authority whose key is its own) {
  auto none = cert({"node", "b"});
  CAF_CHECK_EQUAL(none.exit_code, 2);
  CAF_CHECK(is_one_line(none.err));
  CAF_CHECK(holds(none.err, "make an authority first with lmq cert init"));
  folder.write("ca.pem", make_authority_pem(1)->certificate);
  folder.write("ca-key.pem", make_authority_pem(1)->key);
  auto mixed = cert({"node", "b"});
  CAF_CHECK_EQUAL(mixed.exit_code, 2);
  CAF_CHECK(holds(mixed.err, "the authority's key does not belong to its certificate"));
  folder.write("ca.pem", "no certificate");
  CAF_CHECK(holds(cert({"node", "b"}).err, "the authority's certificate is none"));
  CAF_CHECK(!std::filesystem::exists(folder.path("b.pem")));
  CAF_CHECK(!std::filesystem::exists(folder.path("b-key.pem")));
}

CAF_TEST(a node is no authority) {
  auto authority = make_authority_pem(2).value();
  auto node = make_node_pem(authority, "b", 1).value();
  auto of_node = make_node_pem(node, "c", 1);
  CAF_CHECK(!of_node && of_node.error() == "the authority's certificate is none");
}

CAF_TEST(the folder of an authority is made and that of a node must be there) {
  auto inner = folder.path("inner");
  CAF_CHECK_EQUAL(run({"cert", "init", "--dir", inner}).exit_code, 0);
  CAF_CHECK_EQUAL(mode_of(inner), 0700u);
  CAF_CHECK_EQUAL(run({"cert", "node", "b", "--dir", inner}).exit_code, 0);
  auto refused = run({"cert", "init", "--dir", folder.path("no/where")});
  CAF_CHECK_EQUAL(refused.exit_code, 2);
  CAF_CHECK(is_one_line(refused.err));
  CAF_CHECK(holds(refused.err, "can't make " + folder.path("no/where") + ": No such file or directory"));
}

CAF_TEST(names that would leave the folder or meet other files are refused) {
  for (auto name : {"a", "lmq@b", "node-1.example_2", "A", "0", "b-key2"})
    CAF_CHECK(parse_certificate_name(name) == std::string{name});
  CAF_CHECK(parse_certificate_name(std::string(64, 'x')).has_value());
  for (auto name : {"", ".", "..", "../b", "a/b", "-b", ".b", "@b", "a b", "a\n", "a,b", "a:b", "\xc3\xa4",
                    "ca", "a-key", "ca-key"})
    CAF_CHECK(!parse_certificate_name(name));
  CAF_CHECK(!parse_certificate_name(std::string(65, 'x')));
}

CAF_TEST(the certificate of a node is for servers and clients and for nothing else) {
  auto authority = make_authority_pem(10).value();
  auto node = certificate_in(make_node_pem(authority, "lmq@b", 10)->certificate);
  CAF_CHECK_EQUAL(X509_get_version(node.get()), X509_VERSION_3);
  CAF_CHECK_EQUAL(X509_get_key_usage(node.get()), static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE));
  CAF_CHECK_EQUAL(X509_get_extended_key_usage(node.get()),
                  static_cast<std::uint32_t>(XKU_SSL_SERVER | XKU_SSL_CLIENT));
  CAF_CHECK_EQUAL(X509_check_ca(node.get()), 0);
  CAF_CHECK_EQUAL(X509_check_host(node.get(), "lmq@b", 0, 0, nullptr), 1);
  CAF_CHECK_EQUAL(X509_get_signature_nid(node.get()), NID_ecdsa_with_SHA256);
  auto root = certificate_in(authority.certificate);
  CAF_CHECK_EQUAL(X509_get_key_usage(root.get()), static_cast<std::uint32_t>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  CAF_CHECK_EQUAL(X509_check_ca(root.get()), 1);
  CAF_CHECK_EQUAL(X509_get_signature_nid(root.get()), NID_ecdsa_with_SHA256);
}

CAF_TEST(a node that is named by its address is found by its address) {
  auto authority = make_authority_pem(10).value();
  auto node = certificate_in(make_node_pem(authority, "192.0.2.1", 10)->certificate);
  CAF_CHECK_EQUAL(X509_check_ip_asc(node.get(), "192.0.2.1", 0), 1);
  CAF_CHECK_EQUAL(X509_check_ip_asc(node.get(), "192.0.2.2", 0), 0);
  // What is no whole address is a name.
  auto named = certificate_in(make_node_pem(authority, "192.0.2", 10)->certificate);
  CAF_CHECK_EQUAL(X509_check_host(named.get(), "192.0.2", 0, 0, nullptr), 1);
}

CAF_TEST(a certificate has as many names and addresses as it is given) {
  cert({"init"});
  auto made = cert({"node", "a.example", "b.example", "192.0.2.1", "::1", "2001:db8::7"});
  CAF_CHECK_EQUAL(made.exit_code, 0);
  CAF_CHECK(
    holds(made.out, "made " + folder.path("a.example.pem") +
                      ": the certificate of node a.example (b.example, 192.0.2.1, ::1, 2001:db8::7), good "));
  auto node = certificate_in(folder.read("a.example.pem"));
  for (auto name : {"a.example", "b.example"})
    CAF_CHECK_EQUAL(X509_check_host(node.get(), name, 0, 0, nullptr), 1);
  CAF_CHECK_EQUAL(X509_check_host(node.get(), "c.example", 0, 0, nullptr), 0);
  for (auto address : {"192.0.2.1", "::1", "0:0:0:0:0:0:0:1", "2001:db8::7"})
    CAF_CHECK_EQUAL(X509_check_ip_asc(node.get(), address, 0), 1);
  CAF_CHECK_EQUAL(X509_check_ip_asc(node.get(), "::2", 0), 0);
  CAF_CHECK_EQUAL(verified(folder.read("a.example.pem"), folder.read("ca.pem"), X509_PURPOSE_SSL_SERVER),
                  X509_V_OK);
  CAF_CHECK_EQUAL(cert({"node", "::1"}).exit_code, 0);
  CAF_CHECK_EQUAL(X509_check_ip_asc(certificate_in(folder.read("::1.pem")).get(), "::1", 0), 1);
}

CAF_TEST(a name that is none is refused wherever it stands) {
  cert({"init"});
  for (auto name : {"", "a b", "a,DNS:b", "::1%lo", "1::2::3", "-b", "*.example", "http://a"}) {
    auto refused = cert({"node", "a", "b", name});
    CAF_CHECK_EQUAL(refused.exit_code, 2);
    CAF_CHECK(is_one_line(refused.err));
  }
  for (auto name : {"ca", "a-key", "2001:db8::1", "192.0.2.1"})
    CAF_CHECK(parse_further_name(name).has_value());
  CAF_CHECK(parse_further_name(std::string(253, 'x')).has_value());
  CAF_CHECK(!parse_further_name(std::string(254, 'x')));
  std::vector<std::string> many{"node"};
  for (std::size_t i = 0; i <= x509_limits::names_max; ++i)
    many.push_back("n" + std::to_string(i));
  CAF_CHECK(holds(cert(many).err, "a certificate has at most 32 names"));
  CAF_CHECK(!std::filesystem::exists(folder.path("a.pem")));
}

CAF_TEST(serial numbers are large and never the same) {
  auto authority = make_authority_pem(1).value();
  std::set<std::string> serials{serial_of(authority.certificate)};
  for (int i = 0; i < 20; ++i)
    serials.insert(serial_of(make_node_pem(authority, "b", 1)->certificate));
  CAF_CHECK_EQUAL(serials.size(), 21u);
  for (auto& serial : serials)
    CAF_CHECK_EQUAL(serial.size(), 20u);
}

CAF_TEST(a certificate is good for as long as was asked but no longer than its authority) {
  auto days_left = [](const std::string& pem) {
    int days = 0, seconds = 0;
    auto certificate = certificate_in(pem);
    ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get()));
    return days + (seconds > 43'200 ? 1 : 0);
  };
  auto authority = make_authority_pem(40).value();
  CAF_CHECK_EQUAL(days_left(authority.certificate), 40);
  CAF_CHECK_EQUAL(days_left(make_node_pem(authority, "b", 7)->certificate), 7);
  CAF_CHECK_EQUAL(days_left(make_node_pem(authority, "b", 41)->certificate), 40);
  CAF_CHECK_EQUAL(days_left(make_authority_pem(x509_limits::days_max)->certificate),
                  static_cast<int>(x509_limits::days_max));
  CAF_CHECK_EQUAL(good_until(authority.certificate).size(), 10u);
  // Clocks differ: it is good already for one that is behind.
  auto certificate = certificate_in(authority.certificate);
  CAF_CHECK(X509_cmp_timeframe(nullptr, X509_get0_notBefore(certificate.get()), nullptr) == 0);
  auto behind = time(nullptr) - 3'000;
  CAF_CHECK_LESS(X509_cmp_time(X509_get0_notBefore(certificate.get()), &behind), 0);
}

CAF_TEST(another authority of the same kind vouches for nobody here) {
  auto ours = make_authority_pem(1).value(), theirs = make_authority_pem(1).value();
  auto node = make_node_pem(ours, "b", 1).value();
  CAF_CHECK_NOT_EQUAL(verified(node.certificate, theirs.certificate, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
  auto no = check_chain(node, theirs.certificate);
  CAF_CHECK(!no && holds(no.error(), "other nodes won't take the certificate"));
  // Several authorities may be trusted: one is being replaced.
  CAF_CHECK(check_chain(node, theirs.certificate + ours.certificate).has_value());
}

CAF_TEST(an encrypted key is refused without a question for its password) {
  auto authority = make_authority_pem(1).value();
  auto node = make_node_pem(authority, "b", 1).value();
  std::unique_ptr<BIO, int (*)(BIO*)> reader{
    BIO_new_mem_buf(node.key.data(), static_cast<int>(node.key.size())), &BIO_free};
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{
    PEM_read_bio_PrivateKey(reader.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free};
  std::unique_ptr<BIO, int (*)(BIO*)> writer{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_PKCS8PrivateKey(writer.get(), key.get(), EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
  char* data = nullptr;
  auto size = BIO_get_mem_data(writer.get(), &data);
  auto no =
    check_chain({node.certificate, std::string(data, static_cast<std::size_t>(size))}, authority.certificate);
  CAF_CHECK(!no && no.error() == "the key is none (PEM without a password is asked for)");
}

CAF_TEST(the program openssl agrees) {
  constexpr auto program = "/usr/bin/openssl";
  if (!std::filesystem::exists(program)) {
    CAF_CHECK(true); // it is not installed here
    return;
  }
  cert({"init"});
  cert({"node", "b"});
  for (auto purpose : {"sslserver", "sslclient"}) {
    child_process verify{{.program = program,
                          .arguments = {"verify", "-x509_strict", "-purpose", purpose, "-CAfile",
                                        folder.path("ca.pem"), folder.path("b.pem")}}};
    auto done = finish(verify);
    CAF_CHECK_EQUAL(done.exit_code, 0);
    CAF_CHECK_EQUAL(done.out, folder.path("b.pem") + ": OK\n");
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
