#include "storage/deletion_share.hpp"

#include <cstdint>

namespace lmq {

namespace {

/// Of one table, on the thread that writes it.
class deletion_share : public rocksdb::TablePropertiesCollector {
public:
  rocksdb::Status AddUserKey(const rocksdb::Slice&, const rocksdb::Slice&, rocksdb::EntryType type,
                             rocksdb::SequenceNumber, std::uint64_t) override {
    ++rows_;
    if (type == rocksdb::kEntryDelete || type == rocksdb::kEntrySingleDelete)
      ++deletions_;
    return rocksdb::Status::OK();
  }
  rocksdb::Status Finish(rocksdb::UserCollectedProperties*) override { return rocksdb::Status::OK(); }
  rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }
  const char* Name() const override { return "lmq.deletion_share"; }
  bool NeedCompact() const override { return deletions_ > 0 && deletions_ >= rows_ / 2; }

private:
  std::uint64_t rows_ = 0;
  std::uint64_t deletions_ = 0;
};

class deletion_shares : public rocksdb::TablePropertiesCollectorFactory {
public:
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context) override {
    return new deletion_share; // the engine's
  }
  const char* Name() const override { return "lmq.deletion_shares"; }
};

} // namespace

std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> new_deletion_share() {
  return std::make_shared<deletion_shares>();
}

} // namespace lmq
