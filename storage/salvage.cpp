#include "storage/salvage.hpp"

#include "storage/log_file.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace lmq {

namespace fs = std::filesystem;

namespace {

bool is_message(std::string_view key) {
  return !key.empty() && key.front() == static_cast<char>(format::row::message);
}

std::uint64_t number_of(const std::string& file) {
  return std::strtoull(file.c_str(), nullptr, 10);
}

} // namespace

void salvage::read(const std::optional<std::vector<std::string>>& live, std::optional<std::uint64_t> synced) {
  list_files();
  read_tables(live);
  read_logs(synced);
}

void salvage::list_files() {
  std::error_code e;
  for (fs::directory_iterator it(directory_, e), end; !e && it != end; it.increment(e)) {
    auto name = it->path().filename().string();
    if (it->path().extension() == ".sst")
      tables_.push_back(name);
    else if (it->path().extension() == ".log")
      logs_.push_back(name);
  }
  if (e) {
    found_.flaws.push_back({directory_.string(), "it can't be listed: " + e.message()});
    found_.extent_known = false;
  }
  auto older = [](const std::string& a, const std::string& b) { return number_of(a) < number_of(b); };
  std::sort(tables_.begin(), tables_.end(), older);
  std::sort(logs_.begin(), logs_.end(), older);
}

void salvage::read_tables(const std::optional<std::vector<std::string>>& live) {
  if (!live) {
    found_.flaws.push_back({"CURRENT or MANIFEST", "which tables there have to be can't be read"});
    found_.extent_known = false;
  } else {
    std::set<std::string> there(tables_.begin(), tables_.end());
    for (const auto& name : *live)
      if (!there.contains(name)) {
        found_.flaws.push_back({name, "it is missing"});
        found_.extent_known = false;
      }
  }
  for (const auto& name : tables_) {
    bool listed = !live || std::find(live->begin(), live->end(), name) != live->end();
    auto look = read_table(directory_ / name, [&](const file_row& row) {
      take(row, true);
      if (listed && row.key == format::key_of(format::row::batch))
        listed_end_ = std::max(listed_end_, format::decode_number(row.value).value_or(0));
    });
    ++found_.tables;
    if (!listed) {
      // It was being made, or had been replaced, when the process ended. What the logs lack is told there.
      found_.remarks.push_back(name + " is in no list of tables; what is whole of it was read all the same");
      continue;
    }
    found_.rows_lost += look.rows_lost.value_or(0);
    found_.extent_known = found_.extent_known && look.has_index;
    found_.lost.insert(found_.lost.end(), look.lost.begin(), look.lost.end());
    if (look.flaw.empty())
      continue;
    if (look.rows_lost.value_or(0) > 0)
      look.flaw += fmt::format("; rows lost: {}", *look.rows_lost);
    found_.flaws.push_back({name, look.flaw});
  }
}

std::uint64_t salvage::batch_in_tables() const {
  auto row = small_.find(format::key_of(format::row::batch));
  if (row == small_.end())
    return 0;
  return format::decode_number(row->second.value).value_or(0);
}

bool salvage::lost_the_batch_row() const {
  auto key = format::key_of(format::row::batch);
  return std::any_of(found_.lost.begin(), found_.lost.end(),
                     [&](const key_range& r) { return r.first <= key && key <= r.last; });
}

