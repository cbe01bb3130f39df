// Copies: what facts do to one.
#define CAF_SUITE replica

#include "cluster/replica.hpp"

#include "tests/cluster/copies.hpp"

#include <caf/test/unit_test.hpp>

using namespace lmq;
using namespace lmq::copies;
using namespace std::chrono_literals;

CAF_TEST(a message that is put is held and ready) {
  replica r;
  auto change = apply(r, {put(id(1))});
  CAF_CHECK(change.any);
  CAF_CHECK(r.holds("q", id(1)));
  CAF_CHECK(r.context().contains(id(1)));
  CAF_CHECK_EQUAL(r.ready("q"), 1u);
  CAF_CHECK_EQUAL(r.size("q"), 1u);
}

CAF_TEST(a put whose id is in the context changes nothing) {
  replica r;
  apply(r, {put(id(1)), settled({id(1)})});
  CAF_CHECK(!apply(r, {put(id(1))}).any);
  CAF_CHECK(!r.holds("q", id(1)));
  apply(r, {put(id(2))});
  CAF_CHECK(!apply(r, {put(id(2))}).any);
  CAF_CHECK_EQUAL(r.size("q"), 1u);
}

CAF_TEST(a settlement that comes before its message keeps it out) {
  replica r;
  CAF_CHECK(apply(r, {settled({id(1)})}).any);
  apply(r, {put(id(1))});
  CAF_CHECK(!r.holds("q", id(1)));
}

CAF_TEST(a delivery that has come further counts and retries are the fewest) {
  replica r;
  apply(r, {put(id(1), 5), leased(id(1), 2, home_tag{1})});
  apply(r, {leased(id(1), 1, home_tag{9})}); // late
  CAF_CHECK_EQUAL(state(r, id(1)).deliveries, 2u);
  apply(r, {ended(id(1), 2, home_tag{1}, 3)});
  CAF_CHECK(!state(r, id(1)).lease);
  apply(r, {leased(id(1), 2, home_tag{1})}); // late: it has ended
  CAF_CHECK(!state(r, id(1)).lease);
  CAF_CHECK_EQUAL(state(r, id(1)).retries_left, 3u);
}

CAF_TEST(of two deliveries of the same number that of the greater home counts) {
  replica a, b;
  apply(a, {put(id(1)), leased(id(1), 1, home_tag{1})});
  apply(a, {leased(id(1), 1, home_tag{2})});
  apply(b, {put(id(1)), leased(id(1), 1, home_tag{2})});
  apply(b, {leased(id(1), 1, home_tag{1})});
  CAF_CHECK(state(a, id(1)).home == home_tag{2});
  CAF_CHECK(equal(a, b));
}

CAF_TEST(a delivery that was outdone settles until its own end and no longer) {
  replica r;
  apply(r, {put(id(1)), leased(id(1), 1, home_tag{1}, 10s), leased(id(1), 1, home_tag{2}, 30s)});
  lease_id outdone{id(1), 1, home_tag{1}};
  CAF_CHECK(r.still_leased("q", outdone, start + 9s) == std::vector{id(1)});
  CAF_CHECK(r.still_leased("q", outdone, start + 10s).empty());
  CAF_CHECK(r.still_leased("q", {id(1), 1, home_tag{3}}, start).empty());
}

CAF_TEST(a delivery that is given back in place stands where it stood) {
  replica r;
  apply(r, {put(id(1)), put(id(2)), leased(id(1), 1, home_tag{1})});
  auto back = ended(id(1), 1, home_tag{1}, 5);
  back.in_place = true;
  apply(r, {back});
  CAF_CHECK(r.units("q", start).front().unit == id(1));
  apply(r, {leased(id(1), 2, home_tag{1}), ended(id(1), 2, home_tag{1}, 4)});
  CAF_CHECK(r.units("q", start).front().unit == id(2));
}

CAF_TEST(what is left of a lease is counted from when it was heard) {
  replica r;
  apply(r, {put(id(1)), leased(id(1), 1, home_tag{1}, 10s)});
  auto unit = r.units("q", start + 4s).front();
  CAF_REQUIRE(unit.state.lease.has_value());
  CAF_CHECK(*unit.state.lease == 6s);
}

CAF_TEST(a window gathers parts and closes to a list) {
  replica r;
  apply(r, {put_into(id(1), unit(1)), put_into(id(2), unit(1))});
  CAF_CHECK_EQUAL(r.size("q"), 1u);
  CAF_CHECK_EQUAL(r.ready("q"), 0u);
  CAF_CHECK(r.units("q", start).front().window.has_value());
  apply(r, {closed(unit(1), {id(1), id(2)})});
  CAF_CHECK_EQUAL(r.ready("q"), 1u);
  CAF_CHECK(parts(r, unit(1)) == (std::vector{id(1), id(2)}));
}

CAF_TEST(a part that comes after its window has closed stands alone) {
  replica r;
  apply(r, {put_into(id(1), unit(1)), closed(unit(1), {id(1)}), put_into(id(2), unit(1))});
  CAF_CHECK(parts(r, unit(1)) == std::vector{id(1)});
  CAF_CHECK(parts(r, compound_id(id(2), home_tag{})) == std::vector{id(2)});
}

