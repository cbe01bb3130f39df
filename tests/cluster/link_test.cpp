// Links: whatever happens to frames, messages arrive in order and once, or the link begins anew.
#define CAF_SUITE link

#include "cluster/link.hpp"

#include <caf/test/unit_test.hpp>

#include <memory>
#include <random>

using namespace lmq;
using namespace std::chrono_literals;

namespace {

link_payload text(std::string s) {
  return std::make_shared<const std::string>(std::move(s));
}

link_limits small() {
  link_limits limits;
  limits.frame_bytes_max = 100;
  limits.window_bytes_max = 1000;
  limits.message_bytes_max = 100'000;
  limits.resend_after = 500ms;
  return limits;
}

/// Two ends, and frames on the way between them.
struct pair {
  lmq::link a{1, small()}, b{1, small()};
  time_point now{1h};
  std::vector<std::string> to_b, to_a;
  std::vector<std::string> at_a, at_b;
  int begun_a = 0, begun_b = 0;
  std::string beat = "beat";

  void poll(bool with_beat = false) {
    a.poll(now, with_beat ? &beat : nullptr, to_b);
    b.poll(now, with_beat ? &beat : nullptr, to_a);
  }
  void arrive_at_a(const std::string& frame) {
    auto x = a.receive(frame, now);
    CAF_REQUIRE(x.understood);
    begun_a += x.begun ? 1 : 0;
    if (x.begun)
      at_a.clear();
    at_a.insert(at_a.end(), x.messages.begin(), x.messages.end());
  }
  void arrive_at_b(const std::string& frame) {
    auto x = b.receive(frame, now);
    CAF_REQUIRE(x.understood);
    begun_b += x.begun ? 1 : 0;
    if (x.begun)
      at_b.clear();
    at_b.insert(at_b.end(), x.messages.begin(), x.messages.end());
  }
  void exchange() {
    for (int i = 0; i < 5; ++i) {
      poll();
      for (auto& f : std::exchange(to_b, {}))
        arrive_at_b(f);
      for (auto& f : std::exchange(to_a, {}))
        arrive_at_a(f);
    }
  }
  void meet() {
    poll(true);
    exchange();
    CAF_REQUIRE(a.up() && b.up());
  }
};

} // namespace

CAF_TEST(a heartbeat begins a session at both ends) {
  pair p;
  CAF_CHECK(!p.a.up());
  p.meet();
  CAF_CHECK_EQUAL(p.begun_a, 1);
  CAF_CHECK_EQUAL(p.begun_b, 1);
}

CAF_TEST(messages arrive in order and are acknowledged) {
  pair p;
  p.meet();
  std::uint64_t last = 0;
  for (int i = 0; i < 50; ++i)
    last = p.a.send(text(std::to_string(i)));
  CAF_CHECK_EQUAL(p.a.backlog_messages(), 50u);
  p.exchange();
  CAF_REQUIRE_EQUAL(p.at_b.size(), 50u);
  for (int i = 0; i < 50; ++i)
    CAF_CHECK_EQUAL(p.at_b[i], std::to_string(i));
  CAF_CHECK(p.a.acknowledged() >= last);
  CAF_CHECK_EQUAL(p.a.backlog_bytes(), 0u);
  CAF_CHECK_EQUAL(p.a.backlog_messages(), 0u);
}

CAF_TEST(a message larger than a frame comes in pieces and arrives whole) {
  pair p;
  p.meet();
  std::string large(5000, 'x');
  large[4321] = 'y';
  p.a.send(text(large));
  p.a.send(text("after"));
  p.poll();
  for (const auto& f : p.to_b)
    CAF_CHECK(f.size() < 200);
  for (int i = 0; i < 20; ++i)
    p.exchange();
  CAF_REQUIRE_EQUAL(p.at_b.size(), 2u);
  CAF_CHECK(p.at_b[0] == large);
  CAF_CHECK_EQUAL(p.at_b[1], "after");
}

CAF_TEST(an empty message is a message) {
  pair p;
  p.meet();
  p.a.send(text(""));
  p.exchange();
  CAF_CHECK_EQUAL(p.at_b, std::vector<std::string>{""});
}

CAF_TEST(no more than a window is under way) {
  pair p;
  p.meet();
  for (int i = 0; i < 100; ++i)
    p.a.send(text(std::string(90, 'x')));
  p.poll();
  std::size_t bytes = 0;
  for (const auto& f : p.to_b)
    bytes += f.size();
  CAF_CHECK(bytes < 2500);
  CAF_CHECK(p.a.backlog_bytes() == 9000);
  for (int i = 0; i < 20; ++i)
    p.exchange();
  CAF_CHECK_EQUAL(p.at_b.size(), 100u);
}

