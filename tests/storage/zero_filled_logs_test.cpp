// The room of logs: written beforehand for small writes, never in the way of any.
#define CAF_SUITE zero_filled_logs

#include "storage/zero_filled_logs.hpp"
#include "tests/storage/harm.hpp"
#include "tests/storage/opened_store.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace lmq::testing;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

/// Files may have so many bytes and no more.
class small_disk final : public rocksdb::FileSystemWrapper {
public:
  explicit small_disk(std::uint64_t bytes)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), bytes_(bytes) {}
  const char* Name() const override { return "small_disk"; }

  IOStatus NewWritableFile(const std::string& f, const rocksdb::FileOptions& o,
                           std::unique_ptr<rocksdb::FSWritableFile>* out, IODebugContext* dbg) override {
    class file final : public rocksdb::FSWritableFileOwnerWrapper {
    public:
      file(std::unique_ptr<rocksdb::FSWritableFile> target, std::uint64_t bytes)
          : FSWritableFileOwnerWrapper(std::move(target)), bytes_(bytes) {}
      IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset, const IOOptions& o,
                                IODebugContext* dbg) override {
        if (offset + data.size() > bytes_)
          return IOStatus::NoSpace("No space left on device");
        return FSWritableFileOwnerWrapper::PositionedAppend(data, offset, o, dbg);
      }

    private:
      std::uint64_t bytes_;
    };
    auto opened = FileSystemWrapper::NewWritableFile(f, o, out, dbg);
    if (opened.ok())
      *out = std::make_unique<file>(std::move(*out), bytes_);
    return opened;
  }

private:
  std::uint64_t bytes_;
};

constexpr std::uint64_t log_bytes = 1UL << 20;
constexpr std::uint64_t fill_bytes = log_bytes / zero_filled_logs::fills_of_a_log;

struct log_folder {
  explicit log_folder(std::uint64_t disk_bytes = UINT64_MAX)
      : files(std::make_shared<small_disk>(disk_bytes), log_bytes) {}

  std::unique_ptr<rocksdb::FSWritableFile> make(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    CAF_REQUIRE(files.NewWritableFile(folder.path(name), {}, &file, nullptr).ok());
    return file;
  }
  std::string text(const std::string& name) const { return read_all(folder.path())[name]; }

  quick_folder folder;
  zero_filled_logs files;
};

IOStatus append(rocksdb::FSWritableFile& file, const std::string& text) {
  return file.Append(text, {}, nullptr);
}

} // namespace

CAF_TEST(small writes find their room written) {
  log_folder logs;
  auto file = logs.make("000001.log");
  std::string all;
  std::set<std::size_t> lengths;
  while (all.size() < 3 * fill_bytes) {
    all += std::string(1000, static_cast<char>('a' + all.size() / 1000 % 26));
    CAF_REQUIRE(append(*file, all.substr(all.size() - 1000)).ok());
    auto text = logs.text("000001.log");
    lengths.insert(text.size());
    CAF_REQUIRE(text == all + std::string(text.size() - all.size(), '\0'));
    CAF_REQUIRE_EQUAL(file->GetFileSize({}, nullptr), all.size());
  }
  CAF_CHECK(lengths.size() >= 3 && lengths.size() <= 4);
  CAF_CHECK(file->Close({}, nullptr).ok());
  auto closed = logs.text("000001.log");
  CAF_CHECK_EQUAL(closed.size(), *lengths.rbegin());
  CAF_CHECK(closed.substr(0, all.size()) == all);
}

CAF_TEST(a log that is open has the length of what was written) {
  log_folder logs;
  auto length = [&] {
    std::uint64_t bytes = 0;
    CAF_REQUIRE(logs.files.GetFileSize(logs.folder.path("000001.log"), {}, &bytes, nullptr).ok());
    return bytes;
  };
  auto file = logs.make("000001.log");
  CAF_CHECK_EQUAL(length(), 0u);
  CAF_CHECK(append(*file, "12345").ok());
  CAF_CHECK_EQUAL(length(), 5u);
  CAF_CHECK(file->Close({}, nullptr).ok());
  file.reset();
  auto closed = length();
  CAF_CHECK_EQUAL(closed, logs.text("000001.log").size());
  std::uint64_t none = 0;
  CAF_CHECK(!logs.files.GetFileSize(logs.folder.path("000002.log"), {}, &none, nullptr).ok());
}

CAF_TEST(large writes and other files are written once) {
  log_folder logs;
  auto log = logs.make("000001.log");
  auto table = logs.make("000002.sst");
  std::string large(zero_filled_logs::small_write_bytes + 1, 'x');
  CAF_CHECK(append(*log, large).ok());
  CAF_CHECK(append(*log, large).ok());
  CAF_CHECK(append(*table, "small").ok());
  CAF_CHECK_EQUAL(logs.text("000001.log"), large + large);
  CAF_CHECK_EQUAL(logs.text("000002.sst"), "small");
  CAF_CHECK(append(*log, "small").ok());
  CAF_CHECK(append(*log, large).ok());
  CAF_CHECK_EQUAL(logs.text("000001.log").substr(0, 3 * large.size() + 5), large + large + "small" + large);
}

CAF_TEST(a disk that is full of zeros takes writes as long as there is room) {
  constexpr std::size_t disk_bytes = 100'000;
  log_folder logs(disk_bytes);
  auto file = logs.make("000001.log");
  std::string all;
  while (all.size() + 1000 <= disk_bytes) {
    all += std::string(1000, 'x');
    CAF_REQUIRE(append(*file, all.substr(all.size() - 1000)).ok());
  }
  CAF_CHECK(append(*file, "y").IsNoSpace());
  auto text = logs.text("000001.log");
  CAF_CHECK_EQUAL(text, all);
}

CAF_TEST(a log that is cut goes on from there) {
  log_folder logs;
  auto file = logs.make("000001.log");
  CAF_CHECK(append(*file, "one two").ok());
  CAF_CHECK(file->Truncate(4, {}, nullptr).ok());
  CAF_CHECK_EQUAL(logs.text("000001.log"), "one ");
  CAF_CHECK(append(*file, "three").ok());
  auto text = logs.text("000001.log");
  CAF_CHECK_EQUAL(text.substr(0, used_bytes(text)), "one three");
}
