// Bad behaviour, in ticks of five milliseconds. A connection lives for a second at most, held ones as long as
// the server lets them.
#include "tests/bench/load/attacker.hpp"

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/http_answer.hpp"
#include "tests/bench/load/interrupt.hpp"
#include "tests/bench/load/poller.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <stop_token>
#include <string>
#include <sys/resource.h>
#include <unordered_map>

namespace lmq::bench {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds tick{5};
constexpr milliseconds patience{1000};
constexpr milliseconds vanish_after{20};
constexpr milliseconds a_byte_every{1000};
constexpr std::size_t big_bytes = 64 * 1024;

struct victim_link {
  connection link;
  clock::time_point opened;
  clock::time_point next_byte;
  std::size_t sent = 0;
};

class campaign {
public:
  campaign(const attack_plan& plan, attack_result& result)
      : plan_{plan}, result_{result}, random_{plan.seed} {}

  void run(const std::stop_token& stop);

private:
  bool holds() const noexcept { return plan_.kind == attack::dribble || plan_.kind == attack::silent; }
  milliseconds lifetime() const noexcept { return plan_.kind == attack::vanish ? vanish_after : patience; }
  std::string payload();
  void open(clock::time_point now);
  void on_event(std::uint64_t number);
  void dribble(victim_link& victim, clock::time_point now);
  void work_on_links(clock::time_point now);

  const attack_plan& plan_;
  attack_result& result_;
  std::mt19937_64 random_;
  poller poller_;
  std::unordered_map<std::uint64_t, victim_link> links_;
  std::uint64_t next_number_ = 0;
};

std::string campaign::payload() {
  const auto host = "host: " + plan_.server.text() + "\r\n";
  switch (plan_.kind) {
  case attack::junk: {
    std::string bytes(512 + random_() % 3584, '\0');
    for (auto& b : bytes)
      b = static_cast<char>(random_());
    return (random_() % 2 == 0 ? "POST /messages/hostile HTTP/1.1\r\n" : "") + bytes;
  }
  case attack::vanish:
    return "POST /messages/hostile HTTP/1.1\r\n" + host + "content-length: 100\r\n\r\nonly the beginning";
  case attack::big_body:
    return "POST /messages/hostile HTTP/1.1\r\n" + host + "content-length: 10737418240\r\n\r\n" +
           std::string(big_bytes, 'b');
  case attack::big_header: return "GET /stats HTTP/1.1\r\n" + host + "x-big: " + std::string(big_bytes, 'h');
  case attack::dribble:
  case attack::silent: break;
  }
  return {};
}

void campaign::open(clock::time_point now) {
  auto socket = try_connect(plan_.server);
  if (!socket) {
    ++result_.not_opened;
    return;
  }
  ++result_.opened;
  const auto number = next_number_++;
  auto& victim = links_[number];
  victim.link = connection{std::move(socket)};
  victim.opened = now;
  // Spread over the interval, or all bytes would come in one burst.
  victim.next_byte = now + milliseconds{random_() % static_cast<std::uint64_t>(a_byte_every.count())};
  poller_.add(victim.link.fd(), number);
  if (const auto bytes = payload(); !bytes.empty() && !victim.link.send(bytes)) {
    ++result_.closed_by_server;
    links_.erase(number);
  }
}

void campaign::on_event(std::uint64_t number) {
  const auto found = links_.find(number);
  if (found == links_.end())
    return;
  auto& link = found->second.link;
  const auto got = link.receive();
  const auto answer = parse_http_answer(link.received());
  if (answer.is == http_answer::state::complete)
    ++result_.answers[answer.status];
  else if (got == connection::got::closed)
    ++result_.closed_by_server;
  else
    return;
  link.reset();
  links_.erase(found);
}

void campaign::dribble(victim_link& victim, clock::time_point now) {
  static constexpr std::string_view beginning = "POST /messages/hostile HTTP/1.1\r\nx-slow: ";
  if (now < victim.next_byte)
    return;
  victim.next_byte = now + a_byte_every;
  const char byte = victim.sent < beginning.size() ? beginning[victim.sent] : 's';
  ++victim.sent;
  victim.link.send({&byte, 1}); // that the server has closed is seen by its event
}

void campaign::work_on_links(clock::time_point now) {
  for (auto it = links_.begin(); it != links_.end();) {
    auto& victim = it->second;
    if (plan_.kind == attack::dribble) {
      dribble(victim, now);
    } else if (!holds()) {
      victim.link.flush();
      if (now - victim.opened >= lifetime()) {
        victim.link.reset();
        it = links_.erase(it);
        continue;
      }
    }
    ++it;
  }
}

void campaign::run(const std::stop_token& stop) {
  const auto began = clock::now();
  // Held connections are all there after the first second; later ones replace what the server closed.
  const auto rate = holds() ? std::max(plan_.rate, plan_.held) : plan_.rate;
  std::uint64_t tried = 0;
  while (!stop.stop_requested()) {
    for (const auto& event : poller_.wait(tick))
      on_event(event.data.u64);
    const auto now = clock::now();
    const auto allowed =
      static_cast<std::uint64_t>(std::chrono::duration<double>(now - began).count() * rate);
    for (; tried < allowed; ++tried)
      if (!holds() || links_.size() < plan_.held)
        open(now);
    work_on_links(now);
  }
  result_.cpu_seconds = own_thread_cpu_seconds();
}

} // namespace

attacker::attacker(const attack_plan& plan)
    : thread_{[this, plan](const std::stop_token& stop) {
        // The load and the server come first where cores are few: we measure them, not the scheduler.
        ::setpriority(PRIO_PROCESS, 0, 10); // on Linux: of this thread alone
        try {
          campaign{plan, result_}.run(stop);
        } catch (const interrupted&) {
          // The main thread sees it, too.
        }
      }} {}

attack_result attacker::stop() {
  thread_.request_stop();
  thread_.join();
  return std::move(result_);
}

} // namespace lmq::bench
