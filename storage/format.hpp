// Rows as bytes: docs/protocol/storage-format.md in code.
//
// Pure functions. What is decoded is trusted in nothing: it comes out whole, or as the reason why not.
#pragma once

#include "core/stored.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace lmq::format {

/// Of the directory as a whole. A program reads this one and those before it.
inline constexpr std::uint32_t directory_version = 1;

/// A key's first byte.
enum class row : char {
  batch = 'b',      ///< the number of the last batch
  context = 'c',    ///< what one incarnation's context is
  directory = 'f',  ///< the format's version, and who wrote
  next_queue = 'i', ///< the id that the next new queue will have
  message = 'm',
  note = 'n',
  queue = 'q', ///< a queue's name
  unit = 'u'
};

/// Why a row can't be read.
enum class flaw : std::uint8_t {
  malformed,
  newer ///< its version is not known here
};

template <class T>
using decoded = tl::expected<T, flaw>;

// -- keys ---------------------------------------------------------------------

std::string key_of(row single); ///< of a row that there is one of
std::string context_key(std::uint64_t incarnation);
std::string note_key(std::string_view name);
std::string queue_key(std::uint32_t queue);
std::string message_key(std::uint32_t queue, message_id id);
std::string unit_key(std::uint32_t queue, message_id id);

/// Of a message or a unit.
struct queue_and_id {
  std::uint32_t queue = 0;
  message_id id;
};

/// Each of these takes a whole key of its kind; nothing: it is none.
std::optional<queue_and_id> parse_queue_and_id(std::string_view key);
std::optional<std::uint32_t> parse_queue(std::string_view key);
std::optional<std::uint64_t> parse_incarnation(std::string_view key);

/// As logs and reports name a message or a unit.
std::string text_of(message_id id);

// -- values -------------------------------------------------------------------

/// All of a message's value but its body, which follows.
std::string message_head(const stored_message& m);
decoded<stored_message> decode_message(message_id id, std::string_view value);

/// @param wall_ms  since 1970, now
std::string unit_value(const stored_unit& u, std::uint64_t wall_ms);
/// Lease and window are what is left of them at `wall_ms`: never less than 0, nor more than when it was
/// written.
decoded<stored_unit> decode_unit(message_id unit, std::string_view value, std::uint64_t wall_ms);

std::string context_value(const std::vector<id_set::interval>& intervals);
decoded<std::vector<id_set::interval>> decode_context(std::string_view value);

/// Of notes and of queues' names.
std::string text_value(std::string_view text);
decoded<std::string> decode_text(std::string_view value);

/// Of the batch number and of the next queue's id.
std::string number_value(std::uint64_t number);
decoded<std::uint64_t> decode_number(std::string_view value);

struct directory_mark {
  std::uint32_t version = directory_version;
  std::string program; ///< the version of the program that wrote it, for people

  friend bool operator==(const directory_mark&, const directory_mark&) = default;
};

std::string directory_value(const directory_mark& mark);
/// Reads any version, so that one can say which it is.
decoded<directory_mark> decode_directory(std::string_view value);

} // namespace lmq::format
