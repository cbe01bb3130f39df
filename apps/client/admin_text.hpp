// What operators see of the server's documents: tables for people.
//
// Plain functions. Errors: the document is not what this version of lmq knows.
#pragma once

#include "apps/values.hpp"

#include <map>
#include <string>
#include <string_view>

namespace lmq::client {

inline constexpr std::string_view not_understood =
  "the server's answer is not understood; ask with the lmq of the server's version";

/// Of `GET /queues`.
checked<std::string> queues_text(std::string_view document);

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
