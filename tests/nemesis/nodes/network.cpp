// Namespaces by unshare(2), wires by ip(8). A cut is a neighbour's hardware address that nobody has: the
// frames leave and nobody takes them, so that no sender gets an error, as with a cable that is cut somewhere.
#include "tests/nemesis/nodes/network.hpp"

#include "tests/support/child_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <random>
#include <sstream>

namespace lmq::nemesis {

namespace {

constexpr std::uint16_t http_port_inside = 9980;
constexpr std::uint16_t cluster_port_inside = 9981;
constexpr auto own_namespace = "/proc/thread-self/ns/net";
constexpr auto nobodys_hardware_address = "02:00:00:00:00:ff";

std::string address_of(std::size_t node) {
  return fmt::format("10.77.0.{}", node + 1);
}

std::string hardware_address_of(std::size_t node) {
  return fmt::format("02:00:00:00:00:{:02x}", node + 1);
}

/// A port that nobody has, and that the system gives to no outgoing connection by itself: a node that was
/// killed wants it again, while its clients try to reach it all the time.
std::uint16_t port_of_a_server() {
  constexpr std::uint16_t first = 10'000;
  constexpr std::uint16_t end = 32'000; // Linux gives out 32768 and above
  static std::random_device random;
  for (;;) {
    auto port = std::uniform_int_distribution<std::uint16_t>{first, end - 1}(random);
    testing::unique_fd probe{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!probe)
      throw std::runtime_error(fmt::format("socket: {}", std::strerror(errno)));
    if (::bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      return port;
  }
}

testing::unique_fd current_namespace() {
  return testing::unique_fd{::open(own_namespace, O_RDONLY | O_CLOEXEC)};
}

void go_to(const testing::unique_fd& where) {
  if (::setns(where.get(), CLONE_NEWNET) != 0)
    throw std::runtime_error(fmt::format("setns: {}", std::strerror(errno)));
}

std::string program_ip() {
  for (const auto* path : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"})
    if (std::filesystem::exists(path))
      return path;
  throw not_permitted("there is no program ip (iproute2)");
}

/// Runs `ip WORDS` in the thread's namespace.
void ip(const std::string& words) {
  std::istringstream in{words};
  std::vector<std::string> arguments{std::istream_iterator<std::string>{in}, {}};
  testing::child_process child{{.program = program_ip(), .arguments = std::move(arguments)}};
  if (child.wait() != 0)
    throw not_permitted(fmt::format("ip {}: {}", words, child.standard_error()));
}

} // namespace

network::network(kind how, std::size_t nodes) {
  if (how == kind::namespaces) {
    build(nodes);
    http_ports_.assign(nodes, http_port_inside);
    cluster_ports_.assign(nodes, cluster_port_inside);
    return;
  }
  for (std::size_t i = 0; i < nodes; ++i) {
    http_ports_.push_back(port_of_a_server());
    cluster_ports_.push_back(port_of_a_server());
  }
}

void network::build(std::size_t nodes) {
  auto home = current_namespace();
  if (!home)
    throw not_permitted(fmt::format("{}: {}", own_namespace, std::strerror(errno)));
  try {
    for (std::size_t i = 0; i <= nodes; ++i) {
      if (::unshare(CLONE_NEWNET) != 0)
        throw not_permitted(fmt::format("network namespaces: {}", std::strerror(errno)));
      namespaces_.push_back(current_namespace());
      ip("link set lo up");
    }
    ip("link add switch type bridge"); // still in the last one
    ip("link set switch up");
    for (std::size_t i = 0; i < nodes; ++i) {
      go_to(namespaces_.back());
      ip(fmt::format("link add node{} type veth peer name wire address {} netns /proc/{}/fd/{}", i,
                     hardware_address_of(i), ::getpid(), namespaces_[i].get()));
      ip(fmt::format("link set node{} master switch up", i));
      go_to(namespaces_[i]);
      ip(fmt::format("address add {}/24 dev wire", address_of(i)));
      ip("link set wire up");
      for (std::size_t peer = 0; peer < nodes; ++peer)
        if (peer != i)
          aim(i, peer, false);
    }
  } catch (...) {
    ::setns(home.get(), CLONE_NEWNET);
    throw;
  }
  go_to(home);
}

void network::enter(std::size_t node) const {
  go_to(namespaces_[node]);
}

void network::aim(std::size_t from, std::size_t to, bool at_nobody) {
  inside there{*this, from};
  ip(fmt::format("neigh replace {} lladdr {} dev wire nud permanent", address_of(to),
                 at_nobody ? nobodys_hardware_address : hardware_address_of(to)));
}

void network::cut(std::size_t one, std::size_t other) {
  cut_one_way(one, other);
  cut_one_way(other, one);
}

void network::cut_one_way(std::size_t from, std::size_t to) {
  aim(from, to, true);
}

void network::heal() {
  for (std::size_t from = 0; from + 1 < namespaces_.size(); ++from)
    for (std::size_t to = 0; to + 1 < namespaces_.size(); ++to)
      if (from != to)
        aim(from, to, false);
}

std::string network::cluster_address(std::size_t node) const {
  return fmt::format("{}:{}", has_wires() ? address_of(node) : "127.0.0.1", cluster_ports_[node]);
}

network::inside::inside(const network& where, std::size_t node) {
  if (!where.has_wires())
    return;
  home_ = current_namespace();
  where.enter(node);
}

network::inside::~inside() {
  // A thread that can't go home would make its next socket in the wrong place: better to end.
  if (home_ && ::setns(home_.get(), CLONE_NEWNET) != 0)
    std::terminate();
}

} // namespace lmq::nemesis
