// Opening: torn tails are dropped and told, everything else that is wrong is refused in words.
#define CAF_SUITE recovery

#include "storage/directory.hpp"
#include "storage/format.hpp"
#include "storage/synced_mark.hpp"
#include "tests/storage/harm.hpp"
#include "tests/storage/opened_store.hpp"

#include <caf/test/unit_test.hpp>

#include <rocksdb/db.h>

#include <algorithm>

using namespace lmq;
using namespace lmq::testing;
namespace fs = std::filesystem;
using kind = store_error::kind;

namespace {

fs::path only_log(const fs::path& directory) {
  fs::path log;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".log" && (log.empty() || entry.path() > log))
      log = entry.path();
  return log;
}

std::string text_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_over(const fs::path& file, std::uint64_t place, const std::string& bytes) {
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(place))
    .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// As if the disk had seen all but its last bytes; what was filled beforehand is zeros, or was never there.
enum class behind_it : std::uint8_t { zeros, nothing };
void tear(const fs::path& log, behind_it rest = behind_it::zeros) {
  auto used = used_bytes(text_of_file(log));
  write_over(log, used - 10, std::string(10, '\0'));
  if (rest == behind_it::nothing)
    fs::resize_file(log, used - 10);
}

/// Three messages, one in each batch.
void three_messages(const store_options& options) {
  auto opened = open_well(options);
  for (std::uint64_t i = 1; i <= 3; ++i)
    write_well(opened.store, one_message("q", {1, i}, std::string(100, 'x')));
}

std::size_t messages(const store::opened& opened) {
  auto it = opened.state.queues.find("q");
  return it == opened.state.queues.end() ? 0 : it->second.messages.size();
}

/// The mark as it would be if the disk had not seen the last writes of it.
void lag(const fs::path& directory, std::uint64_t by) {
  auto number = synced_mark::read(directory / synced_file_name);
  CAF_REQUIRE(number);
  auto mark = synced_mark::open(directory / synced_file_name);
  CAF_REQUIRE(mark && mark->write(*number - by));
}

void put_row(const fs::path& directory, const std::string& key, const std::string& value) {
  rocksdb::DB* db = nullptr;
  CAF_REQUIRE(rocksdb::DB::Open({}, directory.string(), &db).ok());
  // In the same batch as the next number, as the log's filter asks for.
  rocksdb::WriteBatch rows;
  std::string last;
  CAF_REQUIRE(db->Get({}, "b", &last).ok());
  CAF_REQUIRE(rows.Put("b", format::number_value(*format::decode_number(last) + 1)).ok());
  CAF_REQUIRE(rows.Put(key, value).ok());
  rocksdb::WriteOptions synced;
  synced.sync = true;
  CAF_REQUIRE(db->Write(synced, &rows).ok());
  delete db;
}

bool has(const store_error& e, const std::string& words) {
  return e.sentence.find(words) != std::string::npos;
}

} // namespace

CAF_TEST(a torn tail of which nobody was told is dropped with a remark) {
  for (auto rest : {behind_it::zeros, behind_it::nothing}) {
    temporary_folder folder;
    auto options = options_in(folder.path("data"));
    three_messages(options);
    lag(options.directory, 1);
    tear(only_log(options.directory), rest);
    auto opened = open_well(options);
    CAF_CHECK(messages(opened) == 2);
    CAF_REQUIRE(opened.remarks.size() == 1);
    CAF_CHECK(opened.remarks.front().find("storage.torn_tail") == 0);
    opened = open_well(options_in(folder.path("other")));
    opened = open_well(options);
    CAF_CHECK(messages(opened) == 2 && opened.remarks.empty());
  }
}

CAF_TEST(a log that ends with zeros is whole) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  three_messages(options);
  auto text = text_of_file(only_log(options.directory));
  CAF_CHECK(text.size() > used_bytes(text));
  auto opened = open_well(options);
  CAF_CHECK(messages(opened) == 3 && opened.remarks.empty());
}

namespace {

constexpr std::size_t block_bytes = 32768; // of the engine's logs

/// Three batches, of which the second ends with a block. The disk has the last and not the one before it.
/// @returns the log
fs::path a_gap(const store_options& options) {
  std::size_t body = 20'000;
  auto write = [&] {
    auto opened = open_well(options);
    auto log = only_log(options.directory);
    std::vector<std::size_t> ends;
    for (std::uint64_t i = 1; i <= 3; ++i) {
      write_well(opened.store, one_message("q", {1, i}, std::string(i == 2 ? body : 100, 'x')));
      ends.push_back(used_bytes(text_of_file(log)));
    }
    return ends;
  };
  body += block_bytes - write()[1];
  fs::remove_all(options.directory);
  auto ends = write();
  CAF_REQUIRE_EQUAL(ends[1], block_bytes);
  auto log = only_log(options.directory);
  write_over(log, ends[0], std::string(ends[1] - ends[0], '\0'));
  return log;
}

} // namespace

