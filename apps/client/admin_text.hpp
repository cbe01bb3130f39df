// What operators see of the server's documents: tables for people.
//
// Plain functions. Errors: the document is not what this version of lmq knows.
#pragma once

#include "apps/client/table.hpp"
#include "apps/values.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::client {

inline constexpr std::string_view not_understood =
  "the server's answer is not understood; ask with the lmq of the server's version";

/// Of `GET /queues`, page by page, as a table.
class queues_table {
public:
  /// @returns how many queues there are
  checked<std::uint64_t> add(std::string_view page);
  std::string text() const;

private:
  std::vector<table_row> rows_{
    {"QUEUE", "READY", "LEASED", "ACCUMULATING", "WAITERS", "MEMORY", "HOME", "STATE"}};
};

/// The same as one document: `{"queues":[…],"total":…}`.
class queues_document {
public:
  /// @returns how many queues there are
  checked<std::uint64_t> add(std::string_view page);
  std::string text() const;

private:
  std::string queues_; ///< with a comma before each
  std::uint64_t total_ = 0;
};

/// Of `GET /queues/NAME/messages`: a line each, with the beginning of its body.
checked<std::string> messages_text(std::string_view document);

/// Of `POST /queues/NAME/purge`.
checked<std::string> purged_text(std::string_view document);

/// Of `POST /queues/NAME/redrive`.
checked<std::string> moved_text(std::string_view document);

/// Of `GET /properties/NAME` and `GET /properties`.
checked<std::string> properties_text(std::string_view document);
checked<std::string> rules_text(std::string_view document);

/// Of `GET /stats`.
checked<std::string> stats_text(std::string_view document);

struct top_table {
  std::string text;
  std::uint64_t shown = 0; ///< queues
  std::uint64_t total = 0; ///< queues that there are
};

/// Of `GET /queues`, those with most messages first, and how each has changed since the last time.
///
/// @param before  sizes by name; made those of now
/// @param lines   at most so many, heading included; 0: all
checked<top_table> top_text(std::string_view document, std::map<std::string, std::uint64_t>& before,
                            std::size_t lines);

/// 512B, 20KiB, 3MiB.
std::string size_text(std::uint64_t bytes);

} // namespace lmq::client
