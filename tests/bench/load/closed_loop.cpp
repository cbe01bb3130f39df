// The closed loop over epoll. Nothing is allocated for a request.
#include "tests/bench/load/closed_loop.hpp"

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/poller.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <vector>

namespace lmq::bench {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds ending_time_max{5000};
constexpr milliseconds hang_up_after{5};
// A server that keeps closing would otherwise be hammered with connects.
constexpr std::uint64_t lost_connections_max = 10'000;

struct session {
  connection link;
  std::unique_ptr<dialogue> says;
  clock::time_point unit_began;
  std::uint32_t generation = 0; // tells a planned hang-up that the connection it meant is gone
  bool between_units = true;
  bool active = false;
  bool hanging_up = false;
  bool watches_writes = false;
};

struct hang_up_plan {
  clock::time_point due;
  std::size_t number;
  std::uint32_t generation;
};

enum class phase { warming_up, measuring, ending };

class closed_loop {
public:
  closed_loop(const loop_plan& plan, const dialogue_factory& make)
      : plan_{plan}, sessions_(plan.connections) {
    for (unsigned i = 0; i < plan.connections; ++i)
      sessions_[i].says = make(i);
  }

  loop_result run();

private:
  void open(std::size_t number);
  void begin_request(std::size_t number, clock::time_point now);
  void on_event(std::size_t number, std::uint32_t events);
  void on_received(std::size_t number);
  void lose(std::size_t number, bool is_error);
  void end(session& s);
  void hang_up_those_due(clock::time_point now);
  void advance_phase(clock::time_point now);
  void begin_measuring(clock::time_point now);
  void end_measuring(clock::time_point now);

