#include "storage/repair.hpp"

#include "storage/directory.hpp"
#include "storage/engine_options.hpp"
#include "storage/log_numbers.hpp"
#include "storage/salvage.hpp"
#include "storage/salvaged_context.hpp"
#include "storage/synced_mark.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <unordered_set>

namespace lmq {

namespace fs = std::filesystem;
using kind = store_error::kind;

namespace {

/// Bodies of one write, about. Units: bytes
constexpr std::size_t write_bytes = 4UL << 20;
constexpr std::size_t rows_of_a_write = 1000;
/// Ids that a report names one by one.
constexpr std::size_t named_ids_max = 20;

tl::unexpected<store_error> refused(kind what, std::string sentence) {
  return tl::unexpected(store_error{what, std::move(sentence)});
}

/// The tables that belong together, as the MANIFEST has it; nothing: that can't be read.
/// @param empty  a directory: the engine is shown no logs, which may be damaged themselves
std::optional<std::vector<std::string>> live_tables(const store_options& options, const fs::path& empty) {
  auto engine = engine_options(options, std::make_shared<engine_watch>());
  engine.wal_dir = empty.string();
  engine.paranoid_checks = false;
  engine.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  engine.skip_checking_sst_file_sizes_on_db_open = true;
  engine.verify_sst_unique_id_in_manifest = false;
  engine.info_log = std::make_shared<dropped_bytes>();
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::OpenForReadOnly(engine, options.directory.string(), &opened).ok())
    return std::nullopt;
  std::unique_ptr<rocksdb::DB> db(opened);
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  std::vector<std::string> names;
  for (const auto& f : files)
    names.push_back(fs::path(f.name).filename().string());
  return names;
}

class repairer {
public:
  repairer(const store_options& options, salvage& from, store& to)
      : wall_ms_(options.wall_ms()), from_(from), to_(to) {}

  tl::expected<repair_report, store_error> run() {
    const auto& found = from_.found();
    report_.tables = found.tables;
    report_.logs = found.logs;
    for (const auto& f : found.flaws)
      report_.flaws.push_back({f.file, f.what});
    report_.remarks = found.remarks;
    if (found.rows_lost > 0)
      report_.dropped.push_back(fmt::format("rows in tables that can't be read: {}", found.rows_lost));
    if (auto done = take_small_rows(); !done)
      return tl::unexpected(done.error());
    write_messages();
    write_units();
    tell_lost_ranges();
    write_context();
    flush();
    if (error_)
      return tl::unexpected(*error_);
    return std::move(report_);
  }

private:
  bool damaged() const { return from_.found().damaged() || !report_.dropped.empty(); }

  /// What a key says of its row, where the value can't be read.
  void drop(const std::string& what) { report_.dropped.push_back(what + " can't be read"); }

  tl::expected<void, store_error> take_small_rows() {
    for (auto& [key, value] : from_.small_rows()) {
      auto of = static_cast<format::row>(key.front());
      switch (of) {
      case format::row::queue: {
        auto id = format::parse_queue(key);
        auto name = format::decode_text(value);
        if (id && name)
          names_.emplace(*id, std::move(*name));
        else
          drop("a queue's name");
        break;
      }
      case format::row::note:
        if (auto text = format::decode_text(value)) {
          report_.notes.emplace(key.substr(1), *text);
          batch_.notes.emplace(key.substr(1), std::move(*text));
        } else {
          drop("a note");
        }
        break;
      case format::row::context: {
        auto incarnation = format::parse_incarnation(key);
        auto intervals = format::decode_context(value);
        if (incarnation && intervals) {
          for (auto i : *intervals)
            context_.add(*incarnation, i);
        } else {
          drop("a part of the context");
        }
        break;
      }
      case format::row::unit: {
        auto n = format::parse_queue_and_id(key);
        auto unit = n ? format::decode_unit(n->id, value, wall_ms_) : tl::unexpected(format::flaw::malformed);
        if (unit)
          units_[n->queue].push_back(std::move(*unit));
        else
          drop("how far deliveries have come");
        break;
      }
      case format::row::directory: {
        auto mark = format::decode_directory(value);
        if (mark && mark->version > format::directory_version)
          return refused(kind::newer,
                         fmt::format("its format is version {}, written by {}; this program reads "
                                     "version {}; repair it with that one",
                                     mark->version, mark->program, format::directory_version));
        break;
      }
      case format::row::batch:
      case format::row::next_queue: break;
      case format::row::message: break;
      }
    }
    return {};
  }

