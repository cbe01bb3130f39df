// How a server starts, refuses to start, and stops.
#define CAF_SUITE shutdown

#include "tests/contract/requests.hpp"

#include <csignal>

using namespace lmq::contract;

namespace {

constexpr seconds stop_time_max{5.0};
constexpr int exit_code_of_refused_start = 2;

/// Runs `lmq` with these words to its end.
struct finished {
  std::optional<int> exit_code;
  std::string error;

  explicit finished(std::vector<std::string> words) {
    child_process child{{.program = program_path(), .arguments = std::move(words)}};
    exit_code = child.wait();
    error = child.standard_error();
  }
};

/// The usual words with a value replaced or more behind them.
std::vector<std::string> serve_with(std::uint16_t http_port, std::vector<std::string> more = {}) {
  return serve_arguments({.arguments = std::move(more), .http_port = http_port, .rpc_port = free_port()});
}

} // namespace

CONTRACT("SIGTERM ends the server with exit code 0") {
  server_process server;
  stopwatch watch;
  expect(server.stop(stop_time_max) == 0, "did not end well: " + server.process().standard_error());
  expect(watch.elapsed() < stop_time_max, "took too long");
}

CONTRACT("SIGINT ends the server with exit code 0") {
  server_process server;
  server.process().signal(SIGINT);
  expect(server.process().wait(stop_time_max) == 0, "did not end well: " + server.process().standard_error());
}

CONTRACT("SIGTERM answers the waiters before the server ends") {
  server_process server;
  std::vector<http_client> waiters;
  for (auto* target :
       {"/messages/a", "/messages/a?t=60", "/messages/b?t=60", "/messages?qre=.", "/messages?qre=c&t=60"}) {
    waiters.emplace_back(server.http_port());
    waiters.back().send("GET", target);
  }
  let_it_arrive(server);
  server.process().signal(SIGTERM);
  for (auto& waiter : waiters) {
    auto answer = waiter.receive(stop_time_max);
    expect(answer.status == 204 || answer.status == 503, "was answered " + answer.raw);
    expect(waiter.ended_by_peer(stop_time_max), "still open");
  }
  expect(server.process().wait(stop_time_max) == 0, "did not end well: " + server.process().standard_error());
}

CONTRACT("idle connections and half requests do not hold up the end") {
  server_process server;
  http_client silent{server.http_port()};
  http_client idle{server.http_port()};
  http_client half{server.http_port()};
  expect_status(idle.request("GET", "/stats"), 200);
  half.send_raw("POST /messages/a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nx");
  let_it_arrive(server);
  expect(server.stop(stop_time_max) == 0, "did not end well: " + server.process().standard_error());
}

CONTRACT("leased and accumulating messages do not hold up the end") {
  server_process server;
  http_client client{server.http_port()};
  set_properties(client, "a", R"({"accum":60})");
  push_ok(client, "a", "x");
  push_ok(client, "b", "x");
  pull_ok(client, "b");
  expect(server.stop(stop_time_max) == 0, "did not end well: " + server.process().standard_error());
}

CONTRACT("a server that ended no longer listens") {
  server_process server;
  auto port = server.http_port();
  expect(server.stop() == 0, "did not end well");
  try {
    http_client client{port};
    expect(false, "somebody listens");
  } catch (const connection_lost&) {
    expect(true, "refused");
  }
}

CONTRACT("a port can be bound again at once after a kill") {
  server_process first;
  http_client client{first.http_port()};
  expect_status(client.request("GET", "/stats"), 200);
  auto http_port = first.http_port();
  auto rpc_port = first.rpc_port();
  first.kill();
  server_process second{{.http_port = http_port, .rpc_port = rpc_port}};
  http_client again{second.http_port()};
  expect_status(again.request("GET", "/stats"), 200);
  expect(second.stop() == 0, "did not end well");
}

CONTRACT("a taken port is told and exits with code 2, within seconds") {
  server_process first;
  stopwatch watch;
  finished second{serve_with(first.http_port())};
  expect(second.exit_code == exit_code_of_refused_start,
         "exit code " + std::to_string(second.exit_code.value_or(-1)) + ": " + second.error);
  expect(second.error.find(std::to_string(first.http_port())) != std::string::npos,
         "the port is not named: " + second.error);
  expect_prompt(watch.elapsed());
  http_client client{first.http_port()};
  expect_status(client.request("GET", "/stats"), 200);
  expect(first.stop() == 0, "did not end well");
}

CONTRACT("an unknown option is told and exits with code 2") {
  finished run{serve_with(free_port(), {"--no-such-option", "1"})};
  expect(run.exit_code == exit_code_of_refused_start,
         "exit code " + std::to_string(run.exit_code.value_or(-1)));
  expect(run.error.find("no-such-option") != std::string::npos, "the option is not named: " + run.error);
}

CONTRACT("a bad value of an option is told and exits with code 2") {
  for (std::vector<std::string> bad : {std::vector<std::string>{"--http", "nonsense"},
                                       {"--http", "127.0.0.1:99999"},
                                       {"--threads", "none"},
                                       {"--threads", "0"},
                                       {"--body-bytes-max", "-1"},
                                       {"--idle-timeout", "soon"},
                                       {"--log-level", "loud"}}) {
    std::vector<std::string> words{"serve", "--memory"};
    words.insert(words.end(), bad.begin(), bad.end());
    finished run{words};
    expect(run.exit_code == exit_code_of_refused_start,
           bad[0] + " " + bad[1] + ": exit code " + std::to_string(run.exit_code.value_or(-1)));
    expect(run.error.find(bad[0].substr(2)) != std::string::npos ||
             run.error.find(bad[1]) != std::string::npos,
           "neither option nor value is named: " + run.error);
  }
}

CONTRACT("an unknown command exits with code 2") {
  finished run{{"no-such-command"}};
  expect(run.exit_code == exit_code_of_refused_start,
         "exit code " + std::to_string(run.exit_code.value_or(-1)));
}

CONTRACT("several threads serve as well as one") {
  server_process server{{.threads = 2}};
  std::vector<http_client> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i)
    clients.emplace_back(server.http_port());
  for (int round = 0; round < 20; ++round)
    for (auto& client : clients)
      push_ok(client, "a", "x");
  int pulled = 0;
  for (int round = 0; round < 20; ++round)
    for (auto& client : clients)
      pulled += pull(client, "a").status == 200 ? 1 : 0;
  expect_equal(pulled, 160);
  expect_nothing(pull(clients[0], "a"));
  expect(server.stop(stop_time_max) == 0, "did not end well: " + server.process().standard_error());
}

CONTRACT("a server that keeps everything in memory says so when it starts") {
  server_process server{{.arguments = {"--log-level", "info"}}};
  auto words = server.process().standard_error() + server.process().standard_output();
  auto first_line = words.substr(0, words.find('\n'));
  expect(first_line.find("memory") != std::string::npos, "first line: " + first_line);
  expect(server.stop() == 0, "did not end well");
}