CAF_TEST(a settled part drops out of its list and a list without parts is gone) {
  replica r;
  apply(r, {put_into(id(1), unit(1)), put_into(id(2), unit(1)), closed(unit(1), {id(1), id(2)}),
            settled({id(1)})});
  CAF_CHECK(parts(r, unit(1)) == std::vector{id(2)});
  apply(r, {settled({id(2)})});
  CAF_CHECK_EQUAL(r.size("q"), 0u);
  CAF_CHECK(r.queues().empty());
  CAF_CHECK_EQUAL(r.sum("q").digest, 0u);
}

CAF_TEST(where lists share a message the one that was delivered has all of its own) {
  replica r;
  apply(r, {put_into(id(1), unit(1)), put_into(id(2), unit(1)), put_into(id(3), unit(1))});
  apply(r, {closed(unit(2), {id(1), id(2)}), leased(unit(2), 1, home_tag{2})});
  apply(r, {closed(unit(3), {id(2), id(3)})});
  CAF_CHECK(parts(r, unit(2)) == (std::vector{id(1), id(2)}));
  CAF_CHECK(parts(r, unit(3)).empty());
  CAF_CHECK(parts(r, compound_id(id(3), home_tag{})) == std::vector{id(3)});
}

CAF_TEST(what is delivered alone was delivered as often as the list that it was in) {
  replica r;
  apply(r, {put_into(id(1), unit(1)), put_into(id(2), unit(1)), put_into(id(3), unit(1))});
  apply(r, {closed(unit(2), {id(1), id(2)}), leased(unit(2), 2, home_tag{2}), closed(unit(3), {id(2), id(3)}),
            leased(unit(3), 1, home_tag{3}, 10s)});
  auto alone = state(r, compound_id(id(3), home_tag{}));
  CAF_CHECK_EQUAL(alone.deliveries, 1u);
  CAF_CHECK(alone.lease.has_value());
}

CAF_TEST(what a ghost has delivered no list takes that was delivered less often) {
  replica r;
  apply(r, {put_into(id(1), unit(1)), put_into(id(2), unit(1)), put_into(id(3), unit(1)),
            put_into(id(4), unit(1))});
  apply(r, {closed(unit(2), {id(1), id(2)}), leased(unit(2), 2, home_tag{2}), closed(unit(3), {id(2), id(3)}),
            leased(unit(3), 1, home_tag{3}, 10s), closed(unit(4), {id(3), id(4)})});
  CAF_CHECK(parts(r, unit(2)) == (std::vector{id(1), id(2)}));
  CAF_CHECK(parts(r, unit(3)).empty());
  CAF_CHECK(parts(r, unit(4)).empty());
  CAF_CHECK(state(r, compound_id(id(3), home_tag{})).lease.has_value());
  CAF_CHECK_EQUAL(state(r, compound_id(id(4), home_tag{})).deliveries, 0u);
}

CAF_TEST(a ghost settles all that it brought) {
  replica r;
  apply(r, {put_into(id(1), unit(1)), put_into(id(2), unit(1)), put_into(id(3), unit(1))});
  apply(r, {closed(unit(2), {id(1), id(2)}), leased(unit(2), 2, home_tag{2}), closed(unit(3), {id(2), id(3)}),
            leased(unit(3), 1, home_tag{3}, 10s)});
  lease_id ghost{unit(3), 1, home_tag{3}};
  CAF_CHECK(r.still_leased("q", ghost, start + 9s) == (std::vector{id(2), id(3)}));
  CAF_CHECK(r.still_leased("q", ghost, start + 11s).empty());
  apply(r, {settled({id(2), id(3)})});
  CAF_CHECK(parts(r, unit(2)) == std::vector{id(1)});
  CAF_CHECK_EQUAL(r.size("q"), 1u);
}

CAF_TEST(a list of which a part is missing is not delivered until it has come) {
  replica a, b;
  apply(a, {put_into(id(1), unit(1)), put_into(id(2), unit(1)), closed(unit(1), {id(1), id(2)})});
  replica::change change;
  auto all = a.to_move("q", {id(1), id(2)}, start);
  auto first = all.messages;
  first.pop_back();
  b.take("q", all.units, first, start, change);
  CAF_CHECK(b.holds("q", id(1)));
  CAF_CHECK(b.units("q", start).empty());
  b.take("q", all.units, all.messages, start, change);
  CAF_CHECK_EQUAL(b.units("q", start).size(), 1u);
  CAF_CHECK(equal(a, b));
}

CAF_TEST(where nobody has the missing part the others are delivered alone) {
  replica a, b;
  apply(a, {put_into(id(1), unit(1)), put_into(id(2), unit(1)), closed(unit(1), {id(1), id(2)}),
            leased(unit(1), 1, home_tag{4})});
  replica::change change;
  auto all = a.to_move("q", {id(1)}, start);
  b.take("q", all.units, all.messages, start, change);
  apply(b, b.without_missing("q"));
  auto units = b.units("q", start);
  CAF_REQUIRE_EQUAL(units.size(), 1u);
  CAF_CHECK(units.front().unit == compound_id(id(1), home_tag{}));
  CAF_CHECK_EQUAL(units.front().state.deliveries, 1u);
  merge(a, b);
  CAF_CHECK(equal(a, b));
  CAF_CHECK(a.holds("q", id(2)) && b.holds("q", id(2)));
}