CAF_TEST(behind a gap in what was never synced nothing counts) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  a_gap(options);
  lag(options.directory, 2);
  for (int i = 0; i < 2; ++i) {
    auto opened = open_well(options);
    CAF_CHECK_EQUAL(messages(opened), 1u + i);
    CAF_CHECK_EQUAL(opened.remarks.size(), i == 0 ? 1u : 0u);
    if (i == 0)
      CAF_CHECK(opened.remarks.front().find("storage.torn_tail") == 0);
    write_well(opened.store, one_message("q", {2, 1U + i}, "written on"));
  }
}

CAF_TEST(a gap in what was synced is damage) {
  for (std::uint64_t unsynced : {0, 1}) {
    temporary_folder folder;
    auto options = options_in(folder.path("data"));
    auto log = a_gap(options);
    lag(options.directory, unsynced);
    auto error = error_of_opening(options);
    CAF_CHECK(error.what == kind::damaged);
    CAF_CHECK(has(error, log.filename().string()));
  }
}

CAF_TEST(the same tail is damage when it was synced) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  three_messages(options);
  auto log = only_log(options.directory);
  tear(log);
  for (int i = 0; i < 2; ++i) {
    auto error = error_of_opening(options);
    CAF_CHECK(error.what == kind::damaged);
    CAF_CHECK(has(error, log.filename().string()));
  }
}

CAF_TEST(a batch that reached the disk before its number was noted is kept) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  three_messages(options);
  lag(options.directory, 2);
  auto opened = open_well(options);
  CAF_CHECK(messages(opened) == 3);
  CAF_CHECK(opened.remarks.empty());
}

CAF_TEST(without its witness a directory opens and says so) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  three_messages(options);
  fs::remove(options.directory / synced_file_name);
  auto opened = open_well(options);
  CAF_CHECK(messages(opened) == 3);
  CAF_REQUIRE(opened.remarks.size() == 1);
  CAF_CHECK(opened.remarks.front().find("storage.no_witness") == 0);
}

CAF_TEST(a witness that was altered is mended by the opening) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  for (const auto* text : {"", "short", "LMQSYNC1 and much more than ever stood there"}) {
    three_messages(options);
    std::ofstream(options.directory / synced_file_name) << text;
    auto damaged_ones = open_well(options).remarks.size();
    CAF_CHECK_EQUAL(damaged_ones, 1u);
    auto mended_ones = open_well(options).remarks.size();
    CAF_CHECK_EQUAL(mended_ones, 0u);
    fs::remove_all(options.directory);
  }
}

CAF_TEST(a newer format is refused and says which) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  three_messages(options);
  put_row(options.directory, format::key_of(format::row::directory), format::directory_value({2, "9.8.7"}));
  auto error = error_of_opening(options);
  CAF_CHECK(error.what == kind::newer);
  CAF_CHECK(has(error, "version 2") && has(error, "9.8.7"));
}

CAF_TEST(a message of a queue without a name is damage) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  three_messages(options);
  put_row(options.directory, format::message_key(77, {1, 1}), format::message_head({}));
  auto error = error_of_opening(options);
  CAF_CHECK(error.what == kind::damaged);
  CAF_CHECK(has(error, "77"));
}

CAF_TEST(a database of somebody else is not taken over) {
  temporary_folder folder;
  rocksdb::Options theirs;
  theirs.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  CAF_REQUIRE(rocksdb::DB::Open(theirs, folder.path("data"), &db).ok());
  CAF_REQUIRE(db->Put({}, "k", "v").ok());
  delete db;
  auto error = error_of_opening(options_in(folder.path("data")));
  CAF_CHECK(error.what == kind::damaged);
}

CAF_TEST(a directory of something else gets no file of ours) {
  temporary_folder folder;
  folder.write("thesis.txt", "words");
  auto error = error_of_opening(options_in(folder.path()));
  CAF_CHECK(error.what == kind::no_access);
  CAF_CHECK(has(error, "thesis.txt"));
  CAF_CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator{}) == 1);
}

CAF_TEST(without CURRENT a directory with data is not made anew) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  three_messages(options);
  fs::remove(options.directory / "CURRENT");
  auto error = error_of_opening(options);
  CAF_CHECK(error.what == kind::damaged);
  CAF_CHECK(has(error, "CURRENT"));
}

CAF_TEST(a directory is opened once at a time) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  {
    auto opened = open_well(options);
    auto error = error_of_opening(options);
    CAF_CHECK(error.what == kind::locked);
    write_well(opened.store, one_message("q", {1, 1}, "x"));
  }
  CAF_CHECK(messages(open_well(options)) == 1);
}

CAF_TEST(what is no directory or has no parent is refused in words) {
  temporary_folder folder;
  auto error = error_of_opening(options_in(folder.path("no/data")));
  CAF_CHECK(error.what == kind::no_access && has(error, folder.path("no")));
  auto file = folder.write("file", "text");
  error = error_of_opening(options_in(file));
  CAF_CHECK(error.what == kind::no_access && has(error, "no directory"));
  error = error_of_opening(options_in(file + "/data"));
  CAF_CHECK(error.what == kind::no_access);
}
