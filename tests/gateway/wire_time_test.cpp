// Seconds on the wire: which texts are times, and how times are shown.
#define CAF_SUITE wire_time

#include "gateway/http/wire_time.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds longest = 24h;

std::string shown(milliseconds time) {
  std::string out;
  append_wire_seconds(out, time);
  return out;
}

} // namespace

CAF_TEST(decimal numbers are times) {
  CAF_CHECK(parse_wire_seconds("0", longest) == 0ms);
  CAF_CHECK(parse_wire_seconds("7", longest) == 7s);
  CAF_CHECK(parse_wire_seconds("0.25", longest) == 250ms);
  CAF_CHECK(parse_wire_seconds("1.5000000001", longest) == 1500ms);
  CAF_CHECK(parse_wire_seconds(".5", longest) == 500ms);
  CAF_CHECK(parse_wire_seconds("5.", longest) == 5s);
  CAF_CHECK(parse_wire_seconds("007", longest) == 7s);
}

CAF_TEST(other texts are none) {
  for (auto* text :
       {"", ".", "-1", "-0", "+1", "1e3", "1,5", " 1", "1 ", "nan", "inf", "0x10", "1.2.3", "\xff"})
    CAF_CHECK(!parse_wire_seconds(text, longest));
}

CAF_TEST(a huge time is clamped however long its text is) {
  CAF_CHECK(parse_wire_seconds("86400", longest) == longest);
  CAF_CHECK(parse_wire_seconds("86400.001", longest) == longest);
  CAF_CHECK(parse_wire_seconds("18446744073709551616", longest) == longest);
  CAF_CHECK(parse_wire_seconds(std::string(5'000, '9') + ".5", longest) == longest);
}

CAF_TEST(a time shorter than a millisecond is not zero) {
  CAF_CHECK(parse_wire_seconds("0.0001", longest) == 1ms);
  CAF_CHECK(parse_wire_seconds("0.0000", longest) == 0ms);
}

CAF_TEST(whole numbers are shown without a fraction and others with theirs) {
  CAF_CHECK_EQUAL(shown(0ms), "0");
  CAF_CHECK_EQUAL(shown(30s), "30");
  CAF_CHECK_EQUAL(shown(500ms), "0.5");
  CAF_CHECK_EQUAL(shown(1234ms), "1.234");
  CAF_CHECK_EQUAL(shown(1ms), "0.001");
  CAF_CHECK_EQUAL(shown(86400010ms), "86400.01");
}
