// What becomes of messages when the system has no more memory to give.
#define CAF_SUITE memory

#include "tests/contract/requests.hpp"
#include "tests/support/server_process.hpp"

#include <fstream>
#include <sys/resource.h>

using namespace lmq::contract;

namespace {

/// A sanitizer needs more address space than there is to take away.
#ifdef __SANITIZE_ADDRESS__
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// Lets the server have so much more address space than it has now.
void allow_only(server_process& server, std::size_t bytes_more) {
  auto pid = server.process().pid();
  std::ifstream file{"/proc/" + std::to_string(pid) + "/statm"};
  std::size_t pages = 0;
  file >> pages;
  rlimit limit{};
  limit.rlim_cur = limit.rlim_max = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + bytes_more;
  require(prlimit(pid, RLIMIT_AS, &limit, nullptr) == 0, "prlimit failed");
}

/// Pushes until one is not answered with 200; the number of those that were.
std::size_t push_until_full(std::uint16_t port, const std::string& body, std::size_t most) {
  std::size_t stored = 0;
  try {
    for (http_client client{port}; stored < most; ++stored)
      if (client.request("POST", "/messages/full", {}, body).status != 200)
        break;
  } catch (const std::exception&) {
    // It was hung up on: there was no memory for its request.
  }
  return stored;
}

} // namespace

CONTRACT("a server whose memory runs out keeps what it has answered and serves on") {
  if (sanitized)
    return expect(true, "cannot be tried with a sanitizer");
  constexpr std::size_t most = 5'000;
  const std::string body(100'000, 'x');
  server_process server;
  allow_only(server, 64 << 20);
  auto stored = push_until_full(server.http_port(), body, most);
  expect(stored > 100 && stored < most, "stored " + std::to_string(stored));
  require(server.running(), "it ended: " + server.process().standard_error());
  http_client client{server.http_port()};
  expect_status(client.request("GET", "/health"), 200);
  std::size_t drained = 0;
  for (;; ++drained) {
    auto got = pull(client, "full");
    if (got.status != 200 || got.body != body)
      break;
    expect_status(settle(client, "full", lease_of(got), "ack"), 204);
  }
  expect(drained >= stored, "answered " + std::to_string(stored) + ", drained " + std::to_string(drained));
  expect_equal(server.stop().value_or(-1), 0);
}
