// What every wire of the server lets a client do, in words of none of them. The cases that mean the same on
// each wire are written against this, so that another wire needs a driver and no new case.
// A client is one connection; owned by a case, used on one thread.
#pragma once

#include "tests/support/time_limit.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmq::testing {
class server_process;
}

namespace lmq::contract {

using lmq::testing::seconds;

enum class push_result { stored, window_opened, window_joined };
enum class settlement { ack, nack, extend };
enum class settle_result { done, no_such_lease };
enum class message_kind { normal, compound };

struct delivery {
  std::string queue;
  std::string lease;
  message_kind kind = message_kind::normal;
  int retry_remaining = 0;
  std::vector<std::string> contents; ///< one, or a compound's in their order

  /// The content of a normal message.
  const std::string& content() const { return contents.at(0); }
};

/// Those that are given are set; the others stay.
struct queue_properties {
  std::optional<double> accum{};   ///< seconds
  std::optional<int> retry{};      ///< deliveries after the first
  std::optional<double> timeout{}; ///< seconds
};

using property_rules = std::vector<std::pair<std::string, queue_properties>>;

/// The server said no; what() is its reason.
struct refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Every verb throws `refused`, and what its connection throws: timed_out, connection_lost.
class broker_client {
public:
  virtual ~broker_client() = default;

  virtual push_result push(std::string_view queue, std::string_view content) = 0;

  /// To every queue whose name matches.
  virtual void push_all(std::string_view regex, std::string_view content) = 0;

  /// Asks for a message and returns at once; end_pull() is the answer. Without `wait` it waits for ever.
  virtual void begin_pull(std::string_view queue, std::optional<seconds> wait) = 0;
  virtual void begin_pull_any(std::string_view regex, std::optional<seconds> wait) = 0;

  /// The message, or nothing if none came in time.
  virtual std::optional<delivery> end_pull() = 0;

  /// Goes away without a word, as a client that was killed.
  virtual void vanish() = 0;

  virtual settle_result settle(std::string_view queue, std::string_view lease, settlement how) = 0;

  /// An absent queue is none to complain about.
  virtual void delete_queue(std::string_view queue) = 0;

  virtual void set_properties(std::string_view queue, const queue_properties& properties) = 0;
  virtual void reset_properties(std::string_view queue) = 0;
  virtual void set_rules(const property_rules& rules) = 0;

  // Said with the verbs above.

  std::optional<delivery> pull(std::string_view queue, seconds wait = seconds{0}) {
    begin_pull(queue, wait);
    return end_pull();
  }

  std::optional<delivery> pull_any(std::string_view regex, seconds wait = seconds{0}) {
    begin_pull_any(regex, wait);
    return end_pull();
  }

  settle_result ack(const delivery& what) { return settle(what.queue, what.lease, settlement::ack); }

  settle_result nack(const delivery& what) { return settle(what.queue, what.lease, settlement::nack); }

  settle_result extend(const delivery& what) { return settle(what.queue, what.lease, settlement::extend); }
};

/// A kind of connection to one server.
class wire {
public:
  virtual ~wire() = default;
  virtual std::unique_ptr<broker_client> connect() = 0;
};

struct wire_kind {
  const char* name;
  std::unique_ptr<wire> (*open)(lmq::testing::server_process& server);
};

/// All that the server speaks.
const std::vector<wire_kind>& wire_kinds();

} // namespace lmq::contract
