// One client: it prefers a node, keeps a connection to each it has used, and goes to the next one when one
// fails. Owned by its thread.
#pragma once

#include "tests/nemesis/clients/clients.hpp"
#include "tests/support/http_client.hpp"

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::nemesis {

class client {
public:
  /// It prefers node `turn` modulo the nodes that clients know of.
  client(world& shared, std::size_t turn, std::uint64_t seed);

  /// The node that the next request goes to: the preferred one, or the first behind it that did not fail
  /// lately.
  std::size_t choose() const;

  /// Any other than that one, if there is one that did not fail lately.
  std::size_t choose_beside(std::size_t node) const;

  /// Nothing when there was no answer; that is counted as trouble under `verb`, and so is every status but
  /// 2xx. After no answer and after 5xx the node is avoided for a while.
  std::optional<testing::http_response> ask(std::size_t node, const char* verb, std::string_view method,
                                            std::string_view target, std::string_view body = {},
                                            seconds patience = testing::answer_time_max);

  /// Whether the last request, if it had no answer, may have arrived.
  bool may_have_arrived() const { return may_have_arrived_; }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

private:
  void avoid(std::size_t node);
  std::size_t first_usable(std::size_t from) const;

  world& world_;
  std::size_t turn_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<testing::http_client>> connections_;
  std::vector<moment> avoided_until_;
  bool may_have_arrived_ = false;
};

} // namespace lmq::nemesis