void salvage::read_logs(std::optional<std::uint64_t> synced) {
  auto tables_end = batch_in_tables();
  bool end_is_lost = lost_the_batch_row();
  if (end_is_lost) {
    found_.remarks.emplace_back("how far the tables went is lost with a block");
    found_.extent_known = false;
  }
  std::optional<std::uint64_t> first, last;
  bool is_new = true; // what the tables have not
  auto gap = [&](const std::string& file, std::uint64_t from, std::uint64_t to) {
    found_.flaws.push_back({file, from == to ? fmt::format("batch {} is missing", from)
                                             : fmt::format("batches {} to {} are missing", from, to)});
    found_.extent_known = false;
  };
  bool any_unread = false;
  bool is_left_out = false; // as at an opening: behind a gap in what was never synced nothing counts
  for (const auto& name : logs_) {
    auto on_batch = [&](std::optional<std::uint64_t> number) {
      if (is_left_out)
        return;
      auto wanted = last ? *last + 1 : end_is_lost ? number.value_or(0) : tables_end + 1;
      if (!number) {
        found_.flaws.push_back({name, "a batch has no number"});
        found_.extent_known = false;
        is_new = true;
        return;
      }
      if (*number > wanted && synced && wanted > *synced) {
        is_left_out = true;
        found_.remarks.push_back(fmt::format(
          "{}: batch {} is missing, and was never synced; what comes behind it is left out", name, wanted));
        return;
      }
      if (*number > wanted)
        gap(name, wanted, *number - 1);
      is_new = *number > tables_end;
      first = first.value_or(*number);
      last = std::max(last.value_or(0), *number);
    };
    auto look = read_log(directory_ / name, on_batch, [&](const file_row& row) {
      if (!is_left_out)
        take(row, is_new);
    });
    ++found_.logs;
    any_unread = any_unread || look.bytes_unread > 0;
    if (!look.flaw.empty()) {
      found_.flaws.push_back({name, look.flaw});
      found_.extent_known = false;
    } else if (look.bytes_unread > 0) {
      found_.remarks.push_back(fmt::format("{}: {} bytes belong to no batch that is whole{}", name,
                                           look.bytes_unread,
                                           look.unread_at_end ? "; the last of them are its end" : ""));
    }
  }
  // Where a table that is in no list is needed, the list has lost its end; what else was in it is not known.
  if (!end_is_lost && listed_end_ < tables_end && first.value_or(tables_end + 1) > listed_end_ + 1) {
    found_.flaws.push_back({"MANIFEST", "it does not list all tables"});
    found_.extent_known = false;
  }
  auto end = std::max(last.value_or(0), tables_end);
  if (synced && end < *synced && (last || !end_is_lost))
    gap(logs_.empty() ? "the logs" : logs_.back(), end + 1, *synced);
  if (!synced && any_unread) {
    found_.flaws.push_back(
      {"SYNCED", "it is missing or damaged: whether the logs' end was stored can't be told"});
    found_.extent_known = false;
  } else if (!synced) {
    found_.remarks.emplace_back("SYNCED is missing or damaged: a loss at the logs' end would not be noticed");
    found_.extent_known = false;
  }
}

void salvage::take(const file_row& row, bool behind_tables) {
  if (is_message(row.key)) {
    // Put once, and removed once, after that: the order of what is read makes no difference.
    if (auto n = format::parse_queue_and_id(row.key)) {
      auto& m = messages_[{n->queue, n->id}];
      (row.gone ? m.gone : m.put) = true;
    }
    return;
  }
  auto [it, is_first] = small_.try_emplace(std::string(row.key));
  auto& known = it->second;
  age at{behind_tables, row.sequence};
  if (!is_first && at < known.at)
    return;
  known.at = at;
  known.gone = row.gone;
  known.value = row.value;
}

salvage::fate salvage::fate_of(std::uint32_t queue, message_id id) const {
  auto it = messages_.find({queue, id});
  if (it == messages_.end())
    return fate::unknown;
  return it->second.gone ? fate::gone : fate::there;
}

void salvage::each_id(fate of, const std::function<void(std::uint32_t, message_id)>& take) const {
  for (const auto& [n, m] : messages_)
    if ((m.gone ? fate::gone : fate::there) == of)
      take(n.queue, n.id);
}

std::map<std::string, std::string> salvage::small_rows() const {
  std::map<std::string, std::string> rows;
  for (const auto& [key, row] : small_)
    if (!row.gone)
      rows.emplace(key, row.value);
  return rows;
}

void salvage::each_message(
  const std::function<bool(std::uint32_t, message_id, std::string_view)>& take_message) {
  bool goes_on = true;
  auto take_row = [&](const file_row& row) {
    if (!goes_on || row.gone || !is_message(row.key))
      return;
    auto n = format::parse_queue_and_id(row.key);
    auto it = n ? messages_.find({n->queue, n->id}) : messages_.end();
    if (it == messages_.end() || it->second.gone || std::exchange(it->second.taken, true))
      return;
    goes_on = take_message(n->queue, n->id, row.value);
  };
  for (const auto& name : tables_)
    if (goes_on)
      read_table(directory_ / name, take_row);
  for (const auto& name : logs_)
    if (goes_on)
      read_log(
        directory_ / name, [](std::optional<std::uint64_t>) {}, take_row);
}

} // namespace lmq
