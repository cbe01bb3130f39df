// Tokens and certificates as a server's options: what is refused at the start, what the log says, what a
// SIGHUP does. And the client commands that need them.
#define CAF_SUITE access

#include <caf/test/unit_test.hpp>

#include "tests/apps/run.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_certificate.hpp"
#include "tests/support/tls_client.hpp"

#include <sys/stat.h>

#include <csignal>

using namespace lmq::testing;

namespace {

const std::string token = "mighty-mighty-mighty";
const std::string other_token = "second-second-second";
const std::string tokens_text = "mighty admin .* " + token + "\n";

struct fixture {
  fixture() { keep_from_others("tokens", tokens_text); }

  std::string keep_from_others(const std::string& name, const std::string& text) const {
    auto path = folder.write(name, text);
    ::chmod(path.c_str(), 0600);
    return path;
  }

  /// `NAME.pem` and `NAME-key.pem`
  test_certificate make_certificate(const std::string& name) const {
    auto made = make_test_certificate(name);
    keep_from_others(name + ".pem", made.certificate);
    keep_from_others(name + "-key.pem", made.key);
    return made;
  }

  std::vector<std::string> tls_words(const std::string& name) const {
    return {"--tls-cert", folder.path(name + ".pem"), "--tls-key", folder.path(name + "-key.pem")};
  }

  static server_options with(std::vector<std::string> words) {
    words.insert(words.end(), {"--log-level", "info"});
    return {.arguments = std::move(words)};
  }

