#define CAF_SUITE retention

#include "actors/stats/distribution.hpp"
#include "actors/stats/queue_stats.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <utility>

using namespace std::chrono_literals;

namespace {

using lmq::retention;
using lmq::time_point;

constexpr time_point start{1000h}; // the beginning of a slot

// The bound that the header promises.
constexpr std::size_t memory_bytes_max = 7 * 1024;

bool equal(const lmq::retention_report& a, const lmq::retention_report& b) {
  return a.n == b.n && a.min == b.min && a.max == b.max && a.arithmetic_mean == b.arithmetic_mean &&
         a.geometric_mean == b.geometric_mean && a.variance == b.variance && a.p50 == b.p50 &&
         a.p90 == b.p90 && a.p999 == b.p999 && a.histogram.size() == b.histogram.size();
}

} // namespace

CAF_TEST(a queue that was never pulled takes no memory and reports zeros) {
  const retention r{1};
  CAF_CHECK_EQUAL(r.memory_bytes(), 0u);
  CAF_CHECK(equal(r.report(start), {}));
}

CAF_TEST(samples are described in seconds) {
  retention r{1};
  r.record(250ms, start);
  r.record(2s, start + 1s);
  r.record(0s, start + 2s);
  const auto report = r.report(start + 2s);
  CAF_CHECK_EQUAL(report.n, 3u);
  CAF_CHECK_EQUAL(report.min, 0.0);
  CAF_CHECK_EQUAL(report.median, 0.25);
  CAF_CHECK_EQUAL(report.max, 2.0);
  CAF_CHECK_EQUAL(report.arithmetic_mean, 0.75);
}

CAF_TEST(a wait of less than nothing counts as none) {
  retention r{1};
  r.record(-5s, start);
  CAF_CHECK_EQUAL(r.report(start).max, 0.0);
  CAF_CHECK_EQUAL(r.report(start).n, 1u);
}

CAF_TEST(a sample is told of for a minute) {
  retention r{1};
  r.record(1s, start + 5s - 1ns); // at the end of its slot: the shortest life
  CAF_CHECK_EQUAL(r.report(start + 5s - 1ns + 55s).n, 1u);
  CAF_CHECK_EQUAL(r.report(start + 60s).n, 0u);
  CAF_CHECK(equal(r.report(start + 60s), {}));
}

CAF_TEST(samples leave slot by slot also when others come) {
  retention r{1};
  for (int i = 0; i < 24; ++i)
    r.record(std::chrono::seconds{i + 1}, start + i * 5s);
  const auto report = r.report(start + 23 * 5s);
  CAF_CHECK_EQUAL(report.n, retention::slots);
  CAF_CHECK_EQUAL(report.min, 13.0);
  CAF_CHECK_EQUAL(report.max, 24.0);
}

CAF_TEST(after a pause only the new samples are told of) {
  retention r{1};
  for (int i = 0; i < 500; ++i)
    r.record(9s, start + i * 100ms);
  r.record(1s, start + 1h);
  const auto report = r.report(start + 1h);
  CAF_CHECK_EQUAL(report.n, 1u);
  CAF_CHECK_EQUAL(report.max, 1.0);
}

CAF_TEST(a time before the latest slot is counted in it) {
  retention r{1};
  r.record(1s, start + 1h);
  r.record(2s, start);
  CAF_CHECK_EQUAL(r.report(start).n, 2u);
  CAF_CHECK_EQUAL(r.report(start + 1h + 55s - 1ns).n, 2u);
}

CAF_TEST(instants before the epoch of the clock are as good as any) {
  retention r{1};
  for (int i = -20; i < 20; ++i)
    r.record(1s, time_point{} + i * 5s);
  CAF_CHECK_EQUAL(r.report(time_point{} + 19 * 5s).n, retention::slots);
  retention early{1};
  early.record(1s, time_point{-1h});
  CAF_CHECK_EQUAL(early.report(time_point{-1h}).n, 1u);
  CAF_CHECK_EQUAL(early.report(time_point{-1h} + 65s).n, 0u);
}

CAF_TEST(memory grows only as used and stays below its bound) {
  retention r{1};
  r.record(1s, start);
  const auto first = r.memory_bytes();
  CAF_CHECK(first > 0 && first < 1024);
  std::size_t most = 0;
  for (int i = 0; i < 300'000; ++i) {
    r.record(std::chrono::microseconds{i}, start + i * 1ms);
    most = std::max(most, r.memory_bytes());
  }
  CAF_CHECK(most > first);
  CAF_CHECK(most <= memory_bytes_max);
  CAF_CHECK_EQUAL(r.report(start + 300s - 1ms).n, retention::samples_max);
}

