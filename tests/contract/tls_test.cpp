// HTTPS: the same over TLS, and what a port with TLS says to those who speak none. The course of the bytes is
// told by the gateway's tests, certificates and their renewal by those of the program.
#define CAF_SUITE tls

#include "tests/contract/limited_server.hpp"
#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"
#include "tests/support/await_words.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_certificate.hpp"
#include "tests/support/tls_client.hpp"

#include <csignal>

using namespace lmq::contract;

namespace {

/// Made before the server that it is for.
struct certificate_files : temporary_folder {
  test_certificate made = make_test_certificate("contract");

  std::vector<std::string> words() const {
    return {"--tls-cert",  write("cert.pem", made.certificate),
            "--tls-key",   write("key.pem", made.key),
            "--log-level", "info"};
  }

  void renew() {
    made = make_test_certificate("contract");
    words();
  }
};

struct tls_server : certificate_files, limited_server {
  tls_server() : limited_server(words()) {}

  tls_client connect() { return connect(made); }
  tls_client connect(const test_certificate& trusted) {
    return tls_client{process().http_port(), {.trusted = trusted.certificate}};
  }
};

/// More than sockets hold for a client that does not read.
constexpr std::size_t large_body_bytes = 16'000'000;

} // namespace

CONTRACT("a message is pushed, pulled and settled over TLS") {
  tls_server server;
  auto client = server.connect();
  expect_equal(client.request("POST", "/messages/q", {{"content-type", "text/plain"}}, "hello").body,
               R"({"accum":"no"})");
  auto pulled = client.request("GET", "/messages/q?t=0");
  expect_status(pulled, 200);
  expect_equal(pulled.body, "hello");
  expect_equal(header_of(pulled, "content-type"), "text/plain");
  expect_nothing(client.request("POST", "/messages/q/" + lease_of(pulled) + "?reply=ack"));
  expect_refused(client.request("GET", "/no/route"), 404, "no_such_route");
}

CONTRACT("a pull that waits over TLS is answered when a message comes") {
  tls_server server;
  auto waiting = server.connect();
  waiting.send("GET", "/messages/q");
  auto client = server.connect();
  expect_status(client.request("POST", "/messages/q", {}, "now"), 200);
  expect_equal(waiting.receive().body, "now");
}

CONTRACT("a SIGHUP brings a new certificate, and nothing that is under way is dropped for it") {
  tls_server server;
  auto old = server.made;
  const std::string body(large_body_bytes, 'b');
  auto idle = server.connect(), waiting = server.connect(), sending = server.connect(),
       reading = server.connect();
  expect_status(idle.request("POST", "/messages/large", {}, body), 200);
  waiting.send("GET", "/messages/q");
  sending.send_raw("POST /messages/halves HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nfirst");
  reading.send("GET", "/messages/large?t=0");
  expect_nothing(idle.request("GET", "/messages/let_it_arrive?t=0.05"));
  for (std::size_t times = 1; times <= 3; ++times) {
    server.renew();
    server.process().process().signal(SIGHUP);
    await_words(server.process().process(), "access.reloaded", times);
  }
  bool distrusted = false;
  try {
    server.connect(old);
  } catch (const connection_lost&) {
    distrusted = true;
  }
  expect(distrusted, "the old certificate is shown still");
  expect_nothing(server.connect().request("GET", "/messages/let_it_arrive?t=0"));
  sending.send_raw("other");
  expect_status(sending.receive(), 200);
  expect_equal(idle.request("GET", "/messages/halves?t=0").body, "firstother");
  expect(reading.receive().body == body, "another body");
  expect_status(idle.request("POST", "/messages/q", {}, "now"), 200);
  expect_equal(waiting.receive().body, "now");
  for (auto* kept : {&idle, &waiting, &sending, &reading})
    expect_status(kept->request("GET", "/health"), 200);
}

CONTRACT("who speaks plain HTTP to the port is told to use https and closed in good order") {
  tls_server server;
  auto client = server.http();
  auto answer = client.request("GET", "/stats");
  expect_refused(answer, 400, "bad_request");
  expect(answer.body.find("https://") != std::string::npos, answer.body);
  expect_equal(header_of(answer, "connection"), "close");
  expect(client.closed_by_peer(), "not closed in good order");
}

CONTRACT("MessagePack-RPC is as it was, without TLS") {
  tls_server server;
  expect_status(server.connect().request("POST", "/messages/q", {}, "hello"), 200);
  auto caller = server.rpc();
  expect_equal(pull_ok(caller, "q").queue, "q");
}
