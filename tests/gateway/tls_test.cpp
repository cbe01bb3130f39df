// HTTP over TLS: the session's behaviour is the same as without, and what TLS adds has its bounds.
#define CAF_SUITE tls

#include "gateway/tls/tls_identity.hpp"
#include "tests/gateway/running_server.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_certificate.hpp"
#include "tests/support/tls_client.hpp"

#include <caf/test/unit_test.hpp>
#include <openssl/ssl.h>

#include <optional>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;
using lmq::testing::connection_lost;
using lmq::testing::tls_client;

namespace {

/// A certificate in files, and as a server has it.
struct proof {
  explicit proof(const std::string& name)
      : pem(testing::make_test_certificate(name)),
        files{folder.write("cert.pem", pem.certificate), folder.write("key.pem", pem.key)} {}

  admission_terms terms() const {
    auto loaded = tls_identity::load(files);
    if (!loaded)
      CAF_FAIL(loaded.error());
    return {.tokens = nullptr, .tls = *loaded};
  }

  tls_client connect(const running_server& to, int version_max = 0) const {
    return tls_client{to.port(), {.trusted = pem.certificate, .version_max = version_max}};
  }

  testing::temporary_folder folder;
  testing::test_certificate pem;
  tls_identity_files files;
};

gateway_limits with(std::chrono::milliseconds gateway_limits::*which, std::chrono::milliseconds time) {
  gateway_limits limits;
  limits.*which = time;
  return limits;
}

/// Bytes of which no piece is like another.
std::string many_bytes(std::size_t count) {
  std::string out(count, '\0');
  std::uint32_t state = 1;
  for (auto& c : out)
    c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

/// Whether a handshake with somebody who trusts that comes to nothing.
bool distrusted(const running_server& server, const proof& by) {
  try {
    by.connect(server);
  } catch (const connection_lost&) {
    return true;
  }
  return false;
}

/// Whether the server ends the connection, be it after a word of TLS.
bool ends(testing::http_client& client) {
  try {
    client.receive_all();
    return true;
  } catch (const connection_lost&) {
    return true; // a reset, for it has not read all of the junk
  } catch (const testing::timed_out&) {
    return false;
  }
}

} // namespace

CAF_TEST(requests are answered over TLS 1 3 and over TLS 1 2) {
  proof mine{"a"};
  running_server server{{}, 1, mine.terms()};
  for (auto [version, shown] : {std::pair{0, "TLSv1.3"}, {TLS1_2_VERSION, "TLSv1.2"}}) {
    auto client = mine.connect(server, version);
    CAF_CHECK_EQUAL(client.version(), shown);
    CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, "body").body, "{\"accum\":\"no\"}");
    CAF_CHECK_EQUAL(client.request("GET", "/messages/q?t=0").body, "body");
    CAF_CHECK_EQUAL(client.request("GET", "/messages/q?t=0").status, 204);
  }
}

CAF_TEST(a large body comes through whole in both directions) {
  proof mine{"a"};
  running_server server{{}, 1, mine.terms()};
  auto body = many_bytes(beyond_socket_buffers);
  auto client = mine.connect(server);
  CAF_REQUIRE_EQUAL(client.request("POST", "/messages/q", {}, body).status, 200);
  client.send("GET", "/messages/q?t=0");
  // The answer is more than the kernel takes: it waits for us, and others do not wait for it.
  CAF_CHECK_EQUAL(mine.connect(server).request("POST", "/messages/other", {}, "x").status, 200);
  CAF_CHECK(client.receive().body == body);
}

CAF_TEST(requests in a row and requests byte by byte are the same) {
  proof mine{"a"};
  running_server server{{}, 1, mine.terms()};
  auto client = mine.connect(server);
  std::string requests;
  constexpr int count = 500;
  for (int i = 0; i < count; ++i)
    requests += testing::render_request("POST", "/messages/q", {}, std::to_string(i) + std::string(100, '.'));
  client.send_raw(requests);
  for (int i = 0; i < count; ++i)
    CAF_REQUIRE_EQUAL(client.receive().status, 200);
  for (auto byte : testing::render_request("GET", "/messages/q?t=0"))
    client.send_raw({&byte, 1});
  CAF_CHECK_EQUAL(client.receive().body, "0" + std::string(100, '.'));
}

CAF_TEST(a client that goes away while it waits costs no message and no retry) {
  proof mine{"a"};
  running_server server{{}, 1, mine.terms()};
  auto client = mine.connect(server);
  {
    auto waiting = mine.connect(server);
    waiting.send("GET", "/messages/q");
    while (client.request("GET", "/stats").body.find("\"q\"") == std::string::npos)
      continue;
  }
  // Its end is read before what comes after it: one thread, and each turn reads all that is there.
  for (int i = 0; i < 10; ++i)
    client.request("OPTIONS", "*");
  CAF_REQUIRE_EQUAL(client.request("POST", "/messages/q", {}, "x").status, 200);
  auto pulled = client.request("GET", "/messages/q?t=10");
  CAF_CHECK_EQUAL(pulled.body, "x");
  CAF_CHECK_EQUAL(pulled.header("x-lmq-retry-remaining").value_or("none"), "2");
}