  const loop_plan& plan_;
  std::vector<session> sessions_;
  poller poller_;
  std::deque<hang_up_plan> hang_ups_; // all wait equally long, so the first is due first
  loop_result result_;
  phase phase_ = phase::warming_up;
  clock::time_point deadline_;
  clock::time_point measuring_since_;
  clock::time_point next_tick_;
  std::uint64_t units_begun_ = 0;
  std::uint64_t lost_ = 0;
  std::size_t active_ = 0;
  double server_cpu_at_start_ = 0;
  double client_cpu_at_start_ = 0;
};

void closed_loop::open(std::size_t number) {
  auto& s = sessions_[number];
  s.link = connection::try_open(plan_.server);
  if (!s.link.is_open())
    throw std::runtime_error{"can't connect to " + plan_.server.text()};
  ++s.generation;
  s.between_units = true;
  s.hanging_up = false;
  s.watches_writes = false;
  poller_.add(s.link.fd(), number);
  if (!s.active) {
    s.active = true;
    ++active_;
  }
}

void closed_loop::end(session& s) {
  s.link.close();
  if (s.active) {
    s.active = false;
    --active_;
  }
}

void closed_loop::begin_request(std::size_t number, clock::time_point now) {
  auto& s = sessions_[number];
  if (s.between_units) {
    if (phase_ == phase::ending || units_begun_ >= plan_.units_max)
      return end(s);
    ++units_begun_;
    s.unit_began = now;
    s.between_units = false;
  }
  const auto what = s.says->next();
  if (!s.link.send(what.bytes))
    return lose(number, true);
  if (what.then == after_sending::hang_up) {
    s.hanging_up = true;
    hang_ups_.push_back({now + hang_up_after, number, s.generation});
  }
  if (s.link.wants_to_write() && !s.watches_writes) {
    poller_.change(s.link.fd(), number, poller::interest::read_and_write);
    s.watches_writes = true;
  }
}

void closed_loop::lose(std::size_t number, bool is_error) {
  auto& s = sessions_[number];
  s.says->lost();
  if (is_error) {
    ++result_.errors;
    if (++lost_ > lost_connections_max)
      throw std::runtime_error{plan_.server.text() + " closes connection after connection"};
  }
  s.link.reset();
  if (phase_ == phase::ending)
    return end(s);
  open(number);
  begin_request(number, clock::now());
}

void closed_loop::hang_up_those_due(clock::time_point now) {
  while (!hang_ups_.empty() && hang_ups_.front().due <= now) {
    const auto due = hang_ups_.front();
    hang_ups_.pop_front();
    const auto& s = sessions_[due.number];
    if (s.active && s.hanging_up && s.generation == due.generation)
      lose(due.number, false);
  }
}

void closed_loop::on_event(std::size_t number, std::uint32_t events) {
  auto& s = sessions_[number];
  if (!s.active)
    return;
  if ((events & EPOLLOUT) != 0) {
    if (!s.link.flush())
      return lose(number, !s.hanging_up);
    if (!s.link.wants_to_write()) {
      poller_.change(s.link.fd(), number, poller::interest::read);
      s.watches_writes = false;
    }
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
    return;
  switch (s.link.receive()) {
  case connection::got::nothing: return;
  case connection::got::closed: return lose(number, !s.hanging_up);
  case connection::got::bytes:
    if (s.hanging_up)
      return s.link.consume(s.link.received().size());
    return on_received(number);
  }
}

void closed_loop::on_received(std::size_t number) {
  auto& s = sessions_[number];
  const auto [what, bytes] = s.says->take(s.link.received());
  if (what == step::incomplete)
    return;
  const auto now = clock::now();
  s.link.consume(bytes);
  if (phase_ == phase::measuring && what != step::exhausted)
    ++result_.requests;
  switch (what) {
  case step::incomplete:
  case step::next: break;
  case step::unit_done:
    // A unit that began in the warm-up counts for neither.
    if (phase_ == phase::measuring && s.unit_began >= measuring_since_) {
      ++result_.units;
      const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(now - s.unit_began);
      result_.latency.record(static_cast<std::uint64_t>(took.count()));
    }
    s.between_units = true;
    break;
  case step::exhausted: return end(s);
  case step::failed:
    ++result_.errors;
    s.between_units = true;
    break;
  }
  begin_request(number, now);
}

void closed_loop::begin_measuring(clock::time_point now) {
  phase_ = phase::measuring;
  measuring_since_ = now;
  deadline_ = now + plan_.duration;
  server_cpu_at_start_ = cpu_seconds(plan_.server_pid);
  client_cpu_at_start_ = own_thread_cpu_seconds();
}

void closed_loop::end_measuring(clock::time_point now) {
  phase_ = phase::ending;
  deadline_ = now + ending_time_max;
  result_.seconds = std::chrono::duration<double>(now - measuring_since_).count();
  result_.server_cpu_seconds = cpu_seconds(plan_.server_pid) - server_cpu_at_start_;
  result_.client_cpu_seconds = own_thread_cpu_seconds() - client_cpu_at_start_;
}

void closed_loop::advance_phase(clock::time_point now) {
  if (now < deadline_)
    return;
  switch (phase_) {
  case phase::warming_up: return begin_measuring(now);
  case phase::measuring: return end_measuring(now);
  case phase::ending:
    for (auto& s : sessions_)
      if (s.active) {
        s.says->lost();
        ++result_.errors; // an answer that hasn't come in all that time
        ++result_.unanswered;
        end(s);
      }
  }
}

loop_result closed_loop::run() {
  for (std::size_t i = 0; i < sessions_.size(); ++i)
    open(i);
  auto now = clock::now();
  deadline_ = now + plan_.warm_up;
  next_tick_ = now + plan_.every;
  if (plan_.warm_up.count() == 0)
    begin_measuring(now);
  for (std::size_t i = 0; i < sessions_.size(); ++i)
    begin_request(i, clock::now());
  while (active_ > 0) {
    auto wake = deadline_;
    if (plan_.every.count() > 0)
      wake = std::min(wake, next_tick_);
    if (!hang_ups_.empty())
      wake = std::min(wake, hang_ups_.front().due);
    const auto left = std::chrono::ceil<milliseconds>(wake - now);
    for (const auto& event : poller_.wait(std::max(left, milliseconds{0})))
      on_event(static_cast<std::size_t>(event.data.u64), event.events);
    now = clock::now();
    hang_up_those_due(now);
    if (plan_.every.count() > 0 && now >= next_tick_) {
      next_tick_ = now + plan_.every;
      plan_.on_tick();
    }
    advance_phase(now);
  }
  if (phase_ == phase::measuring)
    end_measuring(clock::now());
  return std::move(result_);
}

} // namespace

loop_result run_closed_loop(const loop_plan& plan, const dialogue_factory& make) {
  return std::make_unique<closed_loop>(plan, make)->run();
}

} // namespace lmq::bench
