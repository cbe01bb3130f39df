// Which node to ask, and what to do when it fails.
#include "tests/nemesis/clients/client.hpp"

#include <fmt/format.h>

namespace lmq::nemesis {

namespace {

constexpr seconds avoided_for{1.0};

} // namespace

client::client(world& shared, std::size_t turn, std::uint64_t seed)
    : world_(shared),
      turn_(turn),
      random_(seed),
      connections_(shared.known_nodes),
      avoided_until_(shared.known_nodes) {}

std::size_t client::first_usable(std::size_t from) const {
  std::size_t known = world_.known_nodes;
  for (std::size_t step = 0; step < known; ++step)
    if (auto node = (from + step) % known; node >= avoided_until_.size() || avoided_until_[node] <= now())
      return node;
  return from % known;
}

std::size_t client::choose() const {
  return first_usable(turn_ % world_.known_nodes);
}

std::size_t client::choose_beside(std::size_t node) const {
  return first_usable(node + 1);
}

void client::avoid(std::size_t node) {
  avoided_until_[node] = after(now(), avoided_for);
}

std::optional<testing::http_response> client::ask(std::size_t node, const char* verb, std::string_view method,
                                                  std::string_view target, std::string_view body,
                                                  seconds patience) {
  if (node >= connections_.size()) {
    connections_.resize(node + 1);
    avoided_until_.resize(node + 1);
  }
  auto& connection = connections_[node];
  const char* what = "refused";
  may_have_arrived_ = false;
  try {
    if (!connection) {
      network::inside there{world_.where, node};
      connection = std::make_unique<testing::http_client>(world_.where.http_port(node));
    }
    what = "lost";
    may_have_arrived_ = true;
    connection->send(method, target, {}, body);
    auto answer = connection->receive(patience);
    if (answer.status < 200 || answer.status > 299) {
      world_.times.trouble(fmt::format("{}_{}", verb, answer.status));
      if (answer.status >= 500)
        avoid(node);
    }
    return answer;
  } catch (const testing::connection_lost&) {
    world_.times.trouble(fmt::format("{}_{}", verb, what));
  } catch (const testing::timed_out&) {
    world_.times.trouble(fmt::format("{}_hung", verb));
  }
  connection.reset();
  avoid(node);
  return std::nullopt;
}

} // namespace lmq::nemesis
