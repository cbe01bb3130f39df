// Book-keeping of the soak.
#include "tests/bench/modes/soak_ledger.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace lmq::bench {

namespace {

constexpr std::size_t contradictions_kept = 10;
constexpr std::string_view mark = "soak-body:";
constexpr std::size_t digits = 10;

} // namespace

sequence soak_ledger::begin_push() {
  entries_.emplace_back();
  return static_cast<sequence>(entries_.size() - 1);
}

void soak_ledger::contradict(sequence number, std::string_view what) {
  ++contradiction_count_;
  if (contradictions_.size() < contradictions_kept)
    contradictions_.push_back(fmt::format("message {} {}", number, what));
}

soak_ledger::entry* soak_ledger::known(sequence number, std::string_view what) {
  if (number < entries_.size())
    return &entries_[number];
  contradict(number, fmt::format("was never sent, but was {}", what));
  return nullptr;
}

void soak_ledger::pushed(sequence number) {
  entries_[number].answered = true;
  ++pushes_;
}

void soak_ledger::maybe_pushed(sequence number) {
  entries_[number].push_uncertain = true;
}

void soak_ledger::refused(sequence number) {
  entries_[number].refused = true;
}

void soak_ledger::delivered(sequence number) {
  ++deliveries_;
  const auto* found = known(number, "delivered");
  if (found != nullptr && found->acked)
    contradict(number, "was delivered after its ack");
  if (found != nullptr && found->refused)
    contradict(number, "was refused, but delivered");
}

void soak_ledger::acked(sequence number) {
  ++acks_;
  auto* found = known(number, "acknowledged");
  if (found == nullptr)
    return;
  if (found->acked)
    contradict(number, "was acknowledged twice");
  found->acked = true;
}

void soak_ledger::maybe_acked(sequence number) {
  if (auto* found = known(number, "perhaps acknowledged"))
    found->ack_uncertain = true;
}

std::uint64_t soak_ledger::outstanding() const {
  return static_cast<std::uint64_t>(std::ranges::count_if(
    entries_, [](const entry& e) { return e.answered && !e.acked && !e.ack_uncertain; }));
}

std::uint64_t soak_ledger::uncertain() const {
  return static_cast<std::uint64_t>(std::ranges::count_if(
    entries_, [](const entry& e) { return (e.push_uncertain || e.ack_uncertain) && !e.acked; }));
}

std::uint64_t soak_ledger::acked_pushes() const {
  return static_cast<std::uint64_t>(
    std::ranges::count_if(entries_, [](const entry& e) { return e.answered && e.acked; }));
}

std::string numbered_body(sequence number, std::size_t bytes) {
  auto body = fmt::format("{}{:0{}}", mark, number, digits);
  body.resize(std::max(bytes, body.size()), 'x');
  return body;
}

void find_numbers(std::string_view bytes, std::vector<sequence>& out) {
  out.clear();
  for (auto at = bytes.find(mark); at != std::string_view::npos; at = bytes.find(mark, at)) {
    at += mark.size();
    if (bytes.size() - at < digits)
      return;
    sequence number = 0;
    std::from_chars(bytes.data() + at, bytes.data() + at + digits, number);
    out.push_back(number);
  }
}

} // namespace lmq::bench
