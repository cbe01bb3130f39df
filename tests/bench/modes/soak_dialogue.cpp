// The random walk of one soak connection.
#include "tests/bench/modes/soak_dialogue.hpp"

#include "tests/bench/load/http_answer.hpp"
#include "tests/bench/load/http_driver.hpp"

#include <array>
#include <fmt/format.h>

namespace lmq::bench {

namespace {

using clock = std::chrono::steady_clock;

enum class verb {
  push,          // to a plain queue
  push_by_regex, // to exactly one plain queue
  push_accum,    // to an accumulating one
  pull,          // t=0
  pull_waiting,  // t=0.05
  pull_compound,
  pull_by_regex,
  push_doomed, // to a queue that is deleted now and then; not in the ledger
  pull_doomed,
  delete_doomed,
  look,           // GET /stats or /properties
  vanish_in_push, // hang up in the middle of a body
  vanish_in_pull, // hang up while waiting, or with the answer unread
  ack,
  nack,
  ext,
};

struct choice {
  verb what;
  unsigned weight;
  const char* name;
};

constexpr std::array choices{
  choice{verb::push, 28, "push"},
  choice{verb::push_by_regex, 3, "push by regex"},
  choice{verb::push_accum, 6, "push to accumulate"},
  choice{verb::pull, 24, "pull"},
  choice{verb::pull_waiting, 8, "pull, waiting"},
  choice{verb::pull_compound, 4, "pull compound"},
  choice{verb::pull_by_regex, 10, "pull by regex"},
  choice{verb::push_doomed, 4, "push to doomed queue"},
  choice{verb::pull_doomed, 3, "pull from doomed queue"},
  choice{verb::delete_doomed, 2, "delete queue"},
  choice{verb::look, 2, "look"},
  choice{verb::vanish_in_push, 3, "vanish in push"},
  choice{verb::vanish_in_pull, 3, "vanish in pull"},
};

// Beyond this backlog connections only pull: a soak is about time, not about memory.
constexpr std::uint64_t backlog_max = 20'000;
constexpr std::size_t complaints_kept = 10;
constexpr auto all_counted_queues = "%5Esoak-(plain%7Cacc)-"; // ^soak-(plain|acc)-

bool answers_counted_push(verb v) noexcept {
  return v == verb::push || v == verb::push_by_regex || v == verb::push_accum;
}

class soak_dialogue final : public dialogue {
public:
  explicit soak_dialogue(std::shared_ptr<soak_world> world) : world_{std::move(world)} {}

  request next() override;
  taken take(std::string_view received) override;
  void lost() override;

private:
  std::uint64_t below(std::uint64_t bound) { return world_->random() % bound; }
  verb choose();
  std::string plain_queue() { return fmt::format("soak-plain-{}", below(soak_plain_queues)); }
  std::string doomed_queue() { return fmt::format("soak-doomed-{}", below(soak_doomed_queues)); }
  void set(std::string_view method, const std::string& target, std::string_view body = {}) {
    bytes_ = http_request(method, target, world_->server, body);
  }
  std::string new_body();
  void settle(std::string_view how);
  taken on_pulled(const http_answer& answer);
  taken on_settled(const http_answer& answer);
  taken on_unavailable(const http_answer& answer);
  taken finish(const http_answer& answer, bool as_expected);

