// Links between nodes over plain TCP: frames, losses, new incarnations, and those who are refused.
#define CAF_SUITE transport

#include <caf/test/unit_test.hpp>

#include "tests/cluster/transport/log_lines.hpp"
#include "tests/cluster/transport/node_fixture.hpp"
#include "tests/cluster/transport/raw_client.hpp"

#include <random>
#include <vector>

using namespace lmq;
using namespace lmq::test;
using namespace std::chrono_literals;

namespace {

/// Frame `n` of a stream: anyone can tell what it must be.
std::string frame_of(std::uint64_t n) {
  std::minstd_rand dice{static_cast<std::minstd_rand::result_type>(n + 1)};
  // Most are small, some as long as frames get.
  auto size = dice() % 16 == 0 ? dice() % (256 * 1024) : dice() % 2000;
  std::string f(8 + size, static_cast<char>('a' + n % 26));
  for (int i = 0; i < 8; ++i)
    f[static_cast<std::size_t>(i)] = static_cast<char>(n >> (8 * i));
  return f;
}

/// Takes frames 0 … count - 1, in order.
bool takes_all(node& at, std::uint64_t count) {
  for (std::uint64_t n = 0; n < count; ++n) {
    auto got = at.hears().next<frame_received>();
    if (!got || got->frame != frame_of(n))
      return false;
  }
  return true;
}

struct linked_pair {
  node left{"left"};
  node right{"right"};
  link_connected to_right, to_left;

  linked_pair() {
    left.keep(right.port());
    to_right = left.hears().next<link_connected>().value();
    to_left = right.hears().next<link_connected>().value();
  }
};

} // namespace

CAF_TEST(both sides hear of a link and of who is there) {
  linked_pair p;
  CAF_CHECK_EQUAL(p.to_right.peer->name, "right");
  CAF_CHECK_EQUAL(p.to_right.peer->incarnation, p.right.options.incarnation);
  CAF_CHECK_EQUAL(p.to_right.peer->host, "127.0.0.1");
  CAF_CHECK_EQUAL(p.to_right.peer->port, p.right.port());
  CAF_CHECK_EQUAL(p.to_right.peer->version, 1);
  CAF_CHECK_EQUAL(p.to_left.peer->name, "left");
  CAF_CHECK_EQUAL(p.to_left.peer->incarnation, p.left.options.incarnation);
  CAF_CHECK_EQUAL(p.to_left.peer->port, p.left.port());
}

CAF_TEST(ten thousand frames of mixed size arrive in order both ways) {
  linked_pair p;
  constexpr std::uint64_t count = 10'000, window = 500;
  for (std::uint64_t done = 0; done < count; done += window) {
    for (auto n = done; n < done + window; ++n) {
      p.to_right.link.send(frame_of(n));
      p.to_left.link.send(frame_of(n));
    }
    for (auto n = done; n < done + window; ++n)
      for (auto* at : {&p.left, &p.right}) {
        auto got = at->hears().next<frame_received>();
        CAF_REQUIRE(got.has_value());
        CAF_REQUIRE(got->frame == frame_of(n));
      }
  }
}

CAF_TEST(two nodes that dial each other have one link) {
  node left{"left"}, right{"right"};
  left.keep(right.port());
  right.keep(left.port());
  auto to_right = left.hears().next<link_connected>();
  auto to_left = right.hears().next<link_connected>();
  CAF_REQUIRE(to_right && to_left);
  // It may be made anew while the two connections are sorted out; then it stands.
  for (bool settled = false; !settled;) {
    to_right->link.send("ping");
    auto got = right.hears().next<frame_received>(300ms);
    to_left->link.send("pong");
    auto back = left.hears().next<frame_received>(300ms);
    settled = got && back;
    if (auto again = settled ? std::nullopt : left.hears().next<link_connected>(1s))
      to_right = again;
    if (auto again = settled ? std::nullopt : right.hears().next<link_connected>(1s))
      to_left = again;
  }
  for (std::uint64_t n = 0; n < 100; ++n)
    to_right->link.send(frame_of(n));
  CAF_CHECK(takes_all(right, 100));
}

