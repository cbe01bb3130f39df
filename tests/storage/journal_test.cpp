// The journal: all that waits is written as one, in order, synced when it is asked for, and told; a disk that
// fails ends it.
#define CAF_SUITE journal

#include "storage/journal.hpp"
#include "tests/storage/opened_store.hpp"
#include "tests/storage/unsynced_env.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace lmq;
using namespace lmq::testing;
using namespace std::chrono_literals;

namespace {

/// Hears what the journal says; may hold it up while it says it.
class ear {
public:
  journal::listener listener() {
    return {[this](std::uint64_t n) {
              std::unique_lock lock(mutex_);
              told_.push_back(n);
              changed_.notify_all();
              changed_.wait(lock, [this] { return !held_; });
            },
            [this](const store_error& e) {
              std::unique_lock lock(mutex_);
              broken_.push_back(e);
              changed_.notify_all();
            }};
  }
  void hold() { set_held(true); }
  void let_go() { set_held(false); }

  bool hears(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return !told_.empty() && told_.back() >= number; });
  }
  bool hears_of_the_end() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return !broken_.empty(); });
  }
  std::vector<std::uint64_t> told() {
    std::unique_lock lock(mutex_);
    return told_;
  }
  std::vector<store_error> broken() {
    std::unique_lock lock(mutex_);
    return broken_;
  }

private:
  void set_held(bool held) {
    std::unique_lock lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::uint64_t> told_;
  std::vector<store_error> broken_;
  bool held_ = false;
};

store_batch message_number(std::uint64_t n, std::size_t bytes = 10) {
  return one_message("q", {1, n}, std::string(bytes, 'x'));
}

std::size_t messages_in(const store_options& options) {
  auto opened = open_well(options);
  auto it = opened.state.queues.find("q");
  return it == opened.state.queues.end() ? 0 : it->second.messages.size();
}

} // namespace

CAF_TEST(what comes while a sync is under way is written as one) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  ear e;
  {
    journal j(open_well(options).store, e.listener());
    e.hold();
    j.write(message_number(1), 1);
    j.sync();
    CAF_REQUIRE(e.hears(1));
    for (std::uint64_t n = 2; n <= 100; ++n)
      j.write(message_number(n), n);
    j.sync();
    e.let_go();
    CAF_REQUIRE(e.hears(100));
    auto told = e.told();
    CAF_CHECK(told == (std::vector<std::uint64_t>{1, 100}));
    j.stop();
    auto figures = j.so_far();
    CAF_CHECK_EQUAL(figures.sync_seconds.count(), 2u);
    CAF_CHECK_EQUAL(figures.batches.sum, 100.0);
    CAF_CHECK(figures.sync_seconds.sum > 0);
  }
  auto messages = messages_in(options);
  CAF_CHECK_EQUAL(messages, 100u);
}

CAF_TEST(a write is no larger than its limit and at least one batch) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  ear e;
  journal j(open_well(options).store, e.listener(), {5000});
  e.hold();
  j.write(message_number(1), 1);
  j.sync();
  CAF_REQUIRE(e.hears(1));
  j.write(message_number(2, 9000), 2);
  j.write(message_number(3, 2000), 3);
  j.write(message_number(4, 2000), 4);
  j.write(message_number(5, 2000), 5);
  j.sync();
  e.let_go();
  CAF_REQUIRE(e.hears(5));
  auto told = e.told();
  CAF_CHECK(told == (std::vector<std::uint64_t>{1, 2, 4, 5}));
}

CAF_TEST(what is written before a sync is asked for is there and not told) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  ear e;
  journal j(open_well(options).store, e.listener());
  j.write(message_number(1), 1);
  j.sync();
  CAF_REQUIRE(e.hears(1));
  j.write(message_number(2), 2);
  auto until = std::chrono::steady_clock::now() + 30s;
  auto is_there = [&] {
    auto m = j.stored().read("q", {1, 2});
    return m && *m;
  };
  while (!is_there() && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  CAF_REQUIRE(is_there());
  auto told = e.told();
  CAF_CHECK(told == std::vector<std::uint64_t>{1});
  j.write(message_number(3), 3);
  j.sync();
  CAF_REQUIRE(e.hears(3));
  auto all_told = e.told();
  CAF_CHECK(all_told == (std::vector<std::uint64_t>{1, 3}));
  CAF_CHECK_EQUAL(j.so_far().batches.sum, 3.0);
  // Nothing new: there is nothing to say.
  j.sync();
  j.stop();
  auto at_the_end = e.told();
  CAF_CHECK(at_the_end == (std::vector<std::uint64_t>{1, 3}));
}

CAF_TEST(what was given before the stop is stored) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  ear e;
  {
    journal j(open_well(options).store, e.listener());
    for (std::uint64_t n = 1; n <= 50; ++n)
      j.write(message_number(n), n);
    j.stop();
    j.stop();
    auto last = e.told().back();
    CAF_CHECK_EQUAL(last, 50u);
  }
  auto messages = messages_in(options);
  CAF_CHECK_EQUAL(messages, 50u);
}

CAF_TEST(many threads may write while one asks) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  ear e;
  {
    journal j(open_well(options).store, e.listener());
    std::mutex order;
    std::uint64_t number = 0;
    std::vector<std::thread> writers;
    for (int t = 0; t < 4; ++t)
      writers.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          std::lock_guard lock(order);
          ++number;
          j.write(message_number(number), number);
          j.sync();
        }
      });
    for (auto& w : writers)
      w.join();
    CAF_REQUIRE(e.hears(200));
    auto m = j.stored().read("q", {1, 200});
    CAF_CHECK(m && *m);
  }
  auto told = e.told();
  CAF_CHECK(std::is_sorted(told.begin(), told.end()));
  auto messages = messages_in(options);
  CAF_CHECK_EQUAL(messages, 200u);
}

CAF_TEST(a disk that fails is told once and nothing is written any more) {
  quick_folder folder;
  unsynced_env env(folder.path("lost+found"));
  auto options = options_in(folder.path("data"));
  options.env = env.env.get();
  ear e;
  {
    journal j(open_well(options).store, e.listener());
    j.write(message_number(1), 1);
    j.sync();
    CAF_REQUIRE(e.hears(1));
    env.files->plant(unsynced_files::fault::full_disk);
    j.write(message_number(2), 2);
    CAF_REQUIRE(e.hears_of_the_end());
    env.files->plant(unsynced_files::fault::none);
    j.write(message_number(3), 3);
    j.write(message_number(4), 4);
    j.stop();
  }
  auto told = e.told();
  CAF_CHECK(told == std::vector<std::uint64_t>{1});
  auto broken = e.broken();
  CAF_REQUIRE(broken.size() == 1);
  CAF_CHECK(broken.front().what == store_error::kind::no_space);
  auto messages = messages_in(options);
  CAF_CHECK_EQUAL(messages, 1u);
}
