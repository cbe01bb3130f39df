// Power cuts and failing disks: what was answered is there, and batches are whole.
#define CAF_SUITE crash

#include "storage/directory.hpp"
#include "storage/synced_mark.hpp"
#include "tests/storage/opened_store.hpp"
#include "tests/storage/unsynced_env.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace lmq::testing;
using fault = unsynced_files::fault;

namespace {

/// One directory through many lives.
class story {
public:
  explicit story(std::uint64_t seed)
      : random_(seed), env_(folder_.path("lost+found")), options_(options_in(folder_.path("data"))) {
    options_.env = env_.env.get();
    options_.write_buffer_bytes = 64 << 10;
  }

  /// What is wrong; empty: nothing.
  std::string run(int lives) {
    for (int life = 0; life < lives; ++life) {
      env_.files->die_after(random_.one_in(4) ? random_.below(40) : random_.below(1500));
      live();
      env_.files->crash(random_);
      if (random_.one_in(2))
        forget_the_mark();
      if (auto flaw = look(); !flaw.empty())
        return "life " + std::to_string(life) + ": " + flaw;
    }
    return {};
  }

private:
  /// Writes until the machine ends, or for a while. Some groups are left to the sync of a later one.
  void live() {
    attempted_.clear();
    auto opened = store::open(options_);
    if (!opened)
      return;
    auto written = acknowledged_;
    for (auto n = random_.below(200); n-- > 0;) {
      std::vector<store_batch> group;
      for (auto k = 1 + random_.below(3); k-- > 0;) {
        group.push_back(make_.a_batch(written));
        written.apply(group.back());
      }
      attempted_.push_back(written);
      bool later = random_.one_in(2);
      if (!(later ? opened->store.write_ahead(group) : opened->store.write(group)))
        return;
      if (later)
        continue;
      acknowledged_ = written;
      attempted_.clear();
    }
  }

  /// It is not synced: the disk may have an older one.
  void forget_the_mark() {
    auto file = options_.directory / synced_file_name;
    auto number = synced_mark::read(file);
    if (!number)
      return;
    auto mark = synced_mark::open(file);
    if (mark && !mark->write(*number - random_.below(*number + 1)))
      throw std::runtime_error("can't write " + file.string());
  }

  std::string look() {
    auto opened = store::open(options_);
    if (!opened)
      return opened.error().sentence;
    auto found = text_of(opened->state);
    if (found == acknowledged_.text())
      return {};
    for (const auto& a : attempted_)
      if (found == a.text()) {
        acknowledged_ = a;
        return {};
      }
    return "it opens with what was never there:\n" + found + "\ninstead of:\n" + acknowledged_.text();
  }

  quick_folder folder_;
  dice random_;
  unsynced_env env_;
  store_options options_;
  row_maker make_{random_};
  row_model acknowledged_;
  std::vector<row_model> attempted_; ///< since the last sync, in order: the disk may hold any of them
};

struct faulty_disk {
  quick_folder folder;
  unsynced_env env{folder.path("lost+found")};
  store_options options = options_in(folder.path("data"));

  faulty_disk() {
    options.env = env.env.get();
    options.write_buffer_bytes = 64 << 10;
  }
  std::size_t messages() {
    auto opened = open_well(options);
    auto it = opened.state.queues.find("q");
    return it == opened.state.queues.end() ? 0 : it->second.messages.size();
  }
};

} // namespace

CAF_TEST(after a power cut all that was answered is there and batches are whole) {
  auto first = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << first);
  for (auto seed = first; seed != first + 6; ++seed) {
    auto flaw = story(seed).run(5);
    CAF_CHECK(flaw.empty());
    if (!flaw.empty())
      CAF_ERROR("LMQ_SEED=" << seed << ' ' << flaw);
  }
}

CAF_TEST(a sync that fails is told and never tried again) {
  faulty_disk disk;
  {
    auto opened = open_well(disk.options);
    write_well(opened.store, one_message("q", {1, 1}, "x"));
    disk.env.files->plant(fault::failing_sync);
    auto failed = opened.store.write({one_message("q", {1, 2}, "y")});
    CAF_REQUIRE(!failed);
    CAF_CHECK(failed.error().what == store_error::kind::io);
    disk.env.files->plant(fault::none);
    CAF_CHECK(!opened.store.write({one_message("q", {1, 3}, "z")}));
  }
  dice random(1);
  disk.env.files->crash(random);
  auto messages = disk.messages();
  CAF_CHECK(messages == 1 || messages == 2);
}

CAF_TEST(a full disk is told and nothing is written any more) {
  faulty_disk disk;
  {
    auto opened = open_well(disk.options);
    write_well(opened.store, one_message("q", {1, 1}, "x"));
    disk.env.files->plant(fault::full_disk);
    auto failed = opened.store.write({one_message("q", {1, 2}, "y")});
    CAF_REQUIRE(!failed);
    CAF_CHECK(failed.error().what == store_error::kind::no_space);
    disk.env.files->plant(fault::none);
    CAF_CHECK(!opened.store.write({one_message("q", {1, 3}, "z")}));
  }
  auto messages = disk.messages();
  CAF_CHECK_EQUAL(messages, 1u);
}

CAF_TEST(a full disk that only the engine meets is told by the next write) {
  faulty_disk disk;
  std::uint64_t written = 0;
  {
    auto opened = open_well(disk.options);
    disk.env.files->plant(fault::no_tables);
    tl::expected<void, store_error> done;
    while ((done = opened.store.write({one_message("q", {1, written + 1}, std::string(5000, 'x'))})) &&
           written < 5000)
      ++written;
    CAF_REQUIRE(!done);
    CAF_CHECK(done.error().what == store_error::kind::no_space);
    CAF_CHECK(disk.env.files->faults_met() > 0);
  }
  disk.env.files->plant(fault::none);
  auto messages = disk.messages();
  CAF_CHECK(messages == written || messages == written + 1);
}

CAF_TEST(a full disk when opening is told) {
  faulty_disk disk;
  { open_well(disk.options); }
  disk.env.files->plant(fault::full_disk);
  auto error = error_of_opening(disk.options);
  CAF_CHECK(error.what == store_error::kind::no_space);
  disk.env.files->plant(fault::none);
  auto messages = disk.messages();
  CAF_CHECK_EQUAL(messages, 0u);
}