CAF_TEST(the end of a peer is a loss and then a refusal within 200 ms and its successor is linked again) {
  node left{"left"};
  std::optional<node> right{"right"};
  auto port = right->port();
  auto first = right->options.incarnation;
  left.keep(port);
  CAF_REQUIRE(left.hears().next<link_connected>().has_value());
  right.reset();
  auto gone = std::chrono::steady_clock::now();
  auto lost = left.hears().next<link_lost>();
  CAF_REQUIRE(lost.has_value());
  CAF_CHECK_EQUAL(lost->peer->incarnation, first);
  auto refused = left.hears().next<dial_failed>();
  CAF_REQUIRE(refused.has_value());
  CAF_CHECK(std::chrono::steady_clock::now() - gone < 200ms);
  CAF_CHECK(refused->refused);
  CAF_CHECK_EQUAL(refused->peer, "right");
  CAF_CHECK_EQUAL(refused->port, port);
  right.emplace("right", port);
  auto again = left.hears().next<link_connected>();
  CAF_REQUIRE(again.has_value());
  CAF_CHECK_EQUAL(again->peer->incarnation, right->options.incarnation);
  CAF_CHECK(again->peer->incarnation != first);
  again->link.send("hello again");
  CAF_CHECK(right->hears().next<frame_received>().value().frame == "hello again");
}

CAF_TEST(what is sent over a link that is lost vanishes) {
  node left{"left"};
  std::optional<node> right{"right"};
  left.keep(right->port());
  auto up = left.hears().next<link_connected>();
  CAF_REQUIRE(up.has_value());
  right.reset();
  CAF_REQUIRE(left.hears().next<link_lost>().has_value());
  up->link.send("into the void");
  CAF_CHECK(left.hears().next<dial_failed>().has_value());
}

CAF_TEST(three nodes have a link for each two) {
  node a{"a"}, b{"b"}, c{"c"};
  a.keep(b.port());
  auto ab = a.hears().next<link_connected>();
  b.keep(c.port());
  c.keep(a.port());
  auto ac = a.hears().next<link_connected>();
  CAF_REQUIRE(ab && ac);
  CAF_CHECK_EQUAL(ab->peer->name, "b");
  CAF_CHECK_EQUAL(ac->peer->name, "c");
  ab->link.send("to b");
  ac->link.send("to c");
  CAF_CHECK(b.hears().next<frame_received>().value().frame == "to b");
  CAF_CHECK(c.hears().next<frame_received>().value().frame == "to c");
}

CAF_TEST(versions that do not meet are refused and both sides say so) {
  log_lines log;
  auto newer = options_of("newer");
  newer.version_min = 3;
  newer.version_max = 4;
  auto older = options_of("older");
  older.version_max = 2;
  node left{newer}, right{older};
  left.keep(right.port());
  auto here = left.hears().next<peer_rejected>();
  auto there = right.hears().next<peer_rejected>();
  CAF_REQUIRE(here && there);
  CAF_CHECK_EQUAL(here->peer, "older");
  CAF_CHECK_EQUAL(there->peer, "newer");
  CAF_CHECK(here->why.find("versions 1 to 2") != std::string::npos);
  CAF_CHECK(there->why.find("versions 3 to 4") != std::string::npos);
  CAF_CHECK(log.wait_for("cluster.version_refused peer=older", "theirs=1-2 ours=3-4"));
  CAF_CHECK(log.wait_for("cluster.version_refused peer=newer", "theirs=3-4 ours=1-2"));
}

CAF_TEST(versions that overlap settle on the greatest that both speak) {
  auto newer = options_of("newer");
  newer.version_min = 2;
  newer.version_max = 5;
  auto older = options_of("older");
  older.version_max = 3;
  node left{newer}, right{older};
  left.keep(right.port());
  CAF_CHECK(left.hears().next<link_connected>().value().peer->version == 3);
  CAF_CHECK(right.hears().next<link_connected>().value().peer->version == 3);
}

CAF_TEST(a namesake is refused and both sides say so) {
  log_lines log;
  node left{"twin"}, right{"twin"};
  left.keep(right.port());
  auto here = left.hears().next<peer_rejected>();
  auto there = right.hears().next<peer_rejected>();
  CAF_REQUIRE(here && there);
  CAF_CHECK(here->why.find("both nodes are named twin") != std::string::npos);
  CAF_CHECK(there->why.find("both nodes are named twin") != std::string::npos);
  CAF_CHECK(log.wait_for("cluster.peer_refused peer=twin", "both nodes are named twin", 2));
}