  std::shared_ptr<soak_world> world_;
  verb doing_ = verb::look;
  bool settling_ = false; // the next request is about the lease in hand
  std::string bytes_;
  clock::time_point sent_at_;
  sequence number_ = 0;
  std::string lease_queue_;
  std::string lease_id_;
  clock::time_point
    asked_at_;                // when the lease in hand was asked for or extended; it can't have begun earlier
  bool lease_counts_ = false; // not of a doomed queue
  std::vector<sequence> lease_numbers_;
};

verb soak_dialogue::choose() {
  if (world_->draining)
    return verb::pull_by_regex;
  // acks lag behind pushes by what is stored; counting entries instead would cost more than the whole soak
  if (world_->ledger.pushes() > world_->ledger.acks() + backlog_max)
    return verb::pull_by_regex;
  unsigned sum = 0;
  for (const auto& c : choices)
    sum += c.weight;
  auto left = below(sum);
  for (const auto& c : choices) {
    if (left < c.weight) {
      ++world_->done[c.name];
      return c.what;
    }
    left -= c.weight;
  }
  return verb::pull;
}

std::string soak_dialogue::new_body() {
  number_ = world_->ledger.begin_push();
  // Mostly small, now and then large enough for several reads and writes.
  return numbered_body(number_, below(200) == 0 ? 200'000 : world_->body_bytes);
}

void soak_dialogue::settle(std::string_view how) {
  set("POST", fmt::format("/messages/{}/{}?reply={}", lease_queue_, lease_id_, how));
}

request soak_dialogue::next() {
  if (!settling_)
    doing_ = choose();
  auto then = after_sending::await_answer;
  switch (doing_) {
  case verb::push: set("POST", "/messages/" + plain_queue(), new_body()); break;
  case verb::push_by_regex:
    set("POST", fmt::format("/messages?qre=%5Esoak-plain-{}%24", below(soak_plain_queues)), new_body());
    break;
  case verb::push_accum: set("POST", "/messages/soak-acc-0", new_body()); break;
  case verb::pull: set("GET", "/messages/" + plain_queue() + "?t=0"); break;
  case verb::pull_waiting: set("GET", "/messages/" + plain_queue() + "?t=0.05"); break;
  case verb::pull_compound:
    set("GET", below(2) == 0 ? "/messages/soak-acc-0?t=0" : "/messages/soak-acc-0?t=0&cf=msgpack");
    break;
  case verb::pull_by_regex: set("GET", fmt::format("/messages?qre={}&t=0.05", all_counted_queues)); break;
  case verb::push_doomed: set("POST", "/messages/" + doomed_queue(), "doomed"); break;
  case verb::pull_doomed: set("GET", "/messages/" + doomed_queue() + "?t=0.05"); break;
  case verb::delete_doomed: set("DELETE", "/queues/" + doomed_queue()); break;
  case verb::look: set("GET", below(4) == 0 ? "/stats" : "/properties/" + plain_queue()); break;
  case verb::vanish_in_push:
    set("POST", "/messages/" + plain_queue(), "this body will never be whole");
    bytes_.resize(bytes_.size() - 10);
    then = after_sending::hang_up;
    break;
  case verb::vanish_in_pull:
    set("GET", below(2) == 0 ? "/messages/" + plain_queue()
                             : std::string{"/messages?t=60&qre="} + all_counted_queues);
    then = after_sending::hang_up;
    break;
  case verb::ack: settle("ack"); break;
  case verb::nack: settle("nack"); break;
  case verb::ext: settle("ext"); break;
  }
  sent_at_ = clock::now();
  if (!settling_)
    asked_at_ = sent_at_;
  return {bytes_, then};
}

taken soak_dialogue::finish(const http_answer& answer, bool as_expected) {
  settling_ = false;
  if (!as_expected && world_->complaints.size() < complaints_kept)
    world_->complaints.push_back(fmt::format("{} was answered with {} {}",
                                             bytes_.substr(0, bytes_.find("\r\n")), answer.status,
                                             answer.body.substr(0, 200)));
  return {as_expected ? step::unit_done : step::failed, answer.bytes};
}

taken soak_dialogue::on_pulled(const http_answer& answer) {
  if (answer.status == 204) {
    // What was forgotten or vanished with comes back when its lease ends: wait for that, too.
    if (world_->draining && clock::now() - world_->draining_since > soak_lease + std::chrono::seconds{1} &&
        world_->ledger.outstanding() == 0)
      return {step::exhausted, answer.bytes};
    return finish(answer, true);
  }
  if (answer.status != 200 || answer.queue_name.empty() || answer.message_id.empty())
    return finish(answer, false);
  lease_queue_.assign(answer.queue_name);
  lease_id_.assign(answer.message_id);
  lease_counts_ = doing_ != verb::pull_doomed;
  lease_numbers_.clear();
  if (lease_counts_) {
    find_numbers(answer.body, lease_numbers_);
    if (lease_numbers_.empty())
      return finish(answer, false);
    for (const auto number : lease_numbers_)
      world_->ledger.delivered(number);
  }
  const auto luck = world_->draining ? 0 : below(100);
  if (luck >= 97) {
    ++world_->done["lease forgotten"];
    return finish(answer, true);
  }
  settling_ = true;
  doing_ = luck < 80 ? verb::ack : luck < 90 ? verb::nack : verb::ext;
  return {step::next, answer.bytes};
}

taken soak_dialogue::on_settled(const http_answer& answer) {
  const auto unknown_is_right = !lease_counts_ || clock::now() - asked_at_ >= soak_lease;
  const auto as_expected = answer.status == 204 || (answer.status == 404 && unknown_is_right);
  if (answer.status == 404)
    ++world_->done["settled too late"];
  switch (doing_) {
  case verb::ext:
    ++world_->done["ext"];
    if (answer.status != 204)
      return finish(answer, as_expected);
    doing_ = verb::ack;
    return {step::next, answer.bytes};
  case verb::nack: ++world_->done["nack"]; return finish(answer, as_expected);
  default: // ack, the only other one
    ++world_->done["ack"];
    if (answer.status == 204)
      for (const auto number : lease_numbers_)
        world_->ledger.acked(number);
    return finish(answer, as_expected);
  }
}

// Of a server that fails on purpose. What a queue refuses is not done; of what a connection says with its
// last word, or fan_out, nobody knows.
taken soak_dialogue::on_unavailable(const http_answer& answer) {
  ++world_->done["503"];
  if (answer.closes) {
    lost();
  } else if (doing_ == verb::push_by_regex) {
    world_->ledger.maybe_pushed(number_);
  } else if (answers_counted_push(doing_)) {
    world_->ledger.refused(number_);
  }
  return finish(answer, true);
}

taken soak_dialogue::take(std::string_view received) {
  const auto answer = parse_http_answer(received);
  if (answer.is == http_answer::state::incomplete)
    return {};
  if (auto took = clock::now() - sent_at_; took > soak_hung_after)
    world_->hung.push_back(
      fmt::format("{} took {} ms and was answered with {} {}", bytes_.substr(0, bytes_.find("\r\n")),
                  took / std::chrono::milliseconds{1}, answer.status, answer.body.substr(0, 200)));
  if (answer.is == http_answer::state::malformed) {
    lost(); // what it did to the message is as unknown as after a lost connection
    return {step::failed, received.size()};
  }
  if (answer.status == 503 && world_->faults)
    return on_unavailable(answer);
  switch (doing_) {
  case verb::push:
  case verb::push_accum:
  case verb::push_by_regex: {
    const auto stored = answer.status == 200 && answer.body != "{}";
    stored ? world_->ledger.pushed(number_) : world_->ledger.refused(number_);
    return finish(answer, stored);
  }
  case verb::pull:
  case verb::pull_waiting:
  case verb::pull_compound:
  case verb::pull_by_regex:
  case verb::pull_doomed: return on_pulled(answer);
  case verb::push_doomed:
  case verb::look: return finish(answer, answer.status == 200);
  case verb::delete_doomed: return finish(answer, answer.status == 204 || answer.status == 404);
  case verb::ack:
  case verb::nack:
  case verb::ext: return on_settled(answer);
  case verb::vanish_in_push:
  case verb::vanish_in_pull: break; // hung up; the loop doesn't read
  }
  return finish(answer, false);
}

void soak_dialogue::lost() {
  if (answers_counted_push(doing_))
    world_->ledger.maybe_pushed(number_);
  if (doing_ == verb::ack)
    for (const auto number : lease_numbers_)
      world_->ledger.maybe_acked(number);
  settling_ = false;
  doing_ = verb::look;
}

} // namespace

std::unique_ptr<dialogue> make_soak_dialogue(std::shared_ptr<soak_world> world) {
  return std::make_unique<soak_dialogue>(std::move(world));
}

} // namespace lmq::bench
