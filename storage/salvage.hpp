// All rows that can be read whole in a damaged directory, whatever the files say of each other.
//
// Reads every table and every log there is, twice: first what there is and what is gone, then the messages
// that are left, one after the other. Changes nothing. Holds a few bytes for each message and all the small
// rows. Of one repair; one thread.
#pragma once

#include "storage/format.hpp"
#include "storage/store.hpp"
#include "storage/table_file.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lmq {

class salvage {
public:
  struct file_flaw {
    std::string file;
    std::string what;
  };

  /// What the files told of what is missing.
  struct findings {
    std::size_t tables = 0, logs = 0;     ///< read
    std::vector<file_flaw> flaws;         ///< damaged and missing files
    std::vector<std::string> remarks;     ///< no loss
    std::vector<key_range> lost;          ///< of blocks that can't be read
    std::uint64_t rows_lost = 0;          ///< in tables; 0 also where they don't say
    bool extent_known = true;             ///< all that is missing lies in `lost`
    std::optional<std::uint32_t> version; ///< of the directory's format
    bool damaged() const noexcept { return !flaws.empty(); }
  };

  /// What is known of a message without its content.
  enum class fate : std::uint8_t {
    unknown, ///< no file that can be read has it
    there,
    gone ///< it was settled: its deletion was read
  };

  explicit salvage(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// Reads all files.
  /// @param live    the tables that belong together; nothing: that can't be read any more
  /// @param synced  the last batch that was synced, as far as that is known
  void read(const std::optional<std::vector<std::string>>& live, std::optional<std::uint64_t> synced);

  const findings& found() const noexcept { return found_; }

  fate fate_of(std::uint32_t queue, message_id id) const;

  /// Ids of all messages of that fate.
  void each_id(fate of, const std::function<void(std::uint32_t queue, message_id id)>& take) const;

  /// The latest of every row that is no message, by key.
  std::map<std::string, std::string> small_rows() const;

  /// Reads the messages that are there, each once. False from `take` ends it.
  void each_message(
    const std::function<bool(std::uint32_t queue, message_id id, std::string_view value)>& take);

private:
  struct message_name {
    std::uint32_t queue;
    message_id id;
    friend bool operator==(const message_name&, const message_name&) = default;
  };
  struct name_hash {
    std::size_t operator()(const message_name& n) const noexcept {
      return std::hash<message_id>{}(n.id) + n.queue * std::size_t{0x9e3779b97f4a7c15ULL};
    }
  };
  struct seen {
    bool put = false, gone = false, taken = false;
  };
  /// Logs may have what the tables have as well, and then an older version under a greater number.
  struct age {
    bool behind_tables = false;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const age&, const age&) = default;
  };
  struct small_row {
    age at;
    bool gone = false;
    std::string value;
  };

  void list_files();
  void read_tables(const std::optional<std::vector<std::string>>& live);
  void read_logs(std::optional<std::uint64_t> synced);
  void take(const file_row& row, bool behind_tables);
  std::uint64_t batch_in_tables() const;
  bool lost_the_batch_row() const;

  std::filesystem::path directory_;
  std::vector<std::string> tables_, logs_; ///< names, the oldest first
  findings found_;
  std::uint64_t listed_end_ = 0; ///< the last batch in tables that belong together
  std::unordered_map<message_name, seen, name_hash> messages_;
  std::map<std::string, small_row> small_;
};

} // namespace lmq
