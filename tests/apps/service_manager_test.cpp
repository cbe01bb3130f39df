// What a service manager is told: a datagram socket of the test's own stands for systemd.
#define CAF_SUITE service_manager

#include <caf/test/unit_test.hpp>

#include "apps/service_manager.hpp"
#include "tests/apps/run.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temporary_folder.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace lmq::testing;

namespace {

/// Where a manager listens.
class manager_socket {
public:
  /// @param name  as in NOTIFY_SOCKET
  explicit manager_socket(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    auto abstract = name.front() == '@';
    if (abstract)
      at.sun_path[0] = '\0';
    auto size = offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1);
    if (!fd_ || bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), static_cast<socklen_t>(size)) != 0)
      throw std::runtime_error("can't listen at " + name);
  }

  /// The next datagram; "nothing" if none comes in time.
  std::string next(seconds patience = answer_time_max) const {
    pollfd waited{fd_.get(), POLLIN, 0};
    if (poll(&waited, 1, static_cast<int>(patience.count() * 1000)) != 1)
      return "nothing";
    std::array<char, 4096> bytes{};
    auto size = recv(fd_.get(), bytes.data(), bytes.size(), 0);
    return {bytes.data(), size < 0 ? 0u : static_cast<std::size_t>(size)};
  }

private:
  unique_fd fd_;
};

command serve_for(const std::string& socket) {
  return {.program = program_path(),
          .arguments = {"serve", "--memory", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0"},
          .environment = {{"NOTIFY_SOCKET", socket}}};
}

std::uint16_t port_in(const std::string& status) {
  const std::string before = "STATUS=HTTP at 127.0.0.1:";
  auto at = status.find(before);
  return at == std::string::npos ? 0
                                 : static_cast<std::uint16_t>(std::stoul(status.substr(at + before.size())));
}

} // namespace

CAF_TEST(a manager is told of the start and of a reload and of the end) {
  temporary_folder folder;
  manager_socket manager{folder.path("notify")};
  child_process server{serve_for(folder.path("notify"))};
  auto ready = manager.next();
  CAF_MESSAGE(ready);
  CAF_REQUIRE(ready.starts_with("READY=1\nSTATUS="));
  CAF_CHECK(holds(ready, ", MessagePack-RPC at 127.0.0.1:"));
  // Whoever is started after the server is answered at once.
  http_client client{port_in(ready)};
  CAF_CHECK_EQUAL(client.request("POST", "/messages/q", {}, "body").status, 200);

  server.signal(SIGHUP);
  CAF_CHECK(manager.next().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  CAF_CHECK_EQUAL(manager.next(), ready);

  server.signal(SIGTERM);
  CAF_CHECK_EQUAL(manager.next(), "STOPPING=1");
  CAF_CHECK(server.wait() == 0);
  CAF_CHECK_EQUAL(manager.next(seconds{0}), "nothing");
}

CAF_TEST(a manager with an abstract name is told as well) {
  auto name = "@lmq-test-" + std::to_string(getpid());
  manager_socket manager{name};
  child_process server{serve_for(name)};
  CAF_CHECK(manager.next().starts_with("READY=1\n"));
}

CAF_TEST(a start that is refused is not told) {
  temporary_folder folder;
  manager_socket manager{folder.path("notify")};
  auto refused = serve_for(folder.path("notify"));
  refused.arguments.insert(refused.arguments.end(), {"--http", "192.0.2.1:9980"});
  child_process server{refused};
  CAF_CHECK(server.wait() == 2);
  CAF_CHECK_EQUAL(manager.next(seconds{0}), "nothing");
}

CAF_TEST(a server runs on where its manager can not be told) {
  temporary_folder folder;
  for (const auto& nobody : {folder.path("nobody"), std::string{"vsock:2:1"}, '/' + std::string(200, 'x')}) {
    child_process server{serve_for(nobody)};
    await_words(server, "warn service.untold socket=" + nobody);
    server.signal(SIGTERM);
    CAF_CHECK(server.wait() == 0);
  }
}

CAF_TEST(a name takes all the room that a socket has for it) {
  temporary_folder folder;
  for (std::size_t size : {106u, 107u}) {
    auto path = folder.path("");
    path.append(size - path.size(), 'x');
    manager_socket manager{path};
    lmq::service_manager{path.c_str()}.stopping();
    CAF_CHECK_EQUAL(manager.next(seconds{0}), "STOPPING=1");
  }
  auto name = "@lmq-test-" + std::to_string(getpid());
  name.append(108 - name.size(), 'x');
  manager_socket manager{name};
  lmq::service_manager{name.c_str()}.stopping();
  CAF_CHECK_EQUAL(manager.next(seconds{0}), "STOPPING=1");
}

CAF_TEST(without a manager nothing happens) {
  lmq::service_manager{nullptr}.stopping();
  lmq::service_manager{""}.ready("all is well");
  child_process server{serve_for("")};
  await_words(server, "rpc.listen");
  server.signal(SIGTERM);
  CAF_CHECK(server.wait() == 0);
  CAF_CHECK(!holds(server.standard_error(), "service."));
}
