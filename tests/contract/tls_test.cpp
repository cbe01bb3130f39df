// HTTPS: the same over TLS, and what a port with TLS says to those who speak none. The course of the bytes is
// told by the gateway's tests, certificates and their renewal by those of the program.
#define CAF_SUITE tls

#include "tests/contract/limited_server.hpp"
#include "tests/contract/requests.hpp"
#include "tests/contract/rpc_calls.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_certificate.hpp"
#include "tests/support/tls_client.hpp"

using namespace lmq::contract;

namespace {

/// Made before the server that it is for.
struct certificate_files : temporary_folder {
  test_certificate made = make_test_certificate("contract");

  std::vector<std::string> words() const {
    return {"--tls-cert", write("cert.pem", made.certificate), "--tls-key", write("key.pem", made.key)};
  }
};

struct tls_server : certificate_files, limited_server {
  tls_server() : limited_server(words()) {}

  tls_client connect() { return tls_client{process().http_port(), {.trusted = made.certificate}}; }
};

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
