// Many: ten thousand queues and a thousand regex waiters. A push to a queue that exists must not pay for the
// waiters; a new queue is matched against each of them once.
#include "tests/bench/load/parked_waiters.hpp"
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace lmq::bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds delivered_within{5000};

std::uint64_t nanoseconds_since(clock::time_point since) {
  return static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - since).count());
}

// Pushes to each queue once in turn, whatever the number of connections.
class each_once final : public dialogue {
public:
  each_once(const std::vector<std::string>& requests, std::size_t& next) : requests_{requests}, next_{next} {}

  request next() override { return {requests_[next_++ % requests_.size()]}; }

  taken take(std::string_view received) override {
    const auto answer = parse_http_answer(received);
    if (answer.is == http_answer::state::incomplete)
      return {};
    return {answer.status == 200 ? step::unit_done : step::failed, answer.bytes};
  }

  void lost() override {}

private:
  const std::vector<std::string>& requests_;
  std::size_t& next_;
};

std::vector<std::string> pushes_to(const endpoint& at, const std::vector<std::string>& queues,
                                   std::size_t bytes) {
  const auto body = body_of(bytes);
  std::vector<std::string> requests;
  for (const auto& queue : queues)
    requests.push_back(http_request("POST", "/messages/" + queue, at, body));
  return requests;
}

loop_result push_each(const loop_plan& plan, const std::vector<std::string>& requests) {
  std::size_t next = 0;
  return run_closed_loop(plan, [&](unsigned) { return std::make_unique<each_once>(requests, next); });
}

// How long it takes to make so many new queues by pushing into them.
run_figures create(const loop_plan& plan, const server& lmq, const std::vector<std::string>& queues,
                   std::size_t bytes) {
  auto creating = plan;
  creating.warm_up = {};
  creating.duration = std::chrono::seconds{120};
  creating.units_max = queues.size();
  const auto result = push_each(creating, pushes_to(lmq.at, queues, bytes));
  return figures_of(result, resident_bytes(lmq.pid));
}

// Waiter i waits for queue wake-i alone; from the push to the waiter's answer, one after the other.
std::size_t wake_each(const server& lmq, parked_waiters& waiters, std::size_t bytes, histogram& took) {
  std::size_t right = 0;
  connection pusher{try_connect(lmq.at)};
  const auto requests = pushes_to(lmq.at, queue_names("wake", static_cast<unsigned>(waiters.size())), bytes);
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    const auto since = clock::now();
    if (!pusher.send(requests[i]))
      break;
    waiters.collect(1, delivered_within, [&](std::size_t number, const http_answer& answer) {
      took.record(nanoseconds_since(since));
      right += number == i && answer.status == 200 && answer.body.size() == bytes ? 1 : 0;
    });
    // The push's own answer is not awaited before the delivery, only taken off the socket.
    pusher.receive();
    pusher.consume(pusher.received().size());
  }
  return right;
}

/// Asks for all figures once a second, as Prometheus does (less often), until it goes.
class scraper {
public:
  explicit scraper(endpoint at) : thread_([this, at] { run(at); }) {}
  ~scraper() { finish(); }
  scraper(const scraper&) = delete;
  scraper& operator=(const scraper&) = delete;

  struct outcome {
    histogram took;
    std::uint64_t failed = 0;
    std::size_t bytes = 0; ///< of the last one
  };

  const outcome& finish() {
    {
      std::lock_guard lock{mutex_};
      ending_ = true;
    }
    ended_.notify_one();
    if (thread_.joinable())
      thread_.join();
    return outcome_;
  }

private:
  void run(const endpoint& at) {
    std::unique_lock lock{mutex_};
    do {
      lock.unlock();
      const auto since = clock::now();
      const auto answer = ask(at, "GET", "/metrics");
      outcome_.took.record(nanoseconds_since(since));
      if (answer && answer->status == 200)
        outcome_.bytes = answer->body.size();
      else
        ++outcome_.failed;
      lock.lock();
    } while (!ended_.wait_for(lock, std::chrono::seconds{1}, [&] { return ending_; }));
  }

