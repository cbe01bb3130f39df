// Where the nodes live: either all on this machine's loopback, or each in a network namespace of its own,
// with one wire to all others that can be cut between any two. The namespaces have no name: they are gone
// when this program and the nodes in them are, however they end. Owned by the scenario; inside() may be used
// on any thread.
#pragma once

#include "tests/support/unique_fd.hpp"

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace lmq::nemesis {

/// Namespaces can't be made here; says why.
struct not_permitted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class network {
public:
  enum class kind { loopback, namespaces };

  /// Errors: not_permitted
  network(kind how, std::size_t nodes);

  /// The thread that made it is in that node's namespace while it lives: sockets and processes that it makes
  /// belong there.
  class inside {
  public:
    inside(const network& where, std::size_t node);
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;
    ~inside();

  private:
    testing::unique_fd home_;
  };

  /// Where the node's cluster port is to be.
  std::string cluster_address(std::size_t node) const;

  /// The port of the node's HTTP door on its loopback.
  std::uint16_t http_port(std::size_t node) const { return http_ports_[node]; }

  bool has_wires() const { return !namespaces_.empty(); }

  /// From now on nothing that one of them sends to the other arrives, and no sender is told. Only with wires.
  void cut(std::size_t one, std::size_t other);

  /// The same in one direction.
  void cut_one_way(std::size_t from, std::size_t to);

  /// All wires are whole.
  void heal();

private:
  void build(std::size_t nodes);
  void enter(std::size_t node) const;
  void aim(std::size_t from, std::size_t to, bool at_nobody);

  std::vector<testing::unique_fd> namespaces_; // one a node; at the end one for the switch between them
  std::vector<std::uint16_t> http_ports_;
  std::vector<std::uint16_t> cluster_ports_;
};

} // namespace lmq::nemesis
