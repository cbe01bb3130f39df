// Repair: whatever is damaged, all that is whole comes out, and the report is true.
#define CAF_SUITE repair

#include "storage/directory.hpp"
#include "storage/format.hpp"
#include "storage/log_file.hpp"
#include "storage/repair.hpp"
#include "storage/salvaged_context.hpp"
#include "storage/table_file.hpp"
#include "tests/storage/harm.hpp"
#include "tests/storage/opened_store.hpp"

#include <caf/test/unit_test.hpp>

#include <set>

using namespace lmq;
using namespace lmq::testing;

namespace {

using ids = std::set<message_id>;

/// All that is known of a directory before it is harmed.
struct sound_directory {
  files all;
  stored_state state;
  ids pushed;                         ///< ever
  std::map<std::string, ids> in_file; ///< messages that a file has
};

ids messages_in(const fs::path& file) {
  ids found;
  auto take = [&](const file_row& row) {
    if (row.key.front() == 'm' && !row.gone)
      found.insert(format::parse_queue_and_id(row.key)->id);
  };
  if (file.extension() == ".sst")
    read_table(file, take);
  else if (file.extension() == ".log")
    read_log(
      file, [](std::optional<std::uint64_t>) {}, take);
  return found;
}

/// Tables of several ages, a log, and a context that has all that was ever pushed.
sound_directory make_sound(const fs::path& directory, dice& random) {
  row_maker make(random);
  row_model model;
  sound_directory made;
  auto options = options_in(directory);
  options.write_buffer_bytes = 64 << 10;
  std::uint64_t last = 1;
  for (int life = 0; life < 3; ++life) {
    auto opened = open_well(options);
    for (auto n = 60 + random.below(60); n-- > 0;) {
      auto b = make.a_batch(model);
      for (const auto& q : b.queues)
        for (const auto& m : q.messages) {
          made.pushed.insert(m.id);
          last = std::max(last, m.id.counter);
        }
      b.context = {{7, {{1, last}}}, {8, {{1, last}}}};
      model.apply(b);
      write_well(opened.store, b);
    }
  }
  made.state = model.state();
  for (const auto& entry : fs::directory_iterator(directory))
    if (auto found = messages_in(entry.path()); !found.empty())
      made.in_file[entry.path().filename().string()] = found;
  made.all = read_all(directory);
  made.all.erase(lock_file_name);
  return made;
}

/// By their text, each with its queue.
std::map<message_id, std::string> messages_of(const stored_state& s) {
  std::map<message_id, std::string> all;
  for (const auto& [name, q] : s.queues)
    for (const auto& m : q.messages) {
      stored_state alone;
      alone.queues[name].messages.push_back(m);
      all[m.id] = text_of(alone);
    }
  return all;
}

/// Logs are given their room beforehand.
store_options small_options(const fs::path& directory) {
  auto options = options_in(directory);
  options.write_buffer_bytes = 256 << 10;
  return options;
}

std::string text_without_context(stored_state s) {
  s.context = {};
  return text_of(s);
}

std::string words_of(const repair_report& r) {
  std::string out;
  for (const auto& f : r.flaws)
    out += f.file + ": " + f.what + "; ";
  for (const auto& d : r.dropped)
    out += d + "; ";
  return out;
}

/// What is wrong with what comes out; empty: nothing.
std::string flaw_of(const quick_folder& folder, const sound_directory& sound, const files& harmed,
                    const std::string& harmed_file, bool* is_whole = nullptr) {
  fs::remove_all(folder.path("new"));
  write_all(folder.path("harmed"), harmed);
  auto report = repair_directory(small_options(folder.path("harmed")), folder.path("new"));
  if (!report)
    return "it is not repaired: " + report.error().sentence;
  if (is_whole != nullptr)
    *is_whole = report->whole();
  auto now = read_all(folder.path("harmed"));
  now.erase(lock_file_name);
  if (now != harmed)
    return "the damaged directory was changed";
  auto opened = store::open(small_options(folder.path("new")));

  if (!opened)
    return "what comes out does not open: " + opened.error().sentence;
  if (report->whole())
    return text_without_context(opened->state) == text_without_context(sound.state)
             ? ""
             : "it says that all is whole, and something is missing";
  auto there = messages_of(opened->state);
  if (there.size() != report->messages)
    return "it counts otherwise";
  auto were = messages_of(sound.state);
  for (const auto& [id, text] : there) {
    if (!sound.pushed.contains(id))
      return "a message that nobody pushed";
    // One whose end is lost may come back.
    if (auto was = were.find(id);
        was != were.end() && was->second != text && text.find("repaired-queue") == text.npos)
      return "another message than was pushed: " + text + was->second;
    if (!opened->state.context.contains(id))
      return "a message that is there is not in the context";
  }
  for (const auto& [id, text] : were) {
    if (there.contains(id))
      continue;
    for (const auto& [file, held] : sound.in_file)
      if (file != harmed_file && held.contains(id))
        return "a message is missing that is whole in " + file;
    if (opened->state.context.contains(id))
      return "a message that was lost counts as settled; " + words_of(*report);
  }
  return {};
}

} // namespace

