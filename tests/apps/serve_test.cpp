// `lmq serve` as a process: how it starts, how it refuses to, how it ends.
#define CAF_SUITE serve

#include <caf/test/unit_test.hpp>

#include "tests/apps/run.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temporary_folder.hpp"

#include <csignal>
#include <sys/wait.h>

using namespace lmq::testing;

namespace {

std::string local(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// What an operator promises: SIGTERM and five seconds.
constexpr seconds stop_time_max{5.0};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// A pull that waits: its queue is there, so its request has been read.
http_client parked_pull(std::uint16_t port) {
  http_client waiting{port};
  waiting.send("GET", "/messages/parked");
  http_client asking{port};
  time_limit limit{answer_time_max};
  while (asking.request("GET", "/stats").body.find("\"parked\"") == std::string::npos)
    if (limit.passed())
      throw timed_out("the pull never created its queue");
  return waiting;
}

/// A push whose body does not come.
http_client half_a_push(std::uint16_t port) {
  http_client out{port};
  out.send_raw(
    "POST /messages/half HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n");
  if (out.receive().status != 100)
    throw std::runtime_error("the server did not ask for the body");
  out.send_raw("half.");
  return out;
}

} // namespace

CAF_TEST(a signal ends it with exit code 0) {
  for (auto number : {SIGTERM, SIGINT}) {
    server_process server;
    server.process().signal(number);
    CAF_CHECK(server.process().wait(stop_time_max) == 0);
  }
}

CAF_TEST(a waiting pull is answered before the end) {
  server_process server;
  auto waiting = parked_pull(server.http_port());
  server.process().signal(SIGTERM);
  CAF_CHECK_EQUAL(waiting.receive().status, 204);
  CAF_CHECK(server.process().wait(stop_time_max) == 0);
}

CAF_TEST(it ends with messages in its queues and leases out) {
  server_process server;
  http_client client{server.http_port()};
  for (int i = 0; i < 100; ++i)
    CAF_REQUIRE_EQUAL(client.request("POST", "/messages/q" + std::to_string(i % 10), {}, "body").status, 200);
  CAF_REQUIRE_EQUAL(client.request("GET", "/messages/q1").status, 200);
  CAF_CHECK(server.stop(stop_time_max) == 0);
}

CAF_TEST(a client that never finishes its request does not keep it) {
  server_process server;
  auto half = half_a_push(server.http_port());
  CAF_CHECK(server.stop(stop_time_max) == 0);
}

CAF_TEST(a second signal ends it at once) {
  server_process server{server_options{.arguments = {"--log-level", "info"}}};
  auto half = half_a_push(server.http_port());
  server.process().signal(SIGTERM);
  await_words(server.process(), "node.stop signal=SIGTERM");
  server.process().signal(SIGTERM);
  CAF_CHECK(server.process().wait(stop_time_max) == 128 + SIGTERM);
}

CAF_TEST(a SIGHUP while it stops does not break that off) {
  server_process server{server_options{.arguments = {"--log-level", "info"}}};
  {
    auto half = half_a_push(server.http_port());
    server.process().signal(SIGTERM);
    await_words(server.process(), "node.stop signal=SIGTERM");
    server.process().signal(SIGHUP);
  }
  CAF_CHECK(server.process().wait(stop_time_max) == 0);
}

CAF_TEST(the log begins with where messages are kept) {
  server_process server{server_options{.arguments = {"--log-level", "info", "--name", "lmq@test"}}};
  CAF_REQUIRE(server.stop() == 0);
  auto log = server.process().standard_error();
  auto line = first_line(log);
  CAF_MESSAGE(log);
  CAF_CHECK(holds(line, " info node.start name=lmq@test version=" LMQ_VERSION " pid="));
  CAF_CHECK(holds(line, "storage=memory message=\"all messages are kept in memory"));
  CAF_CHECK(holds(log, " info http.listen address=" + local(server.http_port()) + "\n"));
  CAF_CHECK(holds(log, " info rpc.listen address=" + local(server.rpc_port())));
  CAF_CHECK(holds(log, " info node.stop signal=SIGTERM\n"));
  CAF_CHECK(log.ends_with(" info node.stopped\n"));
  CAF_CHECK(server.process().standard_output().empty());
}

CAF_TEST(without the word memory messages are kept on the disk and the log says where) {
  temporary_folder folder;
  server_process server{
    server_options{.arguments = {"--log-level", "info"}, .data_dir = folder.path("data")}};
  CAF_REQUIRE(server.stop() == 0);
  auto log = server.process().standard_error();
  CAF_MESSAGE(log);
  CAF_CHECK(holds(log, " info storage.open directory=" + folder.path("data") + " queues=0 messages=0 "));
  CAF_CHECK(holds(log, " storage=disk directory=" + folder.path("data") + "\n"));
  CAF_CHECK(log.ends_with(" info node.stopped\n"));
}

CAF_TEST(a data directory that can not be used is one line and exit code 4) {
  temporary_folder folder;
  server_process server{server_options{.data_dir = folder.path("data")}};
  auto file = folder.write("file", "x");
  for (const auto& [directory, why] :
       std::vector<std::pair<std::string, std::string>>{{folder.path("data"), "another process"},
                                                        {folder.path("no/parent"), "parent"},
                                                        {file, "director"}}) {
    auto refused = run({"serve", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0", "--data-dir", directory});
    CAF_MESSAGE(refused.err);
    CAF_CHECK_EQUAL(refused.exit_code, 4);
    CAF_CHECK(is_one_line(refused.err));
    CAF_CHECK(refused.err.starts_with("lmq: "));
    CAF_CHECK(holds(refused.err, directory));
    CAF_CHECK(holds(refused.err, why));
  }
  CAF_CHECK(server.stop() == 0);
}

CAF_TEST(a taken port is one line and exit code 2) {
  server_process server;
  auto taken_http = run({"serve", "--memory", "--http", local(server.http_port()), "--rpc", "127.0.0.1:0"});
  CAF_CHECK_EQUAL(taken_http.exit_code, 2);
  CAF_CHECK_EQUAL(taken_http.err,
                  "lmq: http: " + local(server.http_port()) +
                    " is in use; end what listens there, or choose another address with --http\n");
  auto taken_rpc = run({"serve", "--memory", "--http", "127.0.0.1:0", "--rpc", local(server.rpc_port())});
  CAF_CHECK_EQUAL(taken_rpc.exit_code, 2);
  CAF_CHECK_EQUAL(taken_rpc.err,
                  "lmq: rpc: " + local(server.rpc_port()) +
                    " is in use; end what listens there, or choose another address with --rpc\n");
}

CAF_TEST(an address of nobody here is one line and exit code 2) {
  // 192.0.2.0/24 is set aside for documents.
  for (std::string option : {"--http", "--rpc"}) {
    auto refused =
      run({"serve", "--memory", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0", option, "192.0.2.1:9980"});
    CAF_MESSAGE(refused.err);
    CAF_CHECK_EQUAL(refused.exit_code, 2);
    CAF_CHECK(is_one_line(refused.err));
    CAF_CHECK(holds(refused.err, "192.0.2.1:9980 can't be listened at: "));
    CAF_CHECK(holds(refused.err, option));
  }
}

CAF_TEST(a mistake on the command line is one line and exit code 2) {
  using words = std::vector<std::string>;
  for (auto& line :
       {words{}, words{"serv"}, words{"serve", "--htp", "127.0.0.1:1"}, words{"serve", "--http", "here"},
        words{"serve", "--threads", "0"}, words{"serve", "--body-bytes-max", "64MB"},
        words{"serve", "--idle-timeout", "1m"}, words{"serve", "--log-level", "loud"},
        words{"serve", "--name", "a b"}, words{"serve", "--config", "/nowhere"}}) {
    auto refused = run(line);
    CAF_MESSAGE(refused.err);
    CAF_CHECK_EQUAL(refused.exit_code, 2);
    CAF_CHECK(is_one_line(refused.err));
    CAF_CHECK(refused.err.starts_with("lmq: "));
    CAF_CHECK(refused.out.empty());
  }
}

CAF_TEST(its ports can be bound again at once after a kill) {
  server_process server;
  http_client client{server.http_port()};
  CAF_REQUIRE_EQUAL(client.request("POST", "/messages/q", {}, "gone").status, 200);
  server.kill();
  server_process next{server_options{.http_port = server.http_port(), .rpc_port = server.rpc_port()}};
  http_client again{next.http_port()};
  CAF_CHECK_EQUAL(again.request("GET", "/messages/q?t=0").status, 204);
}

CAF_TEST(the node bears its name) {
  server_process server{server_options{.arguments = {"--name", "lmq@elsewhere"}}};
  auto stats = http_client{server.http_port()}.request("GET", "/stats");
  CAF_CHECK(holds(stats.body, "\"active_nodes\":[\"lmq@elsewhere\"]"));
}

CAF_TEST(limits on the command line are those of the server) {
  server_process server{server_options{.arguments = {"--body-bytes-max", "1KiB"}}};
  http_client client{server.http_port()};
  CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, std::string(1024, 'x')).status, 200);
  CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, std::string(1025, 'x')).status, 413);
}

CAF_TEST(connections are kept within the files the system allows) {
  auto child =
    child_process{{.program = "/bin/sh",
                   .arguments = {"-c", "ulimit -n 256; exec \"$LMQ\" serve --connections-max 10000 --http "
                                       "127.0.0.1:0 --rpc 127.0.0.1:0"},
                   .environment = {{"LMQ", program_path()}}}};
  await_words(child, "rpc.listen");
  CAF_CHECK(holds(child.standard_error(), "warn node.connections_reduced wanted=10000 connections_max=144 "));
}
