#include "storage/table_file.hpp"

#include "storage/bytes.hpp"
#include "storage/crc32c.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <unistd.h>

namespace lmq {

namespace {

constexpr std::uint64_t magic = 0x88e241b785f4cff7ULL;
constexpr std::size_t footer_bytes = 53, trailer_bytes = 5, sequence_bytes = 8;
/// Where in the footer: handles of the metaindex and the index, and what they leave of their room; the
/// version; the magic number.
constexpr std::size_t handles_at = 1, handles_bytes = 40, version_at = 41, magic_at = 45;
constexpr std::uint8_t crc32c_checksums = 1;
/// No block is larger: a row, and some more.
constexpr std::uint64_t block_bytes_max = 1ULL << 31;

enum entry_type : std::uint8_t { is_deletion = 0, is_value = 1, is_single_deletion = 7 };

struct block_handle {
  std::uint64_t offset = 0, bytes = 0;
};

block_handle read_handle(byte_reader& in) {
  block_handle h;
  h.offset = in.number();
  h.bytes = in.number();
  return h;
}

class open_file {
public:
  explicit open_file(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    auto end = fd_ < 0 ? -1 : ::lseek(fd_, 0, SEEK_END);
    bytes_ = end < 0 ? 0 : static_cast<std::uint64_t>(end);
  }
  ~open_file() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;

  bool opened() const noexcept { return fd_ >= 0; }
  std::uint64_t bytes() const noexcept { return bytes_; }