CAF_TEST(whatever is harmed all that is whole comes out) {
  auto first = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << first);
  int dropped = 0, all = 0;
  for (auto seed = first; seed != first + 3; ++seed) {
    dice random(seed);
    quick_folder folder;
    auto sound = make_sound(folder.path("data"), random);
    CAF_CHECK_EQUAL(flaw_of(folder, sound, sound.all, ""), "");
    CAF_REQUIRE(repair_directory(small_options(folder.path("data")), folder.path("whole"))->whole());
    for (int i = 0; i < 25; ++i, ++all) {
      auto harmed = sound.all;
      std::string file;
      auto told = do_harm(harmed, random, &file);
      bool whole = false;
      auto flaw = flaw_of(folder, sound, harmed, file, &whole);
      if (!flaw.empty())
        CAF_ERROR("LMQ_SEED=" << seed << " step " << i << ": " << told << ": " << flaw);
      dropped += whole ? 0 : 1;
      if (whole && !store::open(small_options(folder.path("harmed"))))
        CAF_ERROR("LMQ_SEED=" << seed << " step " << i << ": " << told << ": damage that is not told");
    }
  }
  CAF_MESSAGE(dropped << " of " << all << " told of damage");
  CAF_CHECK(dropped > all / 4);
}

// The end has no checksum: what is altered in it must be told, or make no difference.
CAF_TEST(no bit of a tables end is altered without a word where it matters) {
  quick_folder folder;
  {
    auto opened = open_well(options_in(folder.path("data")));
    write_well(opened.store, one_message("q", {7, 1}, "body"));
  }
  { open_well(options_in(folder.path("data"))); } // into a table
  auto all = read_all(folder.path("data"));
  all.erase(lock_file_name);
  auto table = std::find_if(all.begin(), all.end(), [](const auto& f) { return f.first.ends_with(".sst"); });
  CAF_REQUIRE(table != all.end());
  constexpr std::size_t end_bytes = 53;
  int told = 0;
  for (std::size_t bit = 0; bit < 8 * end_bytes; ++bit) {
    auto harmed = all;
    auto& text = harmed[table->first];
    auto place = text.size() - end_bytes + bit / 8;
    text[place] = static_cast<char>(text[place] ^ (1 << bit % 8));
    write_all(folder.path("harmed"), harmed);
    std::size_t rows = 0;
    auto look = read_table(fs::path(folder.path("harmed")) / table->first, [&](const file_row&) { ++rows; });
    told += look.flaw.empty() ? 0 : 1;
    if (look.flaw.empty() && (rows == 0 || !store::open(small_options(folder.path("harmed")))))
      CAF_ERROR("bit " << bit << ": damage that is not told");
  }
  CAF_CHECK(told >= 8 * 13); // version, magic number and kind of checksum at least
}

