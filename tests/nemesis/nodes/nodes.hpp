// The cluster's nodes as processes: started, killed, stopped, started again under the same name, and asked
// how they see each other. Holds every process that ever ran here with its log; owned by the scenario, used
// on the main thread (processes die with the thread that started them).
#pragma once

#include "tests/nemesis/books/moment.hpp"
#include "tests/nemesis/nodes/network.hpp"
#include "tests/support/child_process.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::nemesis {

class nodes {
public:
  nodes(const network& where, std::size_t count);

  static std::string name(std::size_t node) { return std::string(1, static_cast<char>('a' + node)); }

  std::size_t count() const { return runs_.size(); }

  /// Starts it with all others to join, and waits until it answers HTTP.
  /// Errors: std::runtime_error with its own words
  void start(std::size_t node);

  void kill(std::size_t node);

  void pause(std::size_t node);

  void resume(std::size_t node);

  /// Ends it in good order: its exit code; nothing if it did not end in time.
  std::optional<int> stop(std::size_t node);

  bool running(std::size_t node);

  /// `lmq leave` towards it: whether it ended with 0; its words are told on standard error.
  bool leave(std::size_t node);

  /// Whether all of them serve and each sees each in step.
  bool are_one(const std::vector<std::size_t>& which) const;

  /// How long it took until they were, and stayed so; nothing if they were not in time. A node that was
  /// silent is given up a moment after it speaks again when its words, sent again and again, come too late:
  /// after silence ask for steadiness.
  std::optional<seconds> await_one(const std::vector<std::size_t>& which, seconds patience,
                                   seconds steady = seconds{0}) const;

  /// Messages of a queue by a node's own statistics; nothing if it does not answer.
  std::optional<std::uint64_t> size_of(std::size_t node, const std::string& queue) const;

  /// Messages of all queues by a node's own statistics; 0 if it does not answer.
  std::uint64_t held_by(std::size_t node) const;

  /// The name of the queue's home by that node's statistics; empty: unknown.
  std::string home_of(std::size_t node, const std::string& queue) const;

  /// A request to a node: its status; 0 when it has no answer.
  int ask(std::size_t node, std::string_view method, std::string_view target,
          std::string_view body = {}) const;

  /// What a node answers to a GET; null when it doesn't.
  nlohmann::json look(std::size_t node, std::string_view target) const;

  /// Each run's log, in NAME.RUN.log of this folder.
  void keep_logs(const std::filesystem::path& folder) const;

private:
  std::vector<std::string> arguments(std::size_t node) const;
  testing::child_process& last_run(std::size_t node) { return *runs_[node].back(); }

  const network& network_;
  std::vector<std::vector<std::unique_ptr<testing::child_process>>> runs_;
};

} // namespace lmq::nemesis
