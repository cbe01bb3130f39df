// Links as two tables see them, each of what the other said, in any order of the messages between them.
#define CAF_SUITE link_table

#include <caf/test/unit_test.hpp>

#include "cluster/transport/link_table.hpp"

#include <deque>
#include <random>
#include <vector>

using namespace lmq;

namespace {

/// What goes between two doors.
struct mail {
  enum class kind { hello, welcome, frame, reset } what = kind::hello;
  std::uint64_t a = 0; ///< session: of the sender; of a reset: of the receiver
  std::uint64_t b = 0; ///< welcome: the session that is answered; frame: its number
  std::uint64_t body = 0;
};

/// One side; does what the door does.
struct side {
  std::uint64_t self, peer;
  link_table table{};
  std::deque<mail> out{};
  bool linked = false;
  std::uint64_t session = 0, sent = 0; ///< of the link that stands
  std::uint64_t body = 0;              ///< of the last frame sent
  std::uint64_t last = 0;              ///< body of the last frame taken
  int taken = 0;
  bool in_order = true; ///< bodies never went back

  void say_hello() { out.push_back({mail::kind::hello, table.next_session()}); }

  void follow(const link_table::turn& t) {
    if (t.connected) {
      linked = true;
      session = t.session;
      sent = 0;
    }
  }

  void send_frame() {
    if (linked)
      out.push_back({mail::kind::frame, session, ++sent, ++body});
  }

  void take(const mail& m) {
    switch (m.what) {
    case mail::kind::hello: {
      auto t = table.on_hello(peer, m.a);
      out.push_back({mail::kind::welcome, t.session, m.a});
      return follow(t);
    }
    case mail::kind::welcome: return follow(table.on_welcome(peer, m.b, m.a));
    case mail::kind::frame:
      if (!table.on_frame(peer, m.a, m.b)) {
        out.push_back({mail::kind::reset, m.a});
        return;
      }
      in_order = in_order && m.body > last;
      last = m.body;
      ++taken;
      return;
    case mail::kind::reset:
      if (table.on_reset(peer, m.a)) {
        linked = false;
        say_hello();
      }
      return;
    }
  }
};

struct pair_of_sides {
  side left{1, 2};
  side right{2, 1};

  void settle() {
    for (int n = 0; !left.out.empty() || !right.out.empty(); ++n) {
      CAF_REQUIRE(n < 100'000);
      step(left, right);
      step(right, left);
    }
  }

  static bool step(side& from, side& to) {
    if (from.out.empty())
      return false;
    auto m = from.out.front();
    from.out.pop_front();
    to.take(m);
    return true;
  }

  /// Frames of both arrive now.
  bool works() {
    auto l = left.taken, r = right.taken;
    for (int i = 0; i < 3; ++i) {
      left.send_frame();
      right.send_frame();
    }
    settle();
    return left.taken == l + 3 && right.taken == r + 3;
  }
};

} // namespace

CAF_TEST(a hello and a welcome make a link on which frames count) {
  pair_of_sides p;
  p.left.say_hello();
  p.settle();
  CAF_CHECK(p.left.linked && p.right.linked);
  CAF_CHECK(p.works());
}

CAF_TEST(hellos that cross make one link in every order of arrival) {
  // Bit n says which side's mail is taken at step n.
  for (unsigned order = 0; order < 256; ++order) {
    pair_of_sides p;
    p.left.say_hello();
    p.right.say_hello();
    for (unsigned bits = order, n = 0; n < 8; ++n, bits >>= 1)
      (bits & 1) ? pair_of_sides::step(p.left, p.right) : pair_of_sides::step(p.right, p.left);
    p.settle();
    CAF_CHECK(p.left.linked && p.right.linked);
    CAF_CHECK(p.works());
    CAF_CHECK_EQUAL(p.left.taken + p.right.taken, 6);
  }
}

CAF_TEST(a missing frame resets the link and the next one works) {
  pair_of_sides p;
  p.left.say_hello();
  p.settle();
  p.left.send_frame();
  p.left.out.clear(); // lost on the way
  p.left.send_frame();
  p.left.send_frame();
  p.settle();
  CAF_CHECK_EQUAL(p.right.taken, 0);
  CAF_CHECK(p.left.linked && p.right.linked);
  CAF_CHECK(p.works());
}

CAF_TEST(frames for a link that only one side has bring it back) {
  pair_of_sides p;
  p.left.say_hello();
  p.settle();
  CAF_CHECK(p.right.table.on_gone(1));
  CAF_CHECK(!p.right.table.on_gone(1));
  p.right.linked = false;
  p.left.send_frame();
  p.settle();
  CAF_CHECK(p.left.linked && p.right.linked);
  CAF_CHECK(p.works());
}

CAF_TEST(a second hello voids the link that stood) {
  link_table t;
  CAF_CHECK(t.on_hello(7, 1).connected);
  auto again = t.on_hello(7, 2);
  CAF_CHECK(again.lost && again.connected);
  CAF_CHECK(!t.on_frame(7, 1, 1));
  CAF_CHECK(t.on_frame(7, 2, 1));
  auto old = t.on_hello(7, 1);
  CAF_CHECK(!old.lost && !old.connected);
  CAF_CHECK_EQUAL(old.session, again.session);
}

CAF_TEST(a reset of an earlier session changes nothing) {
  link_table t;
  auto first = t.on_hello(7, 1).session;
  auto second = t.on_hello(7, 2).session;
  CAF_CHECK(!t.on_reset(7, first));
  CAF_CHECK(t.stands(7));
  CAF_CHECK(t.on_reset(7, second));
  CAF_CHECK(!t.stands(7));
}

CAF_TEST(whatever is lost on the way the sides agree in the end and no frame overtakes another) {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    std::mt19937 dice{seed};
    auto one_in = [&](unsigned n) { return dice() % n == 0; };
    pair_of_sides p;
    for (int i = 0; i < 200; ++i) {
      auto& s = one_in(2) ? p.left : p.right;
      auto& other = &s == &p.left ? p.right : p.left;
      switch (dice() % 8) {
      case 0:
        if (one_in(4))
          s.say_hello();
        break;
      case 1: // the connection is lost; either side may notice, now or never
        if (one_in(10)) {
          s.out.clear();
          if (one_in(2) && s.table.on_gone(s.peer))
            s.linked = false;
        }
        break;
      case 2:
      case 3: s.send_frame(); break;
      default: pair_of_sides::step(s, other); break;
      }
    }
    // What the door adds: an address that is kept is dialled while there is no link.
    for (int i = 0; i < 4; ++i) {
      if (!p.left.linked)
        p.left.say_hello();
      p.left.send_frame();
      p.right.send_frame();
      p.settle();
    }
    CAF_MESSAGE("seed " << seed);
    CAF_REQUIRE(p.left.linked && p.right.linked);
    CAF_REQUIRE(p.works());
    CAF_REQUIRE(p.left.in_order && p.right.in_order);
  }
}