CAF_TEST(a full slot keeps each sample as likely as any other) {
  // 1024 samples compete for 128 places in each of 400 runs. Counted by the quarter they came in: 12,800
  // expected, with a standard deviation of 92.
  std::map<int, int> kept_by_quarter;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    retention r{seed};
    for (int i = 0; i < 1024; ++i)
      r.record(std::chrono::seconds{i / 128 + 1}, start + i * 1ms);
    const auto report = r.report(start + 2s);
    CAF_REQUIRE_EQUAL(report.n, retention::slot_samples_max);
    CAF_REQUIRE(report.max <= 8.0);
    for (const auto& bin : report.histogram) {
      CAF_REQUIRE_EQUAL(bin.upper, std::floor(bin.upper)); // 2 s wide: a quarter each
      kept_by_quarter[static_cast<int>(bin.upper)] += static_cast<int>(bin.count);
    }
  }
  CAF_REQUIRE_EQUAL(kept_by_quarter.size(), 4u);
  for (const auto& [upper, count] : kept_by_quarter) {
    CAF_MESSAGE("up to " << upper << " s: " << count);
    CAF_CHECK(std::abs(count - 12'800) < 500);
  }
}

CAF_TEST(what a slot saw a minute ago takes no chances from its new samples) {
  retention r{1};
  for (int i = 0; i < 100'000; ++i)
    r.record(1s, start);
  for (int i = 0; i < 1000; ++i)
    r.record(i < 128 ? 2s : 3s, start + 60s);
  const auto report = r.report(start + 60s);
  CAF_REQUIRE_EQUAL(report.n, retention::slot_samples_max);
  CAF_CHECK_EQUAL(report.min, 2.0);
  CAF_CHECK(report.arithmetic_mean > 2.7); // 2.87 expected; 2.00 if few of the later ones were taken
}

CAF_TEST(the same seed keeps the same samples and another one others) {
  const auto run = [](std::uint64_t seed) {
    retention r{seed};
    for (int i = 0; i < 5000; ++i)
      r.record(std::chrono::microseconds{i * i}, start + i * 1ms);
    return r.report(start + 5s);
  };
  CAF_CHECK(equal(run(1), run(1)));
  CAF_CHECK(!equal(run(1), run(2)));
}

CAF_TEST(while no slot is full the report is that of all samples of the window) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random{seed};
    retention r{seed};
    std::vector<std::pair<time_point, float>> all;
    auto now = start;
    bool same = true;
    for (int step = 0; same && step < 300; ++step) {
      now += std::chrono::milliseconds{random() % (random() % 20 == 0 ? 100'000 : 2'000)};
      for (auto n = random() % 3; n > 0; --n) {
        const auto waited = std::chrono::milliseconds{random() % 10'000};
        r.record(waited, now);
        all.emplace_back(now, static_cast<float>(std::chrono::duration<double>(waited).count()));
      }
      const auto slot = (now - start) / 5s;
      std::vector<float> expected;
      for (const auto& [at, seconds] : all)
        if ((at - start) / 5s > slot - static_cast<int>(retention::slots))
          expected.push_back(seconds);
      if (expected.size() > retention::slot_samples_max)
        continue; // a slot might have been full
      same = equal(r.report(now), lmq::describe(expected));
      if (!same)
        CAF_ERROR("seed " << seed << ", step " << step);
    }
    CAF_CHECK(same);
  }
}

CAF_TEST(a queue report gets its three parts and keeps the others) {
  lmq::queue_stats stats{start, 1};
  stats.pushed(start);
  stats.pushed(start + 1s, 4);
  CAF_CHECK_EQUAL(stats.memory_bytes(), 0u);
  stats.pulled(500ms, start + 2s);
  CAF_CHECK(stats.memory_bytes() > 0);
  lmq::queue_report report;
  report.name = "a";
  report.size = 4;
  stats.fill(report, start + 5s);
  CAF_CHECK_EQUAL(report.name, "a");
  CAF_CHECK_EQUAL(report.size, 4u);
  CAF_CHECK_EQUAL(report.push.count, 5u);
  CAF_CHECK_EQUAL(report.push.one, 1.0);
  CAF_CHECK_EQUAL(report.pull.count, 1u);
  CAF_CHECK_EQUAL(report.retention.n, 1u);
  CAF_CHECK_EQUAL(report.retention.max, 0.5);
}