CAF_TEST(a damaged block costs its own rows alone and their ids are not settled) {
  quick_folder folder;
  constexpr std::uint64_t count = 2000;
  {
    auto opened = open_well(options_in(folder.path("data")));
    for (std::uint64_t n = 1; n <= count; ++n) {
      auto b = one_message("q", {7, n}, std::string(100, 'x'));
      b.context[7] = {{1, n}};
      write_well(opened.store, b);
    }
    for (std::uint64_t n = 1; n <= count; n += 2)
      write_well(opened.store, gone("q", {{7, n}}));
  }
  { open_well(options_in(folder.path("data"))); } // into a table
  auto all = read_all(folder.path("data"));
  auto table = std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.second.size() * a.first.ends_with(".sst") < b.second.size() * b.first.ends_with(".sst");
  });
  CAF_REQUIRE(table->first.ends_with(".sst"));
  table->second[table->second.size() / 2] ^= 1;
  all.erase(lock_file_name);
  write_all(folder.path("harmed"), all);
  auto report = repair_directory(small_options(folder.path("harmed")), folder.path("new"));
  CAF_REQUIRE(report.has_value());
  CAF_MESSAGE(words_of(*report) << report->context);
  CAF_CHECK(!report->whole());
  auto state = open_well(options_in(folder.path("new"))).state;
  auto there = messages_of(state);
  auto missing = count / 2 - there.size();
  CAF_CHECK(missing > 0 && missing < 40);
  CAF_CHECK_EQUAL(report->flaws.size(), 1u);
  CAF_CHECK_EQUAL(report->flaws[0].file, table->first);
  CAF_CHECK(report->flaws[0].what.ends_with("rows lost: " + std::to_string(missing)));
  std::uint64_t unsettled = 0;
  for (std::uint64_t n = 1; n <= count; ++n) {
    bool in_context = state.context.contains({7, n});
    if (n % 2 == 0)
      CAF_CHECK_EQUAL(in_context, there.contains({7, n}));
    else
      unsettled += in_context ? 0 : 1;
  }
  // Of those that were settled only the neighbours of what is lost.
  CAF_CHECK(unsettled <= missing + 1);
}

