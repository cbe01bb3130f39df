// The nemesis' book-keeping must see what goes wrong, or a run proves nothing.
#define CAF_SUITE ledger
#include "tests/nemesis/books/ledger.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq::nemesis;

namespace {

moment at(double time) {
  static const auto start = now();
  return after(start, seconds{time});
}

/// Pushed at 0 s, acked through node 0 at 10 s.
number acked_one(ledger& book) {
  auto which = book.begin_push();
  book.pushed(which, 0, at(0));
  book.delivered(which, {at(8), at(9), 0});
  book.acked(which, 0, at(10));
  return which;
}

} // namespace

CAF_TEST(an answered push that nobody acked is lost) {
  ledger book;
  auto which = book.begin_push();
  CAF_CHECK_EQUAL(book.figures().lost, 0u);
  book.pushed(which, 0, at(0));
  book.delivered(which, {at(1), at(2), 0});
  CAF_CHECK_EQUAL(book.figures().lost, 1u);
  CAF_CHECK_EQUAL(book.complaints().size(), 1u);
  book.acked(which, 0, at(3));
  CAF_CHECK_EQUAL(book.figures().lost, 0u);
  CAF_CHECK_EQUAL(book.complaints().size(), 0u);
}

CAF_TEST(a push or an ack without an answer is no loss) {
  ledger book;
  book.maybe_pushed(book.begin_push());
  auto which = book.begin_push();
  book.pushed(which, 0, at(0));
  book.maybe_acked(which);
  CAF_CHECK_EQUAL(book.figures().lost, 0u);
  CAF_CHECK_EQUAL(book.figures().unknown_pushes, 1u);
  CAF_CHECK_EQUAL(book.figures().unknown_acks, 1u);
}

CAF_TEST(what was delivered and whose ack was refused must come again) {
  ledger book;
  auto which = book.begin_push();
  book.pushed(which, 0, at(0));
  book.delivered(which, {at(1), at(2), 0});
  book.refused(which);
  CAF_CHECK_EQUAL(book.figures().lost, 0u);
  CAF_CHECK_EQUAL(book.figures().refused_and_gone, 1u);
  book.delivered(which, {at(3), at(4), 0});
  CAF_CHECK_EQUAL(book.figures().lost, 1u);
  CAF_CHECK_EQUAL(book.figures().refused_and_gone, 0u);
  book.acked(which, 0, at(5));
  book.refused(which);
  CAF_CHECK_EQUAL(book.figures().lost, 0u);
  CAF_CHECK_EQUAL(book.figures().refused_and_gone, 0u);
}

CAF_TEST(what a pull gets that began after the answer to the ack is resurrected) {
  ledger book;
  book.delivered(acked_one(book), {at(10.1), at(10.2), 1});
  CAF_CHECK_EQUAL(book.figures().resurrected, 1u);
  CAF_CHECK_EQUAL(book.complaints().size(), 1u);
}

CAF_TEST(what was on its way to another client when the ack was answered is a duplicate) {
  ledger book;
  book.delivered(acked_one(book), {at(9), at(10.1), 1});
  auto found = book.figures();
  CAF_CHECK_EQUAL(found.resurrected, 0u);
  CAF_CHECK_EQUAL(found.delivered_late, 0u);
  CAF_CHECK_EQUAL(found.duplicates, 1u);
}

CAF_TEST(what a waiting pull gets long after the ack is late) {
  ledger book;
  book.delivered(acked_one(book), {at(9), at(12), 1});
  CAF_CHECK_EQUAL(book.figures().delivered_late, 1u);
}

CAF_TEST(the other side of a cut may deliver what this side has settled) {
  ledger book;
  book.separated({0, 1}, at(5));
  auto which = acked_one(book);
  book.delivered(which, {at(11), at(12), 1});
  book.united(at(20));
  book.delivered(which, {at(19), at(21), 1});
  CAF_CHECK_EQUAL(book.figures().resurrected, 0u);
  CAF_CHECK_EQUAL(book.figures().behind_a_cut, 2u);
}

