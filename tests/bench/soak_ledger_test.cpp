// The soak's book-keeping must see what goes wrong, or a soak proves nothing.
#define CAF_SUITE soak_ledger
#include "tests/bench/modes/report.hpp"
#include "tests/bench/modes/soak_ledger.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq::bench;

CAF_TEST(a message that was pushed and acknowledged leaves nothing outstanding) {
  soak_ledger ledger;
  const auto a = ledger.begin_push();
  ledger.pushed(a);
  CAF_CHECK_EQUAL(ledger.outstanding(), 1u);
  ledger.delivered(a);
  ledger.acked(a);
  CAF_CHECK_EQUAL(ledger.outstanding(), 0u);
  CAF_CHECK_EQUAL(ledger.acked_pushes(), ledger.pushes());
  CAF_CHECK_EQUAL(ledger.contradiction_count(), 0u);
}

CAF_TEST(an ack may come before the answer of the push) {
  soak_ledger ledger;
  const auto a = ledger.begin_push();
  ledger.delivered(a);
  ledger.acked(a);
  ledger.pushed(a);
  CAF_CHECK_EQUAL(ledger.outstanding(), 0u);
  CAF_CHECK_EQUAL(ledger.contradiction_count(), 0u);
}

CAF_TEST(a second ack and a delivery after the ack are contradictions) {
  soak_ledger ledger;
  const auto a = ledger.begin_push();
  ledger.pushed(a);
  ledger.acked(a);
  ledger.acked(a);
  CAF_CHECK_EQUAL(ledger.contradiction_count(), 1u);
  ledger.delivered(a);
  CAF_CHECK_EQUAL(ledger.contradiction_count(), 2u);
}

CAF_TEST(a message that nobody sent or that was refused is a contradiction) {
  soak_ledger ledger;
  ledger.delivered(7);
  const auto a = ledger.begin_push();
  ledger.refused(a);
  ledger.delivered(a);
  CAF_CHECK_EQUAL(ledger.contradiction_count(), 2u);
}

CAF_TEST(a push without answer may come out or not ) {
  soak_ledger ledger;
  const auto a = ledger.begin_push();
  ledger.maybe_pushed(a);
  CAF_CHECK_EQUAL(ledger.outstanding(), 0u);
  CAF_CHECK_EQUAL(ledger.uncertain(), 1u);
  ledger.delivered(a);
  ledger.acked(a);
  CAF_CHECK_EQUAL(ledger.uncertain(), 0u);
  CAF_CHECK_EQUAL(ledger.contradiction_count(), 0u);
}

CAF_TEST(numbers are found in one body and in many) {
  std::vector<sequence> numbers;
  find_numbers(numbered_body(12, 100), numbers);
  CAF_CHECK(numbers == std::vector<sequence>{12});
  CAF_CHECK_EQUAL(numbered_body(12, 100).size(), 100u);
  find_numbers("--x\r\n" + numbered_body(4000000000U, 1) + "\r\n--x\r\n" + numbered_body(3, 30), numbers);
  CAF_CHECK((numbers == std::vector<sequence>{4000000000U, 3}));
  find_numbers("soak-body:12", numbers);
  CAF_CHECK(numbers.empty());
}

CAF_TEST(the median is the middle value) {
  CAF_CHECK_EQUAL(median({}), 0.0);
  CAF_CHECK_EQUAL(median({3, 1, 2}), 2.0);
  CAF_CHECK_EQUAL(median({4, 1, 2, 3}), 2.5);
}
