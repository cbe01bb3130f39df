// The client commands: each is one request to a server and what a person or a script sees of its answer.
//
// They write bodies to `out` and everything else to `err`, and end with an exit code. Main thread, blocking.
#pragma once

#include "apps/client/request.hpp"
#include "apps/exit_code.hpp"
#include "core/dead_letter.hpp"
#include "core/queue_order.hpp"

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <variant>

namespace lmq::client {

struct ping {};

struct push {
  std::string queue;
  std::optional<std::string> body{}; ///< nothing: standard input
  std::string content_type{};        ///< empty: none
};

struct pull {
  std::string queue;
  std::optional<std::chrono::milliseconds> wait{0}; ///< nothing: for ever
  bool ack = false;                                 ///< once the body is written
  bool headers = false;                             ///< on standard output, before the body
};

struct settle {
  std::string queue;
  std::string id;
  std::string reply; ///< as on the wire: ack, nack, ext
};

/// Links the server's node with the one whose cluster port that is.
struct join {
  host_port address;
};

struct leave {};

struct forget {
  std::string node;
};

struct status {
  bool json = false; ///< both documents as they are, instead of tables
};

/// A copy of the server's data directory, made by the server.
struct backup {
  std::string directory; ///< absolute, in UTF-8
};

// What operators ask. With `json` the server's documents as they are, instead of tables.

struct queues {
  std::string match{}; ///< of the names; empty: all
  bool json = false;
};

struct peek {
  std::string queue;
  std::size_t n = peek_limits::messages_default;
  bool json = false;
};

struct purge {
  std::string queue;
  bool json = false;
};

/// Sends dead letters that are ready back to where they died.
struct redrive {
  std::string queue;
  std::size_t limit = redrive_max;
  bool json = false;
};

struct delete_queue {
  std::string queue;
};

/// Starts a queue that is down.
struct revive {
  std::string queue;
};

/// Nothing is delivered from it until it is resumed.
struct pause {
  std::string queue;
  bool resume = false;
};

/// What is to be done with what is set.
enum class of_settings { get, set, reset };

struct props {
  of_settings verb = of_settings::get;
  std::string queue;
  std::string change{}; ///< to be set: an object
  bool json = false;
};

struct rules {
  of_settings verb = of_settings::get;
  std::string file = "-"; ///< to be set: what is in there; `-`: standard input
  bool json = false;
};

struct stats {
  bool json = false;
};

/// A table of the queues that is drawn anew again and again.
struct top {
  std::string match{};
  std::chrono::milliseconds every{2000};
  bool once = false; ///< print it and end; needs no terminal
};

struct command {
  server_url server;
  credentials with{};
  std::variant<ping, push, pull, settle, join, leave, forget, status, backup, queues, peek, purge, redrive,
               delete_queue, revive, pause, props, rules, stats, top>
    what;
};

/// Where a command reads and writes. The files stay open.
struct standard_files {
  std::FILE* in = stdin;
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

exit_code run(const command& asked, standard_files files = {});

} // namespace lmq::client