  const std::string& name_of(std::uint32_t queue) {
    auto it = names_.find(queue);
    if (it != names_.end())
      return it->second;
    auto name = fmt::format("repaired-queue-{}", queue);
    report_.dropped.push_back(fmt::format("the name of a queue is lost; its messages are in \"{}\"", name));
    return names_.emplace(queue, std::move(name)).first->second;
  }

  stored_queue_change& change_of(std::uint32_t queue) {
    const auto& name = name_of(queue);
    auto it = std::find_if(batch_.queues.begin(), batch_.queues.end(),
                           [&](const stored_queue_change& q) { return q.queue == name; });
    if (it != batch_.queues.end())
      return *it;
    batch_.queues.emplace_back();
    batch_.queues.back().queue = name;
    return batch_.queues.back();
  }

  void added(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ >= write_bytes || ++rows_ >= rows_of_a_write)
      flush();
  }

  void flush() {
    bytes_ = rows_ = 0;
    auto batch = std::exchange(batch_, {});
    if (error_ || batch.empty())
      return;
    if (auto written = to_.write({batch}); !written)
      error_ = written.error();
  }

  void write_messages() {
    from_.each_message([&](std::uint32_t queue, message_id id, std::string_view value) {
      auto m = format::decode_message(id, value);
      if (!m) {
        unreadable_.insert(id);
        drop("message " + format::text_of(id));
        return true;
      }
      ++report_.messages;
      auto& change = change_of(queue);
      report_.queues.insert(change.queue);
      change.messages.push_back(std::move(*m));
      added(value.size());
      return !error_;
    });
  }

  bool is_there(std::uint32_t queue, message_id id) const {
    return from_.fate_of(queue, id) == salvage::fate::there && !unreadable_.contains(id);
  }

  void write_units() {
    for (auto& [queue, units] : units_)
      for (auto& u : units)
        if (keep_unit(queue, u)) {
          change_of(queue).units.push_back(std::move(u));
          added(64);
        }
  }

  /// Where a part of a compound is lost, the others would wait for it: they are delivered without it.
  bool keep_unit(std::uint32_t queue, const stored_unit& u) {
    auto known_lost = [&](message_id id) {
      bool lost = damaged() && from_.fate_of(queue, id) == salvage::fate::unknown && context_.contains(id);
      if (lost && named_.insert(id).second)
        lost_.emplace_back(queue, id);
      return lost;
    };
    if (!u.compound) {
      known_lost(u.unit);
      return is_there(queue, u.unit);
    }
    bool any_there = false, any_lost = false;
    for (auto id : u.parts) {
      any_there = any_there || is_there(queue, id);
      any_lost =
        known_lost(id) || any_lost || (damaged() && from_.fate_of(queue, id) == salvage::fate::unknown);
    }
    if (any_there && any_lost)
      report_.dropped.push_back(
        fmt::format("of compound {} in \"{}\" parts are lost; the others are messages of their own",
                    format::text_of(u.unit), name_of(queue)));
    return any_there && !any_lost;
  }

  void tell_lost_ranges() {
    for (std::size_t i = 0; i < lost_.size() && i < named_ids_max; ++i)
      report_.dropped.push_back(fmt::format("message {} of \"{}\" is lost", format::text_of(lost_[i].second),
                                            name_of(lost_[i].first)));
    if (lost_.size() > named_ids_max)
      report_.dropped.push_back(
        fmt::format("and {} more that are known by id", lost_.size() - named_ids_max));
    for (const auto& keys : from_.found().lost) {
      auto ids = ids_in(keys);
      if (ids.any)
        report_.dropped.emplace_back("lost are messages of any id that were in a block of several queues");
      for (const auto& [first, last] : ids.ranges)
        report_.dropped.push_back(
          fmt::format("lost are those messages between {} and {} that were in a block which can't be read",
                      format::text_of(first), format::text_of(last)));
    }
  }