CAF_TEST(what is not acknowledged is sent again) {
  pair p;
  p.meet();
  p.a.send(text("lost"));
  p.poll();
  p.to_b.clear();
  p.exchange();
  CAF_CHECK(p.at_b.empty());
  p.now += 499ms;
  p.exchange();
  CAF_CHECK(p.at_b.empty());
  p.now += 1ms;
  p.exchange();
  CAF_CHECK_EQUAL(p.at_b, std::vector<std::string>{"lost"});
}

CAF_TEST(a link without acknowledgements is stalled since it began to send) {
  pair p;
  p.meet();
  CAF_CHECK(!p.a.stalled_since());
  p.now += 10s;
  auto began = p.now;
  p.a.send(text("x"));
  CAF_CHECK(!p.a.stalled_since());
  p.poll();
  p.now += 3s;
  p.poll();
  CAF_REQUIRE(p.a.stalled_since().has_value());
  CAF_CHECK(*p.a.stalled_since() == began);
  p.exchange();
  CAF_CHECK(!p.a.stalled_since());
}

CAF_TEST(an end that restarts begins anew and so does the other) {
  pair p;
  p.meet();
  p.a.send(text("before"));
  p.a.restart(2);
  CAF_CHECK(!p.a.up());
  p.poll(true);
  p.exchange();
  CAF_CHECK(p.a.up());
  CAF_CHECK_EQUAL(p.begun_b, 2);
  CAF_CHECK(p.at_b.empty());
  p.b.send(text("hello"));
  p.a.send(text("there"));
  p.exchange();
  CAF_CHECK_EQUAL(p.at_a, std::vector<std::string>{"hello"});
  CAF_CHECK_EQUAL(p.at_b, std::vector<std::string>{"there"});
}

CAF_TEST(frames of a session that is over are void) {
  pair p;
  p.meet();
  p.a.send(text("old"));
  p.poll();
  auto old = std::exchange(p.to_b, {});
  p.a.restart(2);
  p.poll(true);
  p.exchange();
  for (const auto& f : old)
    p.arrive_at_b(f);
  CAF_CHECK(p.at_b.empty());
  CAF_CHECK_EQUAL(p.begun_b, 2);
}

CAF_TEST(whatever is lost and doubled and reordered all messages arrive in order and once) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 dice{seed};
    pair p;
    p.meet();
    std::vector<std::string> sent_a, sent_b;
    for (int step = 0; step < 400; ++step) {
      if (step < 200) {
        auto size = dice() % 10 == 0 ? 700 : dice() % 60;
        auto [from, log] = dice() % 2 == 0 ? std::tie(p.a, sent_a) : std::tie(p.b, sent_b);
        log.push_back(std::to_string(step) + std::string(size, '.'));
        from.send(text(log.back()));
      }
      p.now += 50ms;
      p.poll(dice() % 5 == 0);
      auto deliver = [&](std::vector<std::string>& frames, auto arrive) {
        std::shuffle(frames.begin(), frames.end(), dice);
        auto some = frames.size() - frames.size() / 4;
        for (std::size_t i = 0; i < some; ++i)
          if (step >= 300 || dice() % 4 != 0)
            for (auto copies = dice() % 5 == 0 ? 2 : 1; copies > 0; --copies)
              arrive(frames[i]);
        frames.erase(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(some));
      };
      deliver(p.to_a, [&](const std::string& f) { p.arrive_at_a(f); });
      deliver(p.to_b, [&](const std::string& f) { p.arrive_at_b(f); });
    }
    for (int i = 0; i < 40; ++i) {
      p.now += 500ms;
      p.exchange();
    }
    CAF_REQUIRE(p.at_b == sent_a);
    CAF_REQUIRE(p.at_a == sent_b);
    CAF_REQUIRE_EQUAL(p.begun_a, 1);
  }
}

CAF_TEST(what is no frame is not understood and does nothing) {
  pair p;
  p.meet();
  p.a.send(text("a message"));
  p.poll(true);
  auto frame = p.to_b.front();
  std::mt19937 dice{1};
  for (std::size_t n = 0; n < frame.size(); ++n)
    CAF_CHECK(!p.b.receive(std::string_view{frame}.substr(0, n), p.now).understood);
  for (int i = 0; i < 20'000; ++i) {
    std::string junk;
    for (auto n = dice() % 40; n > 0; --n)
      junk += static_cast<char>(dice());
    p.b.receive(junk, p.now);
  }
  // An array that is said to have four thousand million elements.
  CAF_CHECK(!p.b.receive("\xdd\xff\xff\xff\xff\x01", p.now).understood);
}

CAF_TEST(a message that grows beyond the limit is not understood) {
  auto limits = small();
  limits.message_bytes_max = 250;
  pair p;
  p.b = lmq::link{1, limits};
  p.meet();
  p.a.send(text(std::string(300, 'x')));
  p.poll();
  bool refused = false;
  for (const auto& f : p.to_b)
    refused |= !p.b.receive(f, p.now).understood;
  CAF_CHECK(refused);
}
