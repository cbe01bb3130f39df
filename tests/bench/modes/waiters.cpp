// Waiters: ten thousand pulls that wait on one queue.
#include "tests/bench/load/parked_waiters.hpp"
#include "tests/bench/modes/modes.hpp"
#include "tests/bench/modes/workloads.hpp"
#include "tests/bench/servers/http_control.hpp"
#include "tests/bench/servers/process_figures.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace lmq::bench {

namespace {

using std::chrono::milliseconds;

constexpr auto queue = "bench-waiters";
constexpr unsigned spare_descriptors = 100;
// Long enough for a second, wrong answer to arrive.
constexpr milliseconds nobody_else_within{1000};
constexpr milliseconds all_served_within{30'000};

void park(parked_waiters& waiters, const server& lmq, unsigned count) {
  const auto pull = http_request("GET", std::string{"/messages/"} + queue, lmq.at);
  for (unsigned i = 0; i < count; ++i)
    waiters.add(pull);
  if (lmq.pid != 0)
    wait_until_quiet(lmq.pid);
  else
    waiters.collect(1, nobody_else_within, [](std::size_t, const http_answer&) {});
}

bool push_one(const server& lmq, const options& wanted) {
  const auto answer = ask(lmq.at, "POST", std::string{"/messages/"} + queue, body_of(wanted.body_bytes));
  return answer && answer->status == 200;
}

} // namespace

void run_waiters(const options& wanted, report& out) {
  const auto files = raise_open_files_limit();
  auto count = wanted.waiters;
  if (files < count + spare_descriptors) {
    count = static_cast<unsigned>(files - std::min<std::uint64_t>(files - 2, spare_descriptors));
    out.say(fmt::format("the limit of open files is {}: only {} waiters", files, count));
  }
  const auto lmq = launch_lmq(wanted.lmq);
  const auto before = resident_bytes(lmq.pid);
  parked_waiters waiters{lmq.at};
  park(waiters, lmq, count);
  const auto parked = resident_bytes(lmq.pid);
  out.figure("waiters", count, "", "connections waiting in GET /messages/NAME");
  out.figure("before_mib", static_cast<double>(before) / (1 << 20), "MiB", "before");
  out.figure("parked_mib", static_cast<double>(parked) / (1 << 20), "MiB", "with all of them waiting");
  out.figure("kib_per_waiter", (static_cast<double>(parked) - static_cast<double>(before)) / 1024 / count,
             "KiB", "for each");

  std::vector<unsigned> answers(count, 0);
  std::size_t wrong = 0;
  const auto note = [&](std::size_t number, const http_answer& answer) {
    ++answers[number];
    if (answer.status != 200 || answer.body.size() != wanted.body_bytes)
      ++wrong;
  };
  const auto pushed = push_one(lmq, wanted);
  const auto got = waiters.collect(2, nobody_else_within, note);
  out.check("one push reaches exactly one of them, the one that came first",
            pushed && got == 1 && answers.front() == 1 && wrong == 0);

  auto plan = plan_for(wanted, lmq);
  plan.connections = std::min(plan.connections, count - 1);
  const auto since = std::chrono::steady_clock::now();
  const auto filled = fill(plan, queue, count - 1, wanted.body_bytes);
  const auto served = waiters.collect(count - 1, all_served_within, note);
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
  out.figure("served_seconds", took, "s", "until the others had theirs, too");
  out.check("each waiter got exactly one message",
            filled.errors == 0 && served == count - 1 && wrong == 0 && waiters.lost() == 0 &&
              std::ranges::all_of(answers, [](unsigned n) { return n == 1; }));

  waiters.close_all();
  delete_queue(lmq.at, queue);
  park(waiters, lmq, std::max(1U, count / 10));
  waiters.close_all();
  wait_until_quiet(lmq.pid);
  const auto stored = push_one(lmq, wanted);
  const auto pulled = ask(lmq.at, "GET", std::string{"/messages/"} + queue + "?t=0");
  out.check("waiters that went away cost no message", stored && pulled && pulled->status == 200);
  delete_queue(lmq.at, queue);
  out.figure("after_mib", static_cast<double>(resident_bytes(lmq.pid)) / (1 << 20), "MiB",
             "after all have gone");
}

} // namespace lmq::bench
