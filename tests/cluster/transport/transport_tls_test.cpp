// Links between nodes over TLS, and strangers at the port.
#define CAF_SUITE transport_tls

#include <caf/test/unit_test.hpp>

#include "tests/cluster/transport/certificates.hpp"
#include "tests/cluster/transport/log_lines.hpp"
#include "tests/cluster/transport/node_fixture.hpp"
#include "tests/cluster/transport/raw_client.hpp"

#include <array>
#include <ctime>
#include <memory>
#include <openssl/ssl.h>
#include <vector>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

struct fixture {
  testing::temporary_folder folder;
  authority cluster{folder, "cluster"};
  authority foreign{folder, "foreign"};
  node left{with_tls("left", cluster)};
  node right{with_tls("right", cluster)};
  link_connected to_right, to_left;

  fixture() {
    left.keep(right.port());
    to_right = left.hears().next<link_connected>().value();
    to_left = right.hears().next<link_connected>().value();
  }

  static transport_options with_tls(const std::string& name, const authority& by) {
    auto o = options_of(name);
    o.tls = by.vouch_for(name);
    return o;
  }

  bool works() {
    to_right.link.send("there");
    to_left.link.send("and back");
    auto there = right.hears().next<frame_received>();
    auto back = left.hears().next<frame_received>();
    return there && there->frame == "there" && back && back->frame == "and back";
  }
};

/// CPU time of this process, all threads.
std::chrono::nanoseconds cpu_time() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