CAF_TEST(a second node of a name is refused while the first is linked) {
  node left{"left"}, right{"right"}, other{"right"};
  left.keep(right.port());
  CAF_REQUIRE(left.hears().next<link_connected>().has_value());
  left.keep(other.port());
  auto here = left.hears().next<peer_rejected>();
  CAF_REQUIRE(here.has_value());
  CAF_CHECK_EQUAL(here->port, other.port());
  CAF_CHECK(here->why.find("another node named right") != std::string::npos);
}

CAF_TEST(the own address is found out and left alone) {
  node left{"left"};
  left.keep(left.port());
  auto rejected = left.hears().next<peer_rejected>();
  CAF_REQUIRE(rejected.has_value());
  CAF_CHECK_EQUAL(rejected->why, "that is this node itself");
}

CAF_TEST(an address at which nobody listens is refused at once and dialled until somebody does) {
  node left{"left"};
  std::uint16_t port = node{"right"}.port(); // closed again
  auto since = std::chrono::steady_clock::now();
  left.keep(port);
  auto refused = left.hears().next<dial_failed>();
  CAF_REQUIRE(refused.has_value());
  CAF_CHECK(std::chrono::steady_clock::now() - since < 200ms);
  CAF_CHECK(refused->refused);
  CAF_CHECK(refused->peer.empty());
  CAF_CHECK(left.hears().next<dial_failed>().has_value());
  node right{"right", port};
  CAF_CHECK(left.hears().next<link_connected>().has_value());
}

CAF_TEST(an address that swallows what comes holds up no other) {
  // Its queue is full, so the kernel answers nobody.
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor hole{context};
  hole.open(boost::asio::ip::tcp::v4());
  hole.bind({boost::asio::ip::make_address("127.0.0.1"), 0});
  hole.listen(0);
  raw_client in_the_queue{hole.local_endpoint().port()};
  node left{"left"}, right{"right"};
  left.keep(hole.local_endpoint().port());
  auto since = std::chrono::steady_clock::now();
  left.keep(right.port());
  CAF_REQUIRE(left.hears().next<link_connected>().has_value());
  CAF_CHECK(std::chrono::steady_clock::now() - since < transport_limits::dial_timeout);
  auto silent = left.hears().next<dial_failed>();
  CAF_REQUIRE(silent.has_value());
  CAF_CHECK(!silent->refused);
}

CAF_TEST(a port that takes connections and says nothing is given up) {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor mute{context, {boost::asio::ip::make_address("127.0.0.1"), 0}};
  node left{"left"};
  left.keep(mute.local_endpoint().port());
  auto failed = left.hears().next<dial_failed>();
  CAF_REQUIRE(failed.has_value());
  CAF_CHECK(!failed->refused);
  CAF_CHECK(failed->why.find("does not answer") != std::string::npos);
}

CAF_TEST(a forgotten address is dialled no more and its link stays) {
  linked_pair p;
  p.left.forget(p.right.port());
  p.to_right.link.send("still here");
  CAF_CHECK(p.right.hears().next<frame_received>().value().frame == "still here");
}

CAF_TEST(junk at the port is refused and the link goes on) {
  linked_pair p;
  std::mt19937 dice{1};
  for (int i = 0; i < 20; ++i) {
    raw_client stranger{p.right.port()};
    std::string junk(1 + dice() % 3000, '\0');
    for (auto& c : junk)
      c = static_cast<char>(dice());
    junk[0] = '\x7f'; // no kind of BASP message
    junk.resize(std::max<std::size_t>(junk.size(), 64));
    stranger.say(junk);
    CAF_CHECK(stranger.is_closed());
  }
  raw_client browser{p.right.port()};
  browser.say("GET /stats HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" + std::string(64, ' '));
  CAF_CHECK(browser.is_closed());
  raw_client silent{p.right.port()}, short_spoken{p.right.port()};
  short_spoken.say("x");
  p.to_right.link.send("after junk");
  CAF_CHECK(p.right.hears().next<frame_received>().value().frame == "after junk");
}

CAF_TEST(an address in use is an error that says so) {
  node left{"left"};
  try {
    node other{"other", left.port()};
    CAF_ERROR("two nodes listen at one port");
  } catch (const std::runtime_error& e) {
    CAF_CHECK(std::string{e.what()}.find("Address already in use") != std::string::npos);
  }
}

CAF_TEST(every node has an id of its own in CAF) {
  node left{"left"}, right{"right"};
  auto l = to_string(left.system().node()), r = to_string(right.system().node());
  // By itself CAF tells systems of one process apart by their last byte alone.
  CAF_CHECK(l.substr(0, 16) != r.substr(0, 16));
}