CAF_TEST(a damaged log of a directory with tables is named and nothing else) {
  quick_folder folder;
  {
    auto opened = open_well(options_in(folder.path("data")));
    write_well(opened.store, one_message("q", {7, 1}, "in a table"));
  }
  {
    auto opened = open_well(options_in(folder.path("data")));
    for (std::uint64_t n = 2; n <= 4; ++n)
      write_well(opened.store, one_message("q", {7, n}, std::string(300'000, static_cast<char>('0' + n))));
  }
  auto all = read_all(folder.path("data"));
  all.erase(lock_file_name);
  auto log = std::find_if(all.begin(), all.end(), [](const auto& f) { return f.first.ends_with(".log"); });
  CAF_REQUIRE(log != all.end());
  for (std::size_t place : {100'000, 400'000, 700'000}) {
    auto harmed = all;
    harmed[log->first][place] ^= 1;
    write_all(folder.path("harmed"), harmed);
    fs::remove_all(folder.path("new"));
    auto report = repair_directory(small_options(folder.path("harmed")), folder.path("new"));
    CAF_REQUIRE(report.has_value());
    CAF_CHECK_EQUAL(report->messages, 3u);
    CAF_CHECK(!report->flaws.empty());
    for (const auto& f : report->flaws)
      CAF_CHECK_EQUAL(f.file, log->first);
  }
}

CAF_TEST(batches behind a damaged one come out of a log) {
  quick_folder folder;
  {
    auto opened = open_well(options_in(folder.path("data")));
    for (std::uint64_t n = 1; n <= 9; ++n)
      write_well(opened.store, one_message("q", {7, n}, std::string(20'000, static_cast<char>('0' + n))));
  }
  auto all = read_all(folder.path("data"));
  all.erase(lock_file_name);
  for (auto& [name, text] : all)
    if (name.ends_with(".log"))
      text[text.find("4444")] ^= 1;
  write_all(folder.path("harmed"), all);
  auto report = repair_directory(small_options(folder.path("harmed")), folder.path("new"));
  CAF_REQUIRE(report.has_value());
  CAF_MESSAGE(words_of(*report));
  CAF_CHECK(!report->whole());
  auto there = messages_of(open_well(options_in(folder.path("new"))).state);
  CAF_CHECK_EQUAL(there.size(), 8u);
  CAF_CHECK(!there.contains({7, 4}));
}

CAF_TEST(a torn tail is no damage) {
  quick_folder folder;
  {
    auto opened = open_well(options_in(folder.path("data")));
    for (std::uint64_t n = 1; n <= 3; ++n)
      write_well(opened.store, one_message("q", {7, n}, "body"));
  }
  for (const auto& entry : fs::directory_iterator(folder.path("data")))
    if (entry.path().extension() == ".log")
      std::fstream(entry.path(), std::ios::binary | std::ios::in | std::ios::out)
          .seekp(
            static_cast<std::streamoff>(used_bytes(read_all(folder.path("data"))[entry.path().filename()])))
        << "the beginning of a batch";
  auto report = repair_directory(small_options(folder.path("data")), folder.path("new"));
  CAF_REQUIRE(report.has_value());
  CAF_CHECK(report->whole());
  CAF_CHECK(!report->remarks.empty());
  CAF_CHECK_EQUAL(report->messages, 3u);
}

CAF_TEST(what can not be repaired leaves nothing behind) {
  quick_folder folder;
  auto kind_of = [&](const std::string& from, const std::string& to) {
    auto report = repair_directory(small_options(folder.path(from)), folder.path(to));
    return report ? store_error::kind::io : report.error().what;
  };
  CAF_CHECK(kind_of("nowhere", "new") == store_error::kind::no_access);
  fs::create_directory(folder.path("empty"));
  CAF_CHECK(kind_of("empty", "new") == store_error::kind::no_access);
  {
    auto opened = open_well(options_in(folder.path("data")));
    write_well(opened.store, one_message("q", {7, 1}, "body"));
    CAF_CHECK(kind_of("data", "new") == store_error::kind::locked);
  }
  CAF_CHECK(kind_of("data", "data") == store_error::kind::no_access);
  CAF_CHECK(kind_of("data", "no/parent") == store_error::kind::no_access);
  CAF_CHECK(!fs::exists(folder.path("new")) && !fs::exists(folder.path("new.unfinished")));
  CAF_CHECK(repair_directory(small_options(folder.path("data")), folder.path("empty")).has_value());
}

CAF_TEST(lost keys of messages are ids and others are none) {
  auto key = [](std::uint32_t queue, std::uint64_t counter) {
    return format::message_key(queue, {7, counter});
  };
  CAF_CHECK(ids_in({"b", "i"}).ranges.empty() && !ids_in({"b", "i"}).any);
  CAF_CHECK(ids_in({"n", "u"}).ranges.empty());
  auto one = ids_in({key(1, 5), key(1, 9)});
  CAF_REQUIRE_EQUAL(one.ranges.size(), 1u);
  CAF_CHECK((one.ranges[0] == std::pair{message_id{7, 5}, message_id{7, 9}}));
  CAF_CHECK_EQUAL(ids_in({key(1, 5), key(2, 9)}).ranges.size(), 2u);
  CAF_CHECK(ids_in({key(1, 5), key(3, 9)}).any);
  CAF_CHECK(ids_in({key(1, 5), "n"}).any);
  id_set context;
  context.add(6, {1, 10});
  context.add(7, {1, 10});
  auto left = without(context, one);
  CAF_CHECK((left.of(7) == std::vector<id_set::interval>{{1, 4}, {10, 10}}));
  CAF_CHECK((left.of(6) == std::vector<id_set::interval>{{1, 10}}));
  CAF_CHECK(
    (without(context, ids_in({key(1, 5), key(2, 3)})).of(7) == std::vector<id_set::interval>{{4, 4}}));
}