  // Where all that is missing lies between known keys, only ids from there can be lost. Otherwise any can be,
  // and settled is only what was seen to be removed.
  void write_context() {
    id_set kept;
    if (!damaged()) {
      kept = context_;
    } else if (from_.found().extent_known && unreadable_.empty()) {
      kept = context_;
      for (const auto& keys : from_.found().lost)
        kept = without(kept, ids_in(keys));
    }
    for (const auto& [queue, id] : lost_)
      kept.remove(id);
    from_.each_id(salvage::fate::gone, [&](std::uint32_t, message_id id) { kept.add(id); });
    from_.each_id(salvage::fate::there, [&](std::uint32_t, message_id id) {
      if (!unreadable_.contains(id))
        kept.add(id);
    });
    batch_.context = kept.by_incarnation();
    if (damaged())
      report_.context =
        from_.found().extent_known
          ? "ids that may have been lost are not settled: other nodes may bring them back"
          : "what is missing is not known, so settled is only what was seen to be: other nodes may bring back "
            "what they hold, also messages that were acknowledged";
  }

  std::uint64_t wall_ms_;
  salvage& from_;
  store& to_;
  repair_report report_;
  std::map<std::uint32_t, std::string> names_;
  std::map<std::uint32_t, std::vector<stored_unit>> units_;
  id_set context_; ///< as it was read
  std::unordered_set<message_id> unreadable_;
  std::unordered_set<message_id> named_;
  std::vector<std::pair<std::uint32_t, message_id>> lost_; ///< that a unit names, and no row
  store_batch batch_;
  std::size_t bytes_ = 0, rows_ = 0;
  std::optional<store_error> error_;
};

tl::expected<void, store_error> check_place(const fs::path& to, const fs::path& unfinished) {
  std::error_code e;
  auto status = fs::symlink_status(to, e);
  if (fs::exists(status) && (!fs::is_directory(status) || !fs::is_empty(to, e)))
    return refused(kind::no_access, to.string() + " exists already, and is not empty");
  if (fs::exists(fs::symlink_status(unfinished, e)))
    return refused(kind::no_access, unfinished.string() + " is left of a repair that did not end; remove it");
  return {};
}

} // namespace

tl::expected<repair_report, store_error> repair_directory(const store_options& given, const fs::path& to) {
  auto options = given;
  if (!options.wall_ms)
    options.wall_ms = [] {
      using namespace std::chrono;
      return static_cast<std::uint64_t>(
        duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
    };
  const auto& from = options.directory;
  std::error_code e;
  if (!fs::is_directory(from, e))
    return refused(kind::no_access, "there is no directory " + from.string());
  auto look = look_into(from);
  if (!look)
    return tl::unexpected(look.error());
  if (look->what == directory_contents::nothing || look->what == directory_contents::foreign)
    return refused(kind::no_access, from.string() + " is no data directory");
  auto place = fs::absolute(to).lexically_normal();
  if (!place.has_filename())
    place = place.parent_path();
  fs::path unfinished = place.string() + unfinished_end;
  if (auto free = check_place(place, unfinished); !free)
    return tl::unexpected(free.error());
  auto lock = directory_lock::take_to_read(from);
  if (!lock) {
    auto why = lock.error();
    if (why.what == kind::locked)
      why.sentence = "a server has the data directory " + from.string() + "; stop it first";
    return tl::unexpected(std::move(why));
  }

  if (auto made = make_directory(unfinished); !made)
    return tl::unexpected(made.error());
  salvage found(from);
  found.read(live_tables(options, unfinished), synced_mark::read(from / synced_file_name));
  auto give_up = [&](store_error why) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);
    return tl::unexpected(std::move(why));
  };
  auto of_the_new = options;
  of_the_new.directory = unfinished;
  tl::expected<repair_report, store_error> report;
  {
    auto opened = store::open(of_the_new);
    if (!opened)
      return give_up(opened.error());
    report = repairer(options, found, opened->store).run();
  }
  if (!report)
    return give_up(report.error());
  if (::rename(unfinished.c_str(), place.c_str()) != 0 || !sync_directory(place.parent_path()))
    return give_up({kind::io, "can't make " + place.string() + ": " + std::strerror(errno)});
  return report;
}

} // namespace lmq
