// What StatsD and InfluxDB are sent, to the letter.
#define CAF_SUITE datagrams

#include "metrics/datagrams.hpp"
#include "metrics/udp_sender.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <sys/socket.h>
#include <unistd.h>

using namespace lmq;
using namespace lmq::metrics;

namespace {

queue_change busy(std::string name) {
  return {std::make_shared<const std::string>(std::move(name)), 37, 4, 0.25, 33, 4096};
}

queue_change quiet(std::string name) {
  return {std::make_shared<const std::string>(std::move(name)), 0, 0, 0, 2, 128};
}

} // namespace

CAF_TEST(statsd gets counters a sampled timer and gauges) {
  auto all = statsd_datagrams({busy("Q/N"), quiet("idle")});
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK_EQUAL(all[0], std::string{"lmq.Q/N.push:37|c\nlmq.Q/N.pull:4|c\n"
                                      "lmq.Q/N.retention:0.250000|ms|@0.25\n"
                                      "lmq.Q/N.size:33|g\nlmq.Q/N.memory:4096|g\n"
                                      "lmq.idle.size:2|g\nlmq.idle.memory:128|g"});
}

CAF_TEST(influxdb gets rates and stats with the queue as a tag) {
  auto all = influxdb_datagrams({busy("a b,c=d"), quiet("idle")}, std::chrono::seconds{7});
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK_EQUAL(
    all[0], std::string{"rate,queue=a\\ b\\,c\\=d,action=push count=37i 7000000000\n"
                        "rate,queue=a\\ b\\,c\\=d,action=pull count=4i 7000000000\n"
                        "stats,queue=a\\ b\\,c\\=d size=33i,memory=4096i,retention=0.250000 7000000000\n"
                        "stats,queue=idle size=2i,memory=128i 7000000000"});
}

CAF_TEST(what would break a line is replaced) {
  auto name = std::string{"a:b|c@d e\xff"};
  CAF_CHECK(statsd_datagrams({quiet(name)})[0].starts_with("lmq.a_b_c_d_e\xef\xbf\xbd"
                                                           "ff.size:2|g\n"));
  CAF_CHECK(
    influxdb_datagrams({quiet("end\\")}, std::chrono::seconds{0})[0].starts_with("stats,queue=end_ "));
}

CAF_TEST(lines are packed into datagrams that fit and none is cut) {
  std::vector<queue_change> many;
  for (int i = 0; i < 500; ++i)
    many.push_back(busy("queue-" + std::to_string(i)));
  std::size_t lines = 0;
  auto all = statsd_datagrams(many);
  for (const auto& one : all) {
    CAF_CHECK(one.size() <= datagram_bytes_max);
    CAF_CHECK(one.starts_with("lmq.queue-"));
    lines += static_cast<std::size_t>(std::count(one.begin(), one.end(), '\n')) + 1;
  }
  CAF_CHECK_EQUAL(lines, 2500u);
  CAF_CHECK(all.size() < 100u);
}

CAF_TEST(a sender sends to a name and says why it can not ) {
  int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  CAF_REQUIRE_EQUAL(::bind(socket, reinterpret_cast<sockaddr*>(&here), size), 0);
  CAF_REQUIRE_EQUAL(::getsockname(socket, reinterpret_cast<sockaddr*>(&here), &size), 0);
  udp_sender sender{{"127.0.0.1", ntohs(here.sin_port)}};
  CAF_CHECK_EQUAL(sender.send({"one", "two"}), std::string{});
  for (std::string_view wanted : {"one", "two"}) {
    std::array<char, 100> bytes{};
    auto n = ::recv(socket, bytes.data(), bytes.size(), 0);
    CAF_REQUIRE_EQUAL(n, 3);
    CAF_CHECK_EQUAL((std::string{bytes.data(), 3}), std::string{wanted});
  }
  ::close(socket);
  // Nobody listens now: that is no failure, somebody may soon.
  CAF_CHECK_EQUAL(sender.send({"three"}), std::string{});
  CAF_CHECK_EQUAL(sender.send({"four"}), std::string{});
  CAF_CHECK(!udp_sender({"no.such.host.invalid", 1}).send({"x"}).empty());
}
