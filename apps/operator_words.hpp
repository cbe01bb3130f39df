// The words of the commands of operators: queues, peek, purge, redrive, delete, revive, pause,
// resume, props, rules, stats, top.
//
// Brings CLI11 along: for command_line.cpp and its own.
#pragma once

#include "apps/client/commands.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lmq {

/// What is wrong with the name of a queue, as CLI11 wants it: empty, nothing is.
std::string complaint_of_name(const std::string& name);

class operator_words {
public:
  using add_command = std::function<CLI::App*(const char* name, const char* help)>;
  using wanted = decltype(client::command::what);

  /// @param add  makes a client command. Outlives nothing
  void add_to(const add_command& add);

  /// What was asked, if it is one of these; or a sentence that says what is wrong.
  checked<std::optional<wanted>> read() const;

private:
  /// `get`, `set` and `reset` of something.
  struct verbs {
    CLI::App *all = nullptr, *get = nullptr, *set = nullptr, *reset = nullptr;

    client::of_settings chosen() const {
      return set->parsed()     ? client::of_settings::set
             : reset->parsed() ? client::of_settings::reset
                               : client::of_settings::get;
    }
  };

  verbs add_verbs(CLI::App* all, const char* get, const char* set, const char* reset);
  void add_queue(CLI::App* to);
  void add_json(CLI::App* to);
  void add_match(CLI::App* to);
  checked<wanted> read_peek() const;
  checked<wanted> read_redrive() const;
  checked<wanted> read_top() const;
  checked<wanted> read_props() const;

  std::string queue_, match_, n_, limit_, every_, file_ = "-";
  std::vector<std::string> change_;
  bool json_ = false, once_ = false;
  CLI::App *queues_ = nullptr, *peek_ = nullptr, *purge_ = nullptr, *redrive_ = nullptr, *delete_ = nullptr,
           *revive_ = nullptr, *pause_ = nullptr, *resume_ = nullptr, *stats_ = nullptr, *top_ = nullptr;
  verbs props_, rules_;
};

} // namespace lmq