CAF_TEST(who speaks plain HTTP is told so and closed in good order) {
  proof mine{"a"};
  running_server server{{}, 1, mine.terms()};
  for (auto method : {"GET", "DELETE", "PATCH"}) {
    auto client = server.connect();
    client.send(method, "/stats");
    auto answer = client.receive();
    CAF_CHECK_EQUAL(answer.status, 400);
    CAF_CHECK(answer.body.find("https://") != std::string::npos);
    CAF_CHECK(client.closed_by_peer());
  }
  CAF_CHECK_EQUAL(mine.connect(server).request("GET", "/health").status, 200);
}

CAF_TEST(junk ends its connection and nothing else) {
  proof mine{"a"};
  running_server server{{}, 1, mine.terms()};
  auto good = mine.connect(server);
  const std::string half_a_hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  for (const auto& junk :
       {std::string(1, '\0'), many_bytes(100'000), std::string("\x16") + many_bytes(5000),
        half_a_hello + std::string(600, '\xff'), std::string("\x15\x03\x01\x00\x02\x02\x28", 7)}) {
    auto client = server.connect();
    client.connection().send_while_open(junk);
    CAF_CHECK(ends(client));
  }
  {
    auto client = server.connect();
    client.send_raw(half_a_hello);
    client.connection().reset();
  }
  CAF_CHECK_EQUAL(good.request("GET", "/health").status, 200);
  CAF_CHECK_EQUAL(server.server().crashes(), 0u);
}

CAF_TEST(a handshake has its time and no more) {
  proof mine{"a"};
  running_server server{with(&gateway_limits::tls_handshake_timeout, 50ms), 1, mine.terms()};
  auto silent = server.connect();
  auto slow = server.connect();
  slow.send_raw(std::string("\x16\x03\x01", 3));
  CAF_CHECK(silent.ended_by_peer());
  CAF_CHECK(slow.ended_by_peer());
}

CAF_TEST(an idle connection ends with a word of TLS) {
  proof mine{"a"};
  running_server server{with(&gateway_limits::idle_timeout, 50ms), 1, mine.terms()};
  auto client = mine.connect(server);
  CAF_CHECK_EQUAL(client.request("GET", "/health").status, 200);
  CAF_CHECK(client.closed_by_peer());
}

CAF_TEST(the last answer of a connection is followed by a word of TLS) {
  proof mine{"a"};
  running_server server{{}, 1, mine.terms()};
  auto client = mine.connect(server);
  CAF_CHECK_EQUAL(client.request("GET", "/health", {{"connection", "close"}}).status, 200);
  CAF_CHECK(client.closed_by_peer());
}

CAF_TEST(a new certificate is for new connections and drops no other) {
  proof old{"old"}, fresh{"fresh"};
  running_server server{{}, 2, old.terms()};
  auto before = old.connect(server);
  CAF_CHECK_EQUAL(before.request("POST", "/messages/q", {}, "x").status, 200);
  CAF_CHECK(distrusted(server, fresh));
  server.server().admit_by(fresh.terms());
  CAF_CHECK_EQUAL(before.request("GET", "/messages/q?t=0").body, "x");
  for (int i = 0; i < 4; ++i) { // whichever thread it comes to
    CAF_CHECK(distrusted(server, old));
    CAF_CHECK_EQUAL(fresh.connect(server).request("GET", "/health").status, 200);
  }
}

CAF_TEST(one connection too many is closed before a handshake) {
  proof mine{"a"};
  gateway_limits limits;
  limits.connections_max = 1;
  running_server server{limits, 1, mine.terms()};
  auto good = mine.connect(server);
  CAF_CHECK(distrusted(server, mine));
  CAF_CHECK_EQUAL(good.request("GET", "/health").status, 200);
}

CAF_TEST(a stop answers who waits and ends all) {
  proof mine{"a"};
  running_server server{{}, 1, mine.terms()};
  auto idle = mine.connect(server);
  auto waiting = mine.connect(server);
  auto shaking = server.connect();
  waiting.send("GET", "/messages/q");
  while (idle.request("GET", "/stats").body.find("\"q\"") == std::string::npos)
    continue;
  auto stopped = server.begin_stop();
  CAF_CHECK_EQUAL(waiting.receive().status, 204);
  CAF_CHECK(waiting.closed_by_peer());
  CAF_CHECK(idle.closed_by_peer());
  CAF_CHECK(shaking.ended_by_peer());
  CAF_CHECK(server.end_of_stop(std::move(stopped)));
}

CAF_TEST(files that can not be used are named) {
  proof mine{"a"}, other{"b"};
  auto why_not = [](const tls_identity_files& files) {
    auto loaded = tls_identity::load(files);
    return loaded ? "it was loaded" : loaded.error();
  };
  auto junk = mine.folder.write("junk.pem", "no PEM");
  CAF_CHECK(why_not({mine.folder.path("none"), mine.files.key})
              .starts_with("the certificate " + mine.folder.path("none")));
  CAF_CHECK(why_not({junk, mine.files.key}).starts_with("the certificate " + junk));
  CAF_CHECK(why_not({mine.files.certificate, junk}).starts_with("the key " + junk));
  CAF_CHECK(why_not({mine.files.certificate, other.files.key}).starts_with("the key " + other.files.key));
}