/// Tries TLS without a certificate, as any client might. True: the server let it talk.
bool is_served_without_certificate(std::uint16_t port) {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  std::unique_ptr<BIO, decltype(&BIO_free_all)> to{BIO_new_ssl_connect(context.get()), BIO_free_all};
  BIO_set_conn_hostname(to.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
  if (BIO_do_connect(to.get()) <= 0)
    return false;
  char first = 0;
  return BIO_read(to.get(), &first, 1) == 1;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(transport_tls_tests, fixture)

CAF_TEST(nodes of one authority are linked and long frames arrive in order) {
  for (int n = 0; n < 200; ++n) {
    to_right.link.send(std::string(static_cast<std::size_t>(n) * 1311, static_cast<char>('a' + n % 26)));
    to_left.link.send(std::string(256 * 1024, static_cast<char>('a' + n % 26)));
  }
  for (int n = 0; n < 200; ++n) {
    auto there = right.hears().next<frame_received>();
    auto back = left.hears().next<frame_received>();
    CAF_REQUIRE(there && back);
    CAF_REQUIRE(there->frame ==
                std::string(static_cast<std::size_t>(n) * 1311, static_cast<char>('a' + n % 26)));
    CAF_REQUIRE(back->frame == std::string(256 * 1024, static_cast<char>('a' + n % 26)));
  }
}

CAF_TEST(a node of another authority is refused on both sides and the pair goes on) {
  log_lines log;
  node stranger{with_tls("stranger", foreign)};
  stranger.keep(right.port());
  auto rejected = stranger.hears().next<peer_rejected>();
  CAF_REQUIRE(rejected.has_value());
  CAF_CHECK(rejected->why.find("certificate verify failed") != std::string::npos);
  CAF_CHECK(log.wait_for("cluster.tls_refused address=127.0.0.1", "TLS handshake failed"));
  // Nor the other way round.
  right.keep(stranger.port());
  rejected = right.hears().next<peer_rejected>();
  CAF_REQUIRE(rejected.has_value());
  CAF_CHECK_EQUAL(rejected->port, stranger.port());
  CAF_CHECK(works());
}

CAF_TEST(a node whose certificate alone is foreign is refused and told why) {
  log_lines log;
  auto o = options_of("stranger");
  o.tls = foreign.vouch_for("stranger");
  o.tls->authority = cluster.vouch_for("x").authority; // it would trust us
  node stranger{o};
  stranger.keep(right.port());
  auto rejected = stranger.hears().next<peer_rejected>();
  CAF_REQUIRE(rejected.has_value());
  CAF_CHECK(rejected->why.find("unknown ca") != std::string::npos);
  CAF_CHECK(log.wait_for("cluster.tls_refused address=127.0.0.1", "certificate verify failed"));
  CAF_CHECK(works());
}

CAF_TEST(a client without a certificate is refused and the pair goes on) {
  log_lines log;
  CAF_CHECK(!is_served_without_certificate(right.port()));
  CAF_CHECK(log.wait_for("cluster.tls_refused address=127.0.0.1", "peer did not return a certificate"));
  CAF_CHECK(works());
}

CAF_TEST(a plain node and one with TLS refuse each other and the pair goes on) {
  log_lines log;
  node plain{"plain"};
  plain.keep(right.port());
  auto rejected = plain.hears().next<peer_rejected>();
  CAF_REQUIRE(rejected.has_value());
  CAF_CHECK(rejected->why.find("is TLS on at that end?") != std::string::npos);
  CAF_CHECK(log.wait_for("cluster.tls_refused address=127.0.0.1", "wrong version number"));
  left.keep(plain.port());
  rejected = left.hears().next<peer_rejected>();
  CAF_REQUIRE(rejected.has_value());
  CAF_CHECK_EQUAL(rejected->port, plain.port());
  CAF_CHECK(works());
}

CAF_TEST(junk at the port is refused and the pair goes on) {
  for (int i = 0; i < 20; ++i) {
    raw_client stranger{right.port()};
    stranger.say(std::string(500, static_cast<char>(i * 13)));
    CAF_CHECK(stranger.is_closed());
  }
  CAF_CHECK(works());
}

CAF_TEST(strangers that say nothing cost no time and the oldest goes when there are too many) {
  auto first = std::make_unique<raw_client>(right.port());
  std::vector<std::unique_ptr<raw_client>> more;
  auto before = cpu_time();
  auto since = std::chrono::steady_clock::now();
  while (more.size() < transport_limits::handshakes_max)
    more.push_back(std::make_unique<raw_client>(right.port()));
  CAF_CHECK(first->is_closed());
  // A stream that waits by asking again and again takes a core for all the time that passes here.
  for (int i = 0; i < 200; ++i)
    CAF_REQUIRE(works());
  raw_client half_spoken{right.port()};
  half_spoken.say(std::string_view{"\x16\x03\x01\x02\x00\x01", 6});

  CAF_CHECK(!left.hears().next<link_lost>(1s)); // a second in which nothing happens
  auto idle_from = cpu_time();
  CAF_CHECK(!left.hears().next<link_lost>(1s));
  CAF_CHECK(cpu_time() - idle_from < 300ms);
  CAF_MESSAGE("in all " << (cpu_time() - before).count() << " of "
                        << (std::chrono::steady_clock::now() - since).count() << " ns");
  CAF_CHECK(works());
}

CAF_TEST(files that are no certificates are errors that name them) {
  auto o = with_tls("other", cluster);
  auto start = [&](const tls_files& files) -> std::string {
    o.tls = files;
    try {
      node other{o};
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "started";
  };
  auto good = *o.tls;
  auto junk = folder.write("junk.pem", "no certificate");
  CAF_CHECK(
    start({junk, good.key, good.authority}).starts_with("the certificate " + junk + " can't be used"));
  CAF_CHECK(
    start({good.certificate, "/nowhere", good.authority}).starts_with("the key /nowhere can't be used"));
  auto others_key = foreign.vouch_for("x").key;
  CAF_CHECK(start({good.certificate, others_key, good.authority}).starts_with("the key " + others_key));
  CAF_CHECK(
    start({good.certificate, good.key, junk}).starts_with("the authority " + junk + " can't be used"));
}

CAF_TEST_FIXTURE_SCOPE_END()
