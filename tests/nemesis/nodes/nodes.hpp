// The cluster's nodes as processes: started, killed, stopped, started again under the same name, and asked
// how they see each other. Holds each node's process, the logs of all that ran before it, and the disks;
// owned by the scenario, used on the main thread (processes die with the thread that started them).
#pragma once

#include "tests/nemesis/books/moment.hpp"
#include "tests/nemesis/nodes/network.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::nemesis {

enum class storage {
  memory, ///< what a node holds ends with it
  disk,   ///< each node has a directory of its own for all its runs
};

class nodes {
public:
  /// One node alone is no cluster.
  nodes(const network& where, std::size_t count, storage kept_in = storage::memory);

  static std::string name(std::size_t node) { return std::string(1, static_cast<char>('a' + node)); }

  std::size_t count() const { return runs_.size(); }

  /// Starts it with all others to join, and waits until it answers HTTP.
  /// Errors: std::runtime_error with its own words
  void start(std::size_t node);

  /// Starts it and waits for nothing.
  void launch(std::size_t node);

  /// Waits until what was launched answers HTTP (one node alone: until it says that it is ready).
  /// Errors: std::runtime_error with its own words
  void await_start(std::size_t node);

  /// From launch() until that, at the most.
  seconds longest_start() const { return longest_start_; }

  void kill(std::size_t node);

  /// All of them at the same instant.
  void kill(const std::vector<std::size_t>& which);

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

  /// Its figures for Prometheus; empty when it doesn't answer.
  std::string metrics_of(std::size_t node) const;

  /// Each run's log, in NAME.RUN.log of this folder, and what the nodes have on their disks.
  void keep_traces(const std::filesystem::path& folder) const;

private:
  std::string get(std::size_t node, std::string_view target) const;
  std::vector<std::string> arguments(std::size_t node) const;
  testing::child_process& last_run(std::size_t node) { return *runs_[node].last; }

  struct runs {
    std::vector<std::string> logs{}; // of those before the last one, which has no open files any more
    std::unique_ptr<testing::child_process> last{};
    testing::stopwatch since_launch{};
  };

  const network& network_;
  std::optional<testing::temporary_folder> disks_; // none: all in memory
  std::vector<runs> runs_;
  seconds longest_start_{0};
};

} // namespace lmq::nemesis
