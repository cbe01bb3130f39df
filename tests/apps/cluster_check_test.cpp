// The settings of a cluster together: which make sense, and what is said of those that don't.
#define CAF_SUITE cluster_check

#include <caf/test/unit_test.hpp>

#include "apps/certificates.hpp"
#include "apps/cluster_check.hpp"
#include "tests/apps/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include <unistd.h>

using namespace lmq;
using namespace lmq::testing;

namespace {

std::string said(const cluster_settings& asked) {
  auto checked = check_cluster(asked);
  return checked ? "" : checked.error();
}

/// With a cluster port at the loopback.
cluster_settings local() {
  cluster_settings out;
  out.address = host_port{"127.0.0.1", 9981};
  return out;
}

/// 192.0.2.0/24 is set aside for documents; nobody listens there, and nothing is sent.
cluster_settings beyond() {
  cluster_settings out;
  out.address = host_port{"192.0.2.1", 9981};
  return out;
}

/// The certificates of a cluster with one node.
struct certificates {
  certificates() {
    auto authority = make_authority_pem(10).value();
    auto node = make_node_pem(authority, "a", 10).value();
    folder.write("ca.pem", authority.certificate);
    folder.write("a.pem", node.certificate);
    folder.write("a-key.pem", node.key);
  }

  cluster_settings given_to(cluster_settings s) const {
    s.tls_cert = folder.path("a.pem");
    s.tls_key = folder.path("a-key.pem");
    s.tls_ca = folder.path("ca.pem");
    return s;
  }

  temporary_folder folder;
};

} // namespace

CAF_TEST(without a cluster nothing is asked) {
  CAF_CHECK_EQUAL(said({}), "");
}

CAF_TEST(what belongs to a cluster needs one) {
  auto refused = [](std::string_view option, auto&& set) {
    cluster_settings s;
    set(s);
    auto sentence = said(s);
    CAF_MESSAGE(sentence);
    CAF_CHECK(sentence.starts_with(std::string{option} + ": this node belongs to no cluster; "));
    CAF_CHECK(holds(sentence, "--cluster HOST:PORT"));
  };
  refused("join", [](auto& s) { s.join = {{"127.0.0.1", 1}}; });
  refused("min-copies", [](auto& s) { s.min_copies = 2; });
  refused("cluster-tls-cert", [](auto& s) { s.tls_cert = "x"; });
  refused("cluster-tls-key", [](auto& s) { s.tls_key = "x"; });
  refused("cluster-tls-ca", [](auto& s) { s.tls_ca = "x"; });
  refused("cluster-insecure", [](auto& s) { s.insecure = true; });
}

CAF_TEST(at the loopback no TLS is asked for) {
  auto s = local();
  CAF_CHECK_EQUAL(said(s), "");
  s.join = {{"127.0.0.1", 1}};
  s.min_copies = 2;
  CAF_CHECK_EQUAL(said(s), "");
  for (auto host : {"localhost", "::1", "127.9.9.9", "::ffff:127.0.0.1"}) {
    s.address->host = host;
    CAF_CHECK_EQUAL(said(s), "");
  }
}

CAF_TEST(beyond the loopback it takes TLS or the word insecure) {
  for (auto host : {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"}) {
    auto s = beyond();
    s.address->host = host;
    auto sentence = said(s);
    CAF_MESSAGE(sentence);
    CAF_CHECK(
      sentence.starts_with("cluster: " + to_text(*s.address) + " can be reached from other machines"));
    CAF_CHECK(holds(sentence, "--cluster-tls-*"));
    CAF_CHECK(holds(sentence, "--cluster-insecure"));
    s.insecure = true;
    CAF_CHECK_EQUAL(said(s), "");
  }
  certificates files;
  CAF_CHECK_EQUAL(said(files.given_to(beyond())), "");
  CAF_CHECK_EQUAL(said(files.given_to(local())), "");
}

CAF_TEST(every interface is no address that others can reach) {
  certificates files;
  for (auto host : {"0.0.0.0", "::", "::ffff:0.0.0.0"})
    for (auto s : {local(), files.given_to(local())}) {
      s.address->host = host;
      CAF_CHECK(holds(said(s), "others must be able to reach it: give the address of an interface"));
      s.insecure = !s.has_tls();
      CAF_CHECK(holds(said(s), "others must be able to reach it: give the address of an interface"));
    }
}

CAF_TEST(a host that nobody knows is told) {
  auto s = local();
  s.address->host = "no-such-host.invalid";
  CAF_CHECK(said(s).starts_with("cluster: no address is known for the host of no-such-host.invalid:9981; "));
}

CAF_TEST(TLS takes all of its files) {
  certificates files;
  for (auto member : {&cluster_settings::tls_cert, &cluster_settings::tls_key, &cluster_settings::tls_ca}) {
    auto s = files.given_to(local());
    (s.*member).clear();
    auto sentence = said(s);
    CAF_MESSAGE(sentence);
    CAF_CHECK(holds(sentence, ": it is missing; TLS takes all of "));
    CAF_CHECK(sentence.starts_with("cluster-tls-"));
  }
}

CAF_TEST(insecure and TLS contradict each other) {
  certificates files;
  auto s = files.given_to(beyond());
  s.insecure = true;
  CAF_CHECK(said(s).starts_with("cluster-insecure: the TLS files say the opposite; "));
}

CAF_TEST(a TLS file that can not be read is named with its option) {
  certificates files;
  auto s = files.given_to(local());
  s.tls_key = files.folder.path("none.pem");
  CAF_CHECK(
    said(s).starts_with("cluster-tls-key: can't read " + s.tls_key + ": No such file or directory; "));
  s = files.given_to(local());
  s.tls_ca = files.folder.path();
  CAF_CHECK(said(s).starts_with("cluster-tls-ca: can't read " + s.tls_ca + ": Is a directory; "));
}

CAF_TEST(TLS files that do not fit together are told before anything starts) {
  certificates files, others;
  auto s = files.given_to(local());
  s.tls_key = others.folder.path("a-key.pem");
  CAF_CHECK(said(s).starts_with("cluster-tls-cert: the key does not belong to the certificate; "));
  s = files.given_to(local());
  s.tls_ca = others.folder.path("ca.pem");
  CAF_CHECK(said(s).starts_with("cluster-tls-cert: other nodes won't take the certificate: "));
  s = files.given_to(local());
  s.tls_cert = s.tls_key;
  CAF_CHECK(said(s).starts_with("cluster-tls-cert: the certificate is none "));
}

CAF_TEST(a server that is asked for nonsense ends with one line and exit code 2) {
  using words = std::vector<std::string>;
  for (auto& line :
       {words{"--join", "127.0.0.1:1"}, words{"--cluster", "0.0.0.0:0"}, words{"--cluster", "192.0.2.1:0"},
        words{"--cluster", "127.0.0.1:0", "--cluster-tls-cert", "x"}, words{"--min-copies", "2"},
        words{"--cluster-insecure"}}) {
    auto all = line;
    all.insert(all.begin(), {"serve", "--memory", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0"});
    auto refused = run(all);
    CAF_MESSAGE(refused.err);
    CAF_CHECK_EQUAL(refused.exit_code, 2);
    CAF_CHECK(is_one_line(refused.err));
    CAF_CHECK(refused.err.starts_with("lmq: "));
  }
}
