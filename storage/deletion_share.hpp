// Marks tables of which half is deletions, so that the engine merges them with what they delete.
//
// RocksDB's own collector for this counts Deletes only, and messages are removed by SingleDelete.
#pragma once

#include <memory>
#include <rocksdb/table_properties.h>

namespace lmq {

std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> new_deletion_share();

} // namespace lmq