CAF_TEST(the same side of a cut may not ) {
  ledger book;
  book.separated({0, 0}, at(5));
  book.delivered(acked_one(book), {at(11), at(12), 1});
  CAF_CHECK_EQUAL(book.figures().resurrected, 1u);
}

CAF_TEST(no side of a cut may deliver what was settled before it) {
  ledger book;
  auto which = acked_one(book);
  book.separated({0, 1}, at(15));
  book.delivered(which, {at(16), at(17), 1});
  CAF_CHECK_EQUAL(book.figures().resurrected, 1u);
}

CAF_TEST(after a cut nothing comes back) {
  ledger book;
  book.separated({0, 1}, at(5));
  auto which = acked_one(book);
  book.united(at(20));
  book.delivered(which, {at(20.1), at(21), 1});
  CAF_CHECK_EQUAL(book.figures().resurrected, 1u);
}

CAF_TEST(a node that was killed may deliver what others settled meanwhile until it is one with them) {
  ledger book;
  book.absent(1, at(5));
  auto which = acked_one(book);
  book.delivered(which, {at(11), at(12), 1});
  book.absent(1, at(13)); // again, before it was one with them
  book.delivered(which, {at(14), at(15), 1});
  book.united(at(20));
  CAF_CHECK_EQUAL(book.figures().resurrected, 0u);
  CAF_CHECK_EQUAL(book.figures().served_alone, 2u);
  book.delivered(which, {at(20.1), at(21), 1});
  CAF_CHECK_EQUAL(book.figures().resurrected, 1u);
  CAF_CHECK_EQUAL(book.figures().served_alone, 2u);
}

CAF_TEST(what was settled before the kill stays settled on every disk) {
  ledger book;
  auto which = acked_one(book);
  book.absent(1, at(10.1));
  book.delivered(which, {at(11), at(12), 1});
  CAF_CHECK_EQUAL(book.figures().resurrected, 1u);
  CAF_CHECK_EQUAL(book.figures().served_alone, 0u);
}

CAF_TEST(what was settled through a node is on the disk of that node) {
  ledger book;
  book.absent(0, at(5));
  book.absent(1, at(5));
  book.delivered(acked_one(book), {at(11), at(12), 0});
  CAF_CHECK_EQUAL(book.figures().resurrected, 1u);
}

CAF_TEST(a node that was there all the time may deliver nothing that was settled) {
  ledger book;
  book.absent(1, at(5));
  book.delivered(acked_one(book), {at(11), at(12), 2});
  CAF_CHECK_EQUAL(book.figures().resurrected, 1u);
}

CAF_TEST(what was given back is no duplicate when it comes again) {
  ledger book;
  auto which = book.begin_push();
  book.pushed(which, 0, at(0));
  book.delivered(which, {at(1), at(2), 0});
  book.given_back(which);
  book.delivered(which, {at(3), at(4), 0});
  CAF_CHECK_EQUAL(book.figures().duplicates, 0u);
  book.delivered(which, {at(5), at(6), 0});
  CAF_CHECK_EQUAL(book.figures().duplicates, 1u);
}

CAF_TEST(a number that was never pushed is seen) {
  ledger book;
  book.delivered(7, {at(1), at(2), 0});
  CAF_CHECK_EQUAL(book.figures().from_nowhere, 1u);
}

CAF_TEST(all numbers of a compound are found) {
  auto bytes = body_of(3, 100) + "\r\n--boundary\r\n" + body_of(4294967295u, 5);
  CAF_CHECK_EQUAL(bytes.substr(0, 100), body_of(3, 100));
  CAF_CHECK_EQUAL(numbers_in(bytes), (std::vector<number>{3, 4294967295u}));
  CAF_CHECK_EQUAL(numbers_in("nemesis:x").size(), 0u);
}