  std::mutex mutex_; ///< guards `ending_`
  std::condition_variable ended_;
  bool ending_ = false;
  outcome outcome_;
  std::thread thread_;
};

} // namespace

void run_many(const options& wanted, report& out) {
  const auto lmq = launch_lmq(wanted.lmq);
  const auto plan = plan_for(wanted, lmq);
  const auto queues = queue_names("many", wanted.many_queues);
  const auto later_queues = queue_names("later", std::max(1U, wanted.many_queues / 10));
  const auto requests = pushes_to(lmq.at, queues, wanted.body_bytes);

  std::vector<std::pair<std::string, run_figures>> rows;
  rows.emplace_back("new queues", create(plan, lmq, queues, wanted.body_bytes));
  const auto push_over_all = [&] { return figures_of(push_each(plan, requests), resident_bytes(lmq.pid)); };
  rows.emplace_back("push", push_over_all());

  parked_waiters waiters{lmq.at};
  for (unsigned i = 0; i < wanted.regex_waiters; ++i)
    waiters.add(http_request("GET", fmt::format("/messages?qre=%5Ewake-{}%24", i), lmq.at));
  if (lmq.pid != 0)
    wait_until_quiet(lmq.pid);
  rows.emplace_back("push, waiters", push_over_all());
  scraper scrapes{lmq.at};
  rows.emplace_back("push, scraped", push_over_all());
  const auto scraped = scrapes.finish();
  rows.emplace_back("new, waiters", create(plan, lmq, later_queues, wanted.body_bytes));

  out.say(fmt::format("{} queues, {} regex waiters", wanted.many_queues, wanted.regex_waiters));
  out.table_head();
  std::uint64_t errors = 0;
  for (const auto& [name, figures] : rows) {
    out.table_row(name, "lmq", figures);
    out.data()["runs"].push_back({{"workload", name}, {"figures", to_json(figures)}});
    errors += figures.errors;
  }
  out.figure("push_p99_ratio", rows[2].second.p99_us / rows[1].second.p99_us, "ratio",
             "push p99 with the regex waiters / without");

  out.figure("scraped_p99_ratio", rows[3].second.p99_us / rows[2].second.p99_us, "ratio",
             "push p99 while GET /metrics is asked for once a second / before");
  out.figure("metrics_loaded_ms", static_cast<double>(scraped.took.percentile(0.5)) / 1e6, "ms",
             "GET /metrics meanwhile, p50");

  histogram took;
  const auto right = wake_each(lmq, waiters, wanted.body_bytes, took);
  out.figure("delivery_p50_us", static_cast<double>(took.percentile(0.5)) / 1000, "µs",
             "p50 from a push into a new queue to its regex waiter");
  out.figure("delivery_p99_us", static_cast<double>(took.percentile(0.99)) / 1000, "µs", "p99 of that");
  out.check("each regex waiter got the message of its own queue", right == wanted.regex_waiters);
  const auto since = clock::now();
  const auto stats = ask(lmq.at, "GET", "/stats");
  out.figure("stats_ms", static_cast<double>(nanoseconds_since(since)) / 1e6, "ms",
             "GET /stats with all the queues");
  const auto idle = scraper{lmq.at}.finish();
  out.figure(
    "metrics_ms", static_cast<double>(idle.took.percentile(0.5)) / 1e6, "ms",
    fmt::format("GET /metrics with all the queues, {:.1f} MB", static_cast<double>(idle.bytes) / 1e6));
  out.check("every answer was the one asked for",
            errors == 0 && stats && stats->status == 200 && scraped.failed + idle.failed == 0);
  if (!wanted.lmq.url.empty()) {
    delete_queues(lmq, queues);
    delete_queues(lmq, later_queues);
    delete_queues(lmq, queue_names("wake", wanted.regex_waiters));
  }
}

} // namespace lmq::bench
