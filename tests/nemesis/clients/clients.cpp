// What pushers and consumers do, over and over.
#include "tests/nemesis/clients/clients.hpp"

#include "tests/nemesis/clients/client.hpp"

#include <chrono>
#include <fmt/format.h>

namespace lmq::nemesis {

namespace {

constexpr seconds pause_after_refusal{0.01};
constexpr const char* short_wait = "0.05";
constexpr const char* long_wait = "2";
constexpr unsigned one_in_waits = 16;
constexpr unsigned one_in_regex = 4;
constexpr unsigned settle_tries_max = 5;
// A node that stands still must not hold all consumers up.
constexpr seconds settle_patience{2.0};

void pause(seconds time) {
  std::this_thread::sleep_for(time);
}

/// Pushes to one queue, so that each queue's service is watched all the time.
void push_on(world& shared, client& self, const habits& how, std::size_t queue,
             const std::atomic<bool>& go_on) {
  while (go_on) {
    auto which = shared.book.begin_push(queue);
    auto by_regex = self.below(one_in_regex) == 0;
    auto target = by_regex ? fmt::format("/messages?qre=%5E{}%24", shared.queues[queue])
                           : fmt::format("/messages/{}", shared.queues[queue]);
    auto node = self.choose();
    auto body_bytes = how.body_bytes_min + self.below(how.body_bytes_max - how.body_bytes_min + 1);
    auto answer = self.ask(node, "push", "POST", target, body_of(which, body_bytes));
    if (answer && answer->status == 200 && answer->body != "{}") {
      shared.book.pushed(which, node, now());
      shared.times.pushed(queue, now());
      pause(how.pause_between_pushes);
      continue;
    }
    if (answer && answer->status == 200)
      shared.times.trouble("push_matched_no_queue");
    shared.book.maybe_pushed(which);
    pause(pause_after_refusal);
  }
}

/// Settles what came through `node`, half of the time through another one; asks again when there is no
/// answer. Some of it is left, and comes again when the lease has run out.
void settle(world& shared, client& self, const habits& how, std::size_t node,
            const std::vector<number>& parts, const std::string& lease_path) {
  auto nack = self.below(how.one_in_nacks) == 0;
  auto left = how.one_in_left != 0 && self.below(how.one_in_left) == 0;
  auto target = lease_path + (nack ? "?reply=nack" : "?reply=ack");
  auto through = self.below(2) == 0 ? node : self.choose_beside(node);
  auto each = [&](auto what) {
    for (auto which : parts)
      what(which);
  };
  if (nack || left) // they may come again before the answer does
    each([&](number which) { shared.book.given_back(which); });
  if (left)
    return;
  testing::stopwatch asking;
  auto may_be_done = false; // by a try that had no answer
  for (unsigned tried = 1;; ++tried) {
    auto answer = self.ask(through, nack ? "nack" : "ack", "POST", target, {}, settle_patience);
    auto at = now();
    each([&](number which) {
      shared.book.settle_answered(which, nack ? "nack" : "ack", answer ? answer->status : 0, through, at);
    });
    if (nack && answer)
      return;
    if (answer && answer->status == 204)
      return each([&](number which) { shared.book.acked(which, through, at); });
    if (answer && answer->status == 404 && !may_be_done) // the lease is gone and the message is not
      return nack ? void() : each([&](number which) { shared.book.refused(which); });
    may_be_done = may_be_done || answer || self.may_have_arrived();
    auto enough = how.insists == seconds{0} ? tried == settle_tries_max : asking.elapsed() > how.insists;
    if ((answer && answer->status == 404) || enough)
      return nack || !may_be_done ? void() : each([&](number which) { shared.book.maybe_acked(which); });
    if (how.insists != seconds{0})
      pause(pause_after_refusal);
    through = self.choose_beside(through);
  }
}

void consume(world& shared, client& self, const habits& how, std::size_t queue,
             const std::atomic<bool>& go_on) {
  while (go_on) {
    auto node = self.choose();
    auto wait = self.below(one_in_waits) == 0 ? long_wait : short_wait;
    auto by_regex = self.below(one_in_regex) == 0;
    auto target = by_regex ? fmt::format("/messages?qre=%5Enemesis-&t={}", wait)
                           : fmt::format("/messages/{}?t={}", shared.queues[queue], wait);
    auto asked_at = now();
    auto answer = self.ask(node, "pull", "GET", target);
    auto answered_at = now();
    if (!answer || answer->status != 200) {
      queue = (queue + 1) % shared.queues.size();
      if (!answer || answer->status != 204)
        pause(pause_after_refusal);
      continue;
    }
    auto from = answer->header("x-lmq-queue-name").value_or("");
    auto lease = answer->header("x-lmq-message-id").value_or("");
    auto retries = answer->header("x-lmq-retry-remaining").value_or("");
    auto parts = numbers_in(answer->body);
    if (parts.empty())
      shared.times.trouble("pull_of_something_else");
    for (auto which : parts)
      shared.book.delivered(which, {asked_at, answered_at, node, retries});
    for (std::size_t i = 0; i < shared.queues.size(); ++i)
      if (shared.queues[i] == from)
        shared.times.delivered(i, answered_at);
    settle(shared, self, how, node, parts, fmt::format("/messages/{}/{}", from, lease));
  }
}

} // namespace

world::world(const network& net, std::size_t nodes, std::size_t queue_count)
    : where(net), times(queue_count), known_nodes(nodes) {
  for (std::size_t i = 0; i < queue_count; ++i)
    queues.push_back(fmt::format("nemesis-{}", i));
}

clients::clients(world& shared, const client_options& wanted) {
  std::size_t nodes = shared.known_nodes;
  // Each queue has a pusher at each node, when there are enough of them; with a node more, some go there.
  for (std::size_t i = 0; i < wanted.pushers; ++i)
    pushers_.emplace_back([this, &shared, i, nodes, how = wanted.how, seed = wanted.seed] {
      auto queue = i % shared.queues.size();
      client self{shared, i / shared.queues.size() + nodes * queue, seed * 1000 + i};
      push_on(shared, self, how, queue, pushing_);
    });
  for (std::size_t i = 0; i < wanted.consumers; ++i)
    consumers_.emplace_back([this, &shared, i, how = wanted.how, seed = wanted.seed] {
      client self{shared, i, seed * 1000 + 500 + i};
      consume(shared, self, how, i % shared.queues.size(), consuming_);
    });
}

clients::~clients() {
  stop_pushing();
  stop_consuming();
}

void clients::stop_pushing() {
  pushing_ = false;
  for (auto& thread : pushers_)
    if (thread.joinable())
      thread.join();
}

void clients::stop_consuming() {
  consuming_ = false;
  for (auto& thread : consumers_)
    if (thread.joinable())
      thread.join();
}

} // namespace lmq::nemesis
