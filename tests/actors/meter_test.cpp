#define CAF_SUITE meter

#include "actors/stats/meter.hpp"

#include <caf/test/unit_test.hpp>

#include <cmath>
#include <random>

using namespace std::chrono_literals;

namespace {

using lmq::meter;
using lmq::time_point;

constexpr time_point start{1000h};

// A meter with a timer, by the book: `tick` at the end of every 5 s.
struct ticking_meter {
  static constexpr double seconds[] = {60, 300, 900, 86'400};
  time_point next_tick = start + 5s;
  double total = 0;
  bool initialized = false;
  double rates[4] = {};

  void tick() {
    for (int i = 0; i < 4; ++i) {
      const double alpha = 1 - std::exp(-5 / seconds[i]);
      rates[i] = initialized ? rates[i] + alpha * (total / 5 - rates[i]) : total / 5;
    }
    initialized = true;
    total = 0;
  }

  void run_until(time_point now) {
    for (; next_tick <= now; next_tick += 5s)
      tick();
  }
};

bool near(double a, double b) {
  return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b)) + 1e-300;
}

bool same_rates(const lmq::meter_report& got, const ticking_meter& expected) {
  return near(got.one, expected.rates[0]) && near(got.five, expected.rates[1]) &&
         near(got.fifteen, expected.rates[2]) && near(got.day, expected.rates[3]);
}

bool equal(const lmq::meter_report& a, const lmq::meter_report& b) {
  return a.count == b.count && a.one == b.one && a.five == b.five && a.fifteen == b.fifteen &&
         a.day == b.day && a.mean == b.mean && a.one_to_five == b.one_to_five &&
         a.five_to_fifteen == b.five_to_fifteen && a.one_to_fifteen == b.one_to_fifteen;
}

} // namespace

CAF_TEST(a new meter reports zeros) {
  const meter m{start};
  CAF_CHECK(equal(m.report(start), {}));
  CAF_CHECK(equal(m.report(start + 20h), {}));
}

CAF_TEST(marks count at once and make a rate at the end of their interval) {
  meter m{start};
  m.mark(start);
  m.mark(start + 4s, 9);
  const auto early = m.report(start + 5s - 1ns);
  CAF_CHECK_EQUAL(early.count, 10u);
  CAF_CHECK_EQUAL(early.one, 0.0);
  CAF_CHECK_EQUAL(early.day, 0.0);
  const auto full = m.report(start + 5s);
  CAF_CHECK_EQUAL(full.count, 10u);
  CAF_CHECK_EQUAL(m.count(), 10u);
}

CAF_TEST(the first interval sets all four rates) {
  meter m{start};
  m.mark(start + 1s, 10);
  const auto r = m.report(start + 5s);
  CAF_CHECK_EQUAL(r.one, 2.0);
  CAF_CHECK_EQUAL(r.five, 2.0);
  CAF_CHECK_EQUAL(r.fifteen, 2.0);
  CAF_CHECK_EQUAL(r.day, 2.0);
}

CAF_TEST(a minute of silence leaves 1 part in e of the rate of one minute) {
  meter m{start};
  m.mark(start, 500);
  const auto r = m.report(start + 65s);
  CAF_CHECK(near(r.one, 100 * std::exp(-1.0)));
  CAF_CHECK(near(r.five, 100 * std::exp(-60 / 300.0)));
  CAF_CHECK(near(r.fifteen, 100 * std::exp(-60 / 900.0)));
  CAF_CHECK(near(r.day, 100 * std::exp(-60 / 86'400.0)));
}

CAF_TEST(a mark on the end of an interval belongs to the next) {
  meter m{start};
  m.mark(start + 5s, 10);
  CAF_CHECK_EQUAL(m.report(start + 5s).one, 0.0);
  CAF_CHECK(near(m.report(start + 10s).one, 2 * (1 - std::exp(-5 / 60.0))));
}

CAF_TEST(the mean is per second since the start) {
  meter m{start};
  m.mark(start, 30);
  CAF_CHECK_EQUAL(m.report(start).mean, 0.0);
  CAF_CHECK_EQUAL(m.report(start + 500ms).mean, 60.0);
  CAF_CHECK_EQUAL(m.report(start + 60s).mean, 0.5);
}

CAF_TEST(accelerations are the differences of the rates over the times between them) {
  meter m{start};
  m.mark(start + 6s, 1000);
  const auto r = m.report(start + 40s);
  CAF_CHECK(r.one > r.five && r.five > r.fifteen);
  CAF_CHECK(near(r.one_to_five, (r.one - r.five) / 300));
  CAF_CHECK(near(r.five_to_fifteen, (r.five - r.fifteen) / 600));
  CAF_CHECK(near(r.one_to_fifteen, (r.one - r.fifteen) / 900));
}

CAF_TEST(idle decay equals ticking step by step) {
  for (const int idle : {0, 1, 2, 11, 720, 17'280}) {
    meter m{start};
    ticking_meter expected;
    m.mark(start + 6s, 123);
    expected.run_until(start + 6s);
    expected.total += 123;
    const auto end = start + 10s + idle * 5s;
    expected.run_until(end);
    CAF_CHECK(same_rates(m.report(end), expected));
  }
}

CAF_TEST(a year of silence leaves finite rates) {
  meter m{start};
  m.mark(start, 1'000'000);
  const auto r = m.report(start + 365 * 24h);
  CAF_CHECK_EQUAL(r.one, 0.0);
  CAF_CHECK(r.day >= 0 && r.day < 1e-100);
  m.mark(start + 365 * 24h, 50);
  CAF_CHECK(near(m.report(start + 365 * 24h + 5s).one, 10 * (1 - std::exp(-5 / 60.0))));
}

CAF_TEST(reading does not disturb) {
  meter read_often{start};
  meter read_once{start};
  for (int i = 0; i < 100; ++i) {
    const auto now = start + i * 1700ms;
    read_often.mark(now, 3);
    read_once.mark(now, 3);
    static_cast<void>(read_often.report(now));
    static_cast<void>(read_often.report(now + 1h));
  }
  CAF_CHECK(equal(read_often.report(start + 200s), read_once.report(start + 200s)));
}

CAF_TEST(a time before the current interval is counted in it) {
  meter m{start + 10s};
  m.mark(start, 5);
  CAF_CHECK_EQUAL(m.report(start).count, 5u);
  CAF_CHECK_EQUAL(m.report(start).mean, 0.0);
  CAF_CHECK_EQUAL(m.report(start + 15s).one, 1.0);
}

CAF_TEST(random marks and pauses give the rates of a meter with a timer) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random{seed};
    meter m{start};
    ticking_meter expected;
    std::uint64_t count = 0;
    auto now = start;
    bool same = true;
    for (int step = 0; same && step < 400; ++step) {
      switch (random() % 5) {
      case 0: now += std::chrono::nanoseconds{random() % 1'000}; break;
      case 1: now += std::chrono::milliseconds{random() % 3'000}; break;
      case 2: now += 5s * (random() % 3); break;
      case 3: now = expected.next_tick - std::chrono::nanoseconds{random() % 2}; break;
      case 4: now += std::chrono::seconds{random() % 600}; break;
      }
      expected.run_until(now);
      if (const auto n = random() % 100; n < 60) {
        m.mark(now, n);
        expected.total += static_cast<double>(n);
        count += n;
      }
      const auto r = m.report(now);
      same = r.count == count && same_rates(r, expected);
      if (!same)
        CAF_ERROR("seed " << seed << ", step " << step);
    }
    CAF_CHECK(same);
  }
}