  std::optional<std::string> read(std::uint64_t offset, std::uint64_t bytes) const {
    if (bytes > block_bytes_max || offset > bytes_ || bytes > bytes_ - offset)
      return std::nullopt;
    std::string out(bytes, '\0');
    std::size_t got = 0;
    while (got < out.size()) {
      auto n = ::pread(fd_, out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return std::nullopt;
      got += static_cast<std::size_t>(n);
    }
    return out;
  }

  /// A block without its trailer, if it is whole.
  std::optional<std::string> block(block_handle h) const {
    auto all = read(h.offset, h.bytes + trailer_bytes);
    if (!all || h.bytes > block_bytes_max)
      return std::nullopt;
    std::string_view text = *all;
    auto compression = text[h.bytes];
    if (compression != 0 ||
        stored_crc32c(text.substr(0, h.bytes + 1)) != little_endian(text.substr(h.bytes + 1)))
      return std::nullopt;
    all->resize(h.bytes);
    return all;
  }

private:
  int fd_;
  std::uint64_t bytes_ = 0;
};

enum class values : std::uint8_t {
  have_lengths,
  are_handles ///< of the index: they end where they end
};

/// Calls `take` with each key and value. False: the block is not understood from some entry on.
template <class Take>
bool each_entry(std::string_view block, values kind, Take take) {
  if (block.size() < 4)
    return false;
  auto restarts = little_endian(block.substr(block.size() - 4));
  if (restarts > (block.size() - 4) / 4)
    return false;
  auto entries = block.substr(0, block.size() - 4 - 4 * restarts);
  byte_reader in(entries);
  std::string key;
  while (in.left() > 0) {
    auto shared = in.number();
    auto fresh = in.number();
    auto length = kind == values::have_lengths ? in.number() : 0;
    if (in.failed() || shared > key.size())
      return false;
    key.resize(shared);
    key.append(in.take(fresh));
    auto at = entries.size() - in.left();
    if (kind == values::have_lengths)
      in.take(length);
    else if (shared == 0)
      read_handle(in);
    else
      return false; // then the handle would be told as a difference, and ours are not
    if (in.failed() || !take(std::string_view(key), entries.substr(at, entries.size() - in.left() - at)))
      return false;
  }
  return true;
}

struct table_parts {
  block_handle metaindex, index;
  std::uint32_t version = 0;
};

std::optional<table_parts> read_footer(const open_file& file, std::string& flaw) {
  auto text =
    file.bytes() < footer_bytes ? std::nullopt : file.read(file.bytes() - footer_bytes, footer_bytes);
  if (!text || little_endian(std::string_view(*text).substr(magic_at)) != magic) {
    flaw = "its end is missing or altered";
    return std::nullopt;
  }
  if (static_cast<std::uint8_t>((*text)[0]) != crc32c_checksums) {
    flaw = "its checksums are of another kind than this program's";
    return std::nullopt;
  }
  byte_reader in(std::string_view(*text).substr(handles_at, handles_bytes));
  table_parts parts;
  parts.metaindex = read_handle(in);
  parts.index = read_handle(in);
  if (in.failed()) {
    flaw = "its end is altered";
    return std::nullopt;
  }
  parts.version = static_cast<std::uint32_t>(
    little_endian(std::string_view(*text).substr(version_at, magic_at - version_at)));
  return parts;
}

/// What a table says of itself; where it can't be read: nothing.
std::map<std::string, std::string> read_properties(const open_file& file, block_handle metaindex) {
  std::map<std::string, std::string> all;
  auto list = file.block(metaindex);
  if (!list)
    return all;
  std::optional<block_handle> where;
  each_entry(*list, values::have_lengths, [&](std::string_view name, std::string_view value) {
    byte_reader in(value);
    if (name == "rocksdb.properties")
      where = read_handle(in);
    return true;
  });
  auto block = where ? file.block(*where) : std::nullopt;
  if (block)
    each_entry(*block, values::have_lengths, [&](std::string_view name, std::string_view value) {
      all.emplace(name, value);
      return true;
    });
  return all;
}

std::optional<std::uint64_t> number_in(const std::map<std::string, std::string>& properties,
                                       const char* name) {
  auto it = properties.find(name);
  if (it == properties.end())
    return std::nullopt;
  byte_reader in(it->second);
  auto n = in.number();
  return in.failed() ? std::nullopt : std::optional(n);
}

/// False: there is a row in it that is not understood.
bool take_rows(std::string_view block, const row_taker& take, std::uint64_t& rows) {
  return each_entry(block, values::have_lengths, [&](std::string_view key, std::string_view value) {
    if (key.size() < sequence_bytes)
      return false;
    auto end = little_endian(key.substr(key.size() - sequence_bytes));
    auto type = static_cast<std::uint8_t>(end);
    if (type != is_value && type != is_deletion && type != is_single_deletion)
      return false;
    take({key.substr(0, key.size() - sequence_bytes), end >> 8, type != is_value, value});
    ++rows;
    return true;
  });
}

/// In the index of a table a key may have the sequence number behind it: without, it is not greater.
std::string lower_bound_of(const std::string& index_key, bool user_keys) {
  if (user_keys || index_key.size() < sequence_bytes)
    return index_key;
  return index_key.substr(0, index_key.size() - sequence_bytes);
}

} // namespace

table_look read_table(const std::filesystem::path& path, const row_taker& take) {
  table_look look;
  open_file file(path);
  if (!file.opened()) {
    look.flaw = std::string("it can't be opened: ") + std::strerror(errno);
    return look;
  }
  auto parts = read_footer(file, look.flaw);
  if (!parts)
    return look;
  auto properties = read_properties(file, parts->metaindex);
  auto index = file.block(parts->index);
  if (!index || number_in(properties, "rocksdb.index.value.is.delta.encoded").value_or(1) != 1) {
    look.flaw = "its index can't be read";
    return look;
  }
  bool user_keys = number_in(properties, "rocksdb.index.key.is.user.key").value_or(0) == 1;
  std::string before;
  look.has_index =
    each_entry(*index, values::are_handles, [&](std::string_view last, std::string_view handle) {
      byte_reader in(handle);
      auto where = read_handle(in);
      ++look.blocks;
      auto block = file.block(where);
      if (!block || !take_rows(*block, take, look.rows)) {
        ++look.blocks_lost;
        look.lost.push_back({lower_bound_of(before, user_keys), std::string(last)});
      }
      before = last;
      return true;
    });
  auto all = number_in(properties, "rocksdb.num.entries");
  if (all && *all >= look.rows)
    look.rows_lost = *all - look.rows;
  if (!look.has_index)
    look.flaw = "its index is not understood";
  else if (look.blocks_lost > 0)
    look.flaw = fmt::format("{} of its {} blocks can't be read", look.blocks_lost, look.blocks);
  else if (parts->version != table_version)
    look.flaw =
      fmt::format("it says that its version is {}, and this program's tables have version {}; all of its "
                  "rows can be read",
                  parts->version, table_version);
  else if (properties.empty())
    look.flaw = "what it says of itself can't be read, and all of its rows can";
  return look;
}

} // namespace lmq
