// Starting the server, and knowing when it is ready.
#include "tests/support/server_process.hpp"

#include "tests/support/http_client.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace lmq::testing {

namespace {

constexpr seconds start_time_max{20.0};
constexpr seconds pause_between_probes{0.005};
constexpr int exit_code_of_refused_start = 2;
// A free port may be taken between the look and the start.
constexpr int start_attempts_max = 3;

/// A server that asks for a token (401) or for TLS (400) has nothing more to get ready for us.
bool answers(std::uint16_t port) {
  try {
    auto status = http_client{port}.request("GET", "/stats", {{"connection", "close"}}).status;
    return status == 200 || status == 401 || status == 400;
  } catch (const connection_lost&) {
    return false; // not listening yet
  }
}

} // namespace

server_process::server_process(server_options options) : options_(std::move(options)) {
  auto any_http_port = options_.http_port == 0;
  auto any_rpc_port = options_.rpc_port == 0;
  for (int attempt = 1; attempt <= start_attempts_max; ++attempt) {
    if (any_http_port)
      options_.http_port = free_port();
    if (any_rpc_port)
      options_.rpc_port = free_port();
    if (start())
      return;
    if (!any_http_port && !any_rpc_port)
      break;
  }
  throw std::runtime_error("the server ended before it was ready: " + child_->standard_error() +
                           child_->standard_output());
}

/// False if the server refused to start.
bool server_process::start() {
  child_ = std::make_unique<child_process>(command{
    .program = program_path(), .arguments = serve_arguments(options_), .environment = options_.environment});
  time_limit limit{start_time_max};
  while (!limit.passed()) {
    if (auto code = child_->wait(pause_between_probes)) {
      if (*code == exit_code_of_refused_start)
        return false;
      throw std::runtime_error("the server ended at its start with exit code " + std::to_string(*code) +
                               ": " + child_->standard_error() + child_->standard_output());
    }
    if (answers(http_port()))
      return true;
  }
  throw std::runtime_error("the server was not ready in time: " + child_->standard_error());
}

std::optional<int> server_process::stop(seconds patience) {
  child_->signal(SIGTERM);
  return child_->wait(patience);
}

void server_process::kill() {
  child_->signal(SIGKILL);
  child_->wait();
}

std::string program_path() {
  if (const auto* path = std::getenv("LMQ_PROGRAM"))
    return path;
#ifdef LMQ_PROGRAM
  return LMQ_PROGRAM;
#else
  throw std::runtime_error("no server to test: set LMQ_PROGRAM to its path");
#endif
}

std::vector<std::string> serve_arguments(const server_options& options) {
  auto address = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
  std::vector<std::string> words{"serve"};
  if (options.data_dir.empty())
    words.emplace_back("--memory");
  else
    words.insert(words.end(), {"--data-dir", options.data_dir});
  // An option stands once on a command line: where a test gives its own, the usual one is left out.
  auto usual = [&](const char* option, std::string value) {
    if (std::count(options.arguments.begin(), options.arguments.end(), option) == 0)
      words.insert(words.end(), {option, std::move(value)});
  };
  usual("--http", address(options.http_port));
  usual("--rpc", address(options.rpc_port));
  usual("--threads", std::to_string(options.threads));
  usual("--log-level", "warn");
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  return words;
}

} // namespace lmq::testing