  /// What a server that does not start says of it.
  std::string refusal(std::vector<std::string> words) const {
    words.insert(words.begin(), {"serve", "--memory", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0"});
    auto done = run(std::move(words));
    CAF_MESSAGE(done.err);
    CAF_CHECK_EQUAL(done.exit_code, 2);
    CAF_CHECK(is_one_line(done.err));
    return done.err;
  }

  static int status_with(const server_process& server, const std::string& bearer) {
    return http_client{server.http_port()}
      .request("GET", "/stats", {{"authorization", "Bearer " + bearer}})
      .status;
  }

  finished client(const std::vector<std::string>& words,
                  std::vector<std::pair<std::string, std::string>> environment) const {
    child_process child{
      {.program = program_path(), .arguments = words, .environment = std::move(environment)}};
    return finish(child);
  }

  temporary_folder folder;
};

bool trusts(std::uint16_t port, const test_certificate& certificate) {
  try {
    return tls_client{port, {.trusted = certificate.certificate}}.request("GET", "/health").status == 200;
  } catch (const connection_lost&) {
    return false;
  }
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(access_tests, fixture)

// -- tokens ------------------------------------------------------------------------------------------------------------

CAF_TEST(a bad file of tokens refuses the start with its line) {
  auto bad = keep_from_others("bad", tokens_text + "\nx push .*\n");
  CAF_CHECK(holds(refusal({"--tokens", bad}), "lmq: tokens: " + bad + ":3: a line has four words"));
  CAF_CHECK(
    holds(refusal({"--tokens", folder.path("none")}), "lmq: tokens: can't read " + folder.path("none")));
  auto empty = keep_from_others("empty", "");
  CAF_CHECK(
    holds(refusal({"--tokens", empty}), "lmq: tokens: " + empty + ": there is no token in it; write "));
  CAF_CHECK(
    holds(refusal({"--tokens", keep_from_others("huge", std::string((1 << 20) + 1, '#'))}), "1048576"));
  CAF_CHECK(holds(refusal({"--rpc-open"}), "lmq: rpc-open: "));
}

CAF_TEST(the log tells how many tokens there are and that RPC is off) {
  server_process server{with({"--tokens", folder.path("tokens")})};
  CAF_CHECK(server.stop() == 0);
  auto log = server.process().standard_error();
  CAF_MESSAGE(log);
  CAF_CHECK(holds(log, " info access.tokens file=" + folder.path("tokens") + " tokens=1\n"));
  CAF_CHECK(holds(log, " info rpc.off message="));
  CAF_CHECK(!holds(log, "rpc.listen"));
  CAF_CHECK(!holds(log, " warn "));
  CAF_CHECK(!holds(log, token));
}

CAF_TEST(a file that everybody can read is worth a warning) {
  ::chmod(folder.path("tokens").c_str(), 0644);
  server_process server{with({"--tokens", folder.path("tokens")})};
  CAF_CHECK(server.stop() == 0);
  CAF_CHECK(holds(server.process().standard_error(),
                  " warn access.file_open option=tokens file=" + folder.path("tokens") + " "));
}

CAF_TEST(the file is read again at a SIGHUP and a bad one changes nothing) {
  server_process server{with({"--tokens", folder.path("tokens")})};
  auto& process = server.process();
  http_client kept{server.http_port()};
  auto status_of_kept = [&](const std::string& bearer) {
    return kept.request("GET", "/stats", {{"authorization", "Bearer " + bearer}}).status;
  };
  CAF_CHECK_EQUAL(status_of_kept(token), 200);
  CAF_CHECK_EQUAL(status_of_kept(other_token), 401);

  keep_from_others("tokens", "no tokens\n");
  process.signal(SIGHUP);
  await_words(process, " error access.reload_failed what=\"tokens: " + folder.path("tokens") + ":1: ");
  CAF_CHECK_EQUAL(status_of_kept(token), 200);

  keep_from_others("tokens", "other push .* " + other_token + "\n");
  process.signal(SIGHUP);
  await_words(process, " info access.reloaded tokens=" + folder.path("tokens") + " tls=none\n");
  CAF_CHECK_EQUAL(status_of_kept(token), 401);
  CAF_CHECK_EQUAL(status_of_kept(other_token), 403);
  CAF_CHECK_EQUAL(status_with(server, other_token), 403);
  CAF_CHECK(server.stop() == 0);
}

CAF_TEST(a SIGHUP to a server without files is no end) {
  server_process server{with({})};
  server.process().signal(SIGHUP);
  await_words(server.process(), " info access.nothing_to_read ");
  CAF_CHECK_EQUAL(http_client{server.http_port()}.request("GET", "/health").status, 200);
  CAF_CHECK(server.stop() == 0);
}

// -- what is open ------------------------------------------------------------------------------------------------------

CAF_TEST(a port beyond loopback without tokens is a warning) {
  auto http = free_port();
  auto rpc = free_port();
  server_options open =
    with({"--http", "0.0.0.0:" + std::to_string(http), "--rpc", "0.0.0.0:" + std::to_string(rpc)});
  open.http_port = http;
  open.rpc_port = rpc;
  server_process server{open};
  CAF_CHECK(server.stop() == 0);
  auto log = server.process().standard_error();
  CAF_MESSAGE(log);
  CAF_CHECK(holds(log, " warn access.open port=http address=0.0.0.0:" + std::to_string(http) + " "));
  CAF_CHECK(holds(log, " warn access.open port=rpc address=0.0.0.0:" + std::to_string(rpc) + " "));
}

CAF_TEST(a port beyond loopback with tokens and without TLS is another one) {
  auto http = free_port();
  server_options open =
    with({"--http", "0.0.0.0:" + std::to_string(http), "--tokens", folder.path("tokens"), "--rpc-open"});
  open.http_port = http;
  server_process server{open};
  CAF_CHECK(server.stop() == 0);
  auto log = server.process().standard_error();
  CAF_CHECK(holds(log, " warn access.unencrypted port=http "));
  CAF_CHECK(!holds(log, "access.open"));
}

CAF_TEST(RPC beyond loopback is open though there are tokens) {
  auto rpc = free_port();
  server_options open =
    with({"--rpc", "0.0.0.0:" + std::to_string(rpc), "--tokens", folder.path("tokens"), "--rpc-open"});
  open.rpc_port = rpc;
  server_process server{open};
  CAF_CHECK(server.stop() == 0);
  auto log = server.process().standard_error();
  CAF_MESSAGE(log);
  CAF_CHECK(holds(log, " warn access.open port=rpc address=0.0.0.0:" + std::to_string(rpc) + " "));
  CAF_CHECK(holds(log, "leave out --rpc-open"));
  CAF_CHECK(!holds(log, "port=http"));
}

CAF_TEST(the log tells of each request with its id and never with its token) {
  server_options told{.arguments = {"--tokens", folder.path("tokens"), "--log-level", "debug"}};
  server_process server{told};
  http_client client{server.http_port()};
  auto ask = [&](const std::string& target, const std::string& bearer, const std::string& id) {
    return client
      .request("POST", target, {{"authorization", "Bearer " + bearer}, {"x-request-id", id}}, "hello")
      .status;
  };
  CAF_CHECK_EQUAL(ask("/messages/q", token, "first"), 200);
  CAF_CHECK_EQUAL(ask("/messages/q", other_token, "second"), 401);
  await_words(server.process(), " status=401 ");
  CAF_CHECK(server.stop() == 0);
  auto log = server.process().standard_error();
  CAF_MESSAGE(log);
  CAF_CHECK(holds(log, " debug http.request line=\"POST /messages/q\" status=200 took_us="));
  CAF_CHECK(holds(log, " request_id=first\n"));
  CAF_CHECK(holds(log, " request_id=second\n"));
  CAF_CHECK(!holds(log, token));
  CAF_CHECK(!holds(log, other_token));
  CAF_CHECK(!holds(log, "hello"));
}

CAF_TEST(a port at the loopback is no warning) {
  server_process server{with({})};
  CAF_CHECK(server.stop() == 0);
  CAF_CHECK(!holds(server.process().standard_error(), "access."));
}

// -- TLS ---------------------------------------------------------------------------------------------------------------

CAF_TEST(certificate and key go together and belong together) {
  make_certificate("a");
  make_certificate("b");
  auto a = folder.path("a.pem");
  CAF_CHECK(holds(refusal({"--tls-cert", a}), "lmq: tls-key: it is missing; --tls-cert goes with it"));
  CAF_CHECK(holds(refusal({"--tls-key", a}), "lmq: tls-cert: it is missing; --tls-key goes with it"));
  CAF_CHECK(
    holds(refusal({"--tls-cert", a, "--tls-key", folder.path("b-key.pem")}), "b-key.pem can't be used"));
  CAF_CHECK(holds(refusal({"--tls-cert", folder.path("none"), "--tls-key", a}), "none can't be used"));
}

CAF_TEST(the certificate is read again at a SIGHUP and a bad one changes nothing) {
  auto old = make_certificate("a");
  server_process server{with(tls_words("a"))};
  auto port = server.http_port();
  tls_client kept{port, {.trusted = old.certificate}};
  CAF_CHECK_EQUAL(kept.request("GET", "/health").status, 200);

  folder.write("a.pem", "no PEM");
  server.process().signal(SIGHUP);
  await_words(server.process(), " error access.reload_failed what=\"tls-cert, tls-key: ");
  CAF_CHECK(trusts(port, old));

  auto fresh = make_certificate("a");
  server.process().signal(SIGHUP);
  await_words(server.process(), " info access.reloaded tokens=none tls=" + folder.path("a.pem") + "\n");
  CAF_CHECK(trusts(port, fresh));
  CAF_CHECK(!trusts(port, old));
  CAF_CHECK_EQUAL(kept.request("GET", "/health").status, 200);
  CAF_CHECK(server.stop() == 0);
}

// -- the client commands -----------------------------------------------------------------------------------------------

CAF_TEST(the commands speak TLS and bear a token) {
  make_certificate("a");
  auto words = tls_words("a");
  words.insert(words.end(), {"--tokens", folder.path("tokens")});
  server_process server{with(words)};
  auto url = "https://127.0.0.1:" + std::to_string(server.http_port());
  auto ca = folder.path("a.pem");
  std::pair<std::string, std::string> to{"LMQ_URL", url}, bearing{"LMQ_TOKEN", token}, trusting{"LMQ_CA", ca};

  CAF_CHECK_EQUAL(client({"ping", "--ca", ca}, {to}).out, url + " answers\n");
  CAF_CHECK_EQUAL(client({"push", "q", "hello", "--ca", ca, "--token", token}, {to}).exit_code, 0);
  CAF_CHECK_EQUAL(client({"pull", "q", "--ack"}, {to, bearing, trusting}).out, "hello");
  CAF_CHECK(holds(client({"status"}, {to, bearing, trusting}).out, "q"));

  auto without = client({"status", "--ca", ca}, {to});
  CAF_CHECK_EQUAL(without.exit_code, 1);
  CAF_CHECK(holds(without.err, "this server asks for a token"));
  auto localhost = "https://localhost:" + std::to_string(server.http_port());
  CAF_CHECK_EQUAL(client({"ping", "--url", localhost, "--ca", ca}, {}).exit_code, 0);
  CAF_CHECK(server.stop() == 0);
}

CAF_TEST(a server that does not prove itself gets no token) {
  make_certificate("a");
  make_certificate("b");
  auto number = free_port();
  auto port = std::to_string(number);
  auto words = tls_words("a");
  words.insert(words.end(), {"--http", "0.0.0.0:" + port});
  auto options = with(words);
  options.http_port = number;
  server_process server{options};
  auto url = "https://127.0.0.1:" + port;
  auto other_host = "https://127.0.0.2:" + port;
  auto a = folder.path("a.pem"), b = folder.path("b.pem");
  CAF_CHECK_EQUAL(client({"ping", "--url", url, "--ca", a}, {}).exit_code, 0);
  for (const auto& asked : std::vector<std::vector<std::string>>{{"ping", "--url", url},
                                                                 {"ping", "--url", url, "--ca", b},
                                                                 {"ping", "--url", other_host, "--ca", a}}) {
    auto done = client(asked, {{"LMQ_TOKEN", token}});
    CAF_MESSAGE(done.err);
    CAF_CHECK_EQUAL(done.exit_code, 3);
    CAF_CHECK(is_one_line(done.err));
    CAF_CHECK(holds(done.err, "does not prove itself"));
  }
  CAF_CHECK(holds(client({"ping", "--url", "http://127.0.0.1:" + port}, {}).err, "https://"));
  CAF_CHECK(server.stop() == 0);
}

CAF_TEST(words about access that make no sense are refused before anything is sent) {
  auto port = std::to_string(free_port());
  auto ca_of_http = client({"ping", "--url", "http://127.0.0.1:" + port, "--ca", "x.pem"}, {});
  CAF_CHECK_EQUAL(ca_of_http.exit_code, 2);
  CAF_CHECK(holds(ca_of_http.err, "--ca: it goes with an https:// URL"));
  auto https = "https://127.0.0.1:" + port;
  auto none = folder.path("none"), text = folder.write("text", "no certificate");
  for (const auto& [refused, sentence] :
       {std::pair{client({"ping", "--url", https, "--ca", none}, {}),
                  "lmq: --ca: can't read " + none + ": No such file or directory; "},
        std::pair{client({"ping", "--url", https}, {{"LMQ_CA", none}}),
                  "lmq: LMQ_CA: can't read " + none + ": No such file or directory; "},
        std::pair{client({"ping", "--url", https, "--ca", text}, {}),
                  "lmq: --ca: " + text + " holds no certificates; "}}) {
    CAF_CHECK_EQUAL(refused.exit_code, 2);
    CAF_CHECK(is_one_line(refused.err));
    CAF_CHECK(refused.err.starts_with(sentence));
  }
  auto no_token = client({"ping", "--token", "two words"}, {});
  CAF_CHECK_EQUAL(no_token.exit_code, 2);
  CAF_CHECK(!holds(no_token.err, "two words"));
}

CAF_TEST_FIXTURE_SCOPE_END()
