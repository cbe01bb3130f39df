// The store: what was written is there when the directory is opened again.
#define CAF_SUITE store

#include "tests/storage/opened_store.hpp"

#include <caf/test/unit_test.hpp>

#include <thread>

using namespace lmq;
using namespace lmq::testing;
using namespace std::chrono_literals;

CAF_TEST(a new directory is empty and a second opening finds it so) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  for (int i = 0; i < 3; ++i) {
    auto opened = open_well(options);
    auto text = text_of(opened.state);
    CAF_CHECK_EQUAL(text, "");
    CAF_CHECK(opened.remarks.empty());
    CAF_CHECK(opened.store.disk_bytes() > 0);
    CAF_CHECK(opened.store.free_bytes() > 0);
  }
}

CAF_TEST(what batches add up to is there again whenever it is opened) {
  auto seed = first_seed();
  CAF_MESSAGE("LMQ_SEED=" << seed);
  dice random(seed);
  row_maker make(random);
  row_model model;
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  for (int life = 0; life < 6; ++life) {
    options.write_buffer_bytes = life % 2 ? 64 << 10 : 64 << 20;
    auto opened = open_well(options);
    CAF_CHECK(text_of(opened.state) == model.text());
    for (int i = 0; i < 40; ++i) {
      std::vector<store_batch> group;
      for (auto n = 1 + random.below(4); n-- > 0;) {
        group.push_back(make.a_batch(model));
        model.apply(group.back());
      }
      auto done = opened.store.write(group);
      CAF_REQUIRE(done);
    }
  }
  CAF_CHECK(text_of(open_well(options).state) == model.text());
}

CAF_TEST(leases and windows go on while nothing runs and survive any wall clock) {
  temporary_folder folder;
  auto at = [&](std::uint64_t wall_ms) { return options_in(folder.path("data"), wall_ms); };
  {
    auto opened = open_well(at(noon_ms));
    auto b = one_message("q", {1, 1}, "x");
    stored_unit u;
    u.unit = {9, 9};
    u.compound = true;
    u.parts = {{1, 1}};
    u.state.lease = 30s;
    u.window = 10s;
    b.queues.front().units.push_back(u);
    write_well(opened.store, b);
  }
  auto left = [&](std::uint64_t wall_ms) {
    auto opened = open_well(at(wall_ms));
    auto& u = opened.state.queues.at("q").units.at(0);
    return std::pair(*u.state.lease, *u.window);
  };
  using both = std::pair<duration, duration>;
  CAF_CHECK(left(noon_ms + 4000) == (both{26s, 6s}));
  CAF_CHECK(left(noon_ms + 20'000) == (both{10s, 0s}));
  CAF_CHECK(left(noon_ms - 99'000) == (both{30s, 10s}));
  CAF_CHECK(left(UINT64_MAX) == (both{0s, 0s}));
}

CAF_TEST(a message is read as it was written and not when it is gone) {
  temporary_folder folder;
  auto opened = open_well(options_in(folder.path("data")));
  auto& s = opened.store;
  write_well(s, one_message("q", {1, 1}, std::string(100'000, 'x')));
  auto m = s.read("q", {1, 1});
  CAF_REQUIRE(m && *m);
  CAF_CHECK((**m).content.body() == std::string(100'000, 'x'));
  CAF_CHECK((**m).content.content_type() == "text/plain");
  for (auto missing : {s.read("q", {1, 2}), s.read("other", {1, 1})})
    CAF_CHECK(missing && !*missing);
  write_well(s, gone("q", {{1, 1}}));
  m = s.read("q", {1, 1});
  CAF_CHECK(m && !*m);
}

CAF_TEST(a unit of which nothing is left is dropped) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  {
    auto opened = open_well(options);
    auto b = one_message("q", {1, 1}, "x");
    stored_unit u;
    u.unit = {5, 5};
    u.compound = true;
    u.parts = {{1, 7}, {1, 8}};
    b.queues.front().units.push_back(u);
    u = {};
    u.unit = {1, 9};
    b.queues.front().units.push_back(u);
    write_well(opened.store, b);
  }
  for (int i = 0; i < 2; ++i) {
    auto opened = open_well(options);
    CAF_CHECK(opened.state.queues.at("q").units.empty());
    auto messages = opened.state.queues.at("q").messages.size();
    CAF_CHECK_EQUAL(messages, 1u);
  }
}

CAF_TEST(a copy that is made while writing goes on opens with all that was stored before) {
  temporary_folder folder;
  auto opened = open_well(options_in(folder.path("data")));
  auto& s = opened.store;
  for (std::uint64_t i = 1; i <= 50; ++i)
    write_well(s, one_message("q", {1, i}, "before"));
  CAF_REQUIRE(s.copy_to(folder.path("copy")));
  write_well(s, one_message("q", {1, 51}, "after"));
  auto copied = open_well(options_in(folder.path("copy")));
  auto messages = copied.state.queues.at("q").messages.size();
  CAF_CHECK_EQUAL(messages, 50u);
  write_well(copied.store, one_message("q", {2, 1}, "in the copy"));
  auto again = s.copy_to(folder.path("copy"));
  CAF_CHECK(!again && again.error().what == store_error::kind::no_access);
  auto nowhere = s.copy_to(folder.path("no/such/folder"));
  CAF_CHECK(!nowhere && nowhere.error().what == store_error::kind::no_access);
}

CAF_TEST(what is gone leaves the disk soon and by itself) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  options.write_buffer_bytes = 4 << 20;
  auto opened = open_well(options);
  auto& s = opened.store;
  constexpr std::uint64_t count = 32;
  std::vector<message_id> ids;
  for (std::uint64_t i = 1; i <= count; ++i) {
    write_well(s, one_message("q", {1, i}, std::string(1 << 20, 'x')));
    ids.push_back({1, i});
  }
  CAF_CHECK(s.disk_bytes() > count << 20);
  for (auto id : ids)
    write_well(s, gone("q", {id}));
  // The engine has no word for it when it is through.
  auto deadline = steady_clock::now() + 30s;
  while (s.disk_bytes() > 8 << 20 && steady_clock::now() < deadline)
    std::this_thread::sleep_for(5ms);
  CAF_CHECK(s.disk_bytes() <= 8 << 20);
}

CAF_TEST(queues that are empty cost nothing after the next opening and their ids are not given again) {
  temporary_folder folder;
  auto options = options_in(folder.path("data"));
  for (int life = 0; life < 4; ++life) {
    auto opened = open_well(options);
    CAF_CHECK(opened.state.queues.empty());
    auto name = "queue" + std::to_string(life % 2);
    write_well(opened.store, one_message(name, {1, 1}, "x"));
    write_well(opened.store, gone(name, {{1, 1}}));
  }
}
