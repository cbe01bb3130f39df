// Book-keeping of what clients were told.
#include "tests/nemesis/books/ledger.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace lmq::nemesis {

namespace {

constexpr std::size_t complaints_kept = 10;
constexpr seconds on_its_way_max{0.5};
constexpr std::string_view mark = "nemesis:";

const auto program_started = now();

} // namespace

double since_start(moment when) {
  return seconds{when - program_started}.count();
}

number ledger::begin_push(std::size_t queue) {
  std::lock_guard guard{mutex_};
  entries_.emplace_back().queue = queue;
  return static_cast<number>(entries_.size() - 1);
}

void ledger::pushed(number which, node_index through, moment at) {
  std::lock_guard guard{mutex_};
  ++counts_.pushed;
  entries_[which].pushed_through = through;
  entries_[which].push = push_state::answered;
  entries_[which].answered_at = at;
}

void ledger::maybe_pushed(number which) {
  std::lock_guard guard{mutex_};
  ++counts_.unknown_pushes;
  entries_[which].push = push_state::unknown;
}

std::string ledger::describe(std::size_t which, const entry& what) {
  return fmt::format("message {} of queue {}, whose push through node {} was answered at {:.3f} s,", which,
                     what.queue, what.pushed_through, since_start(what.answered_at));
}

/// What was acked on one side while the cluster was not one may come on another side until it is one again.
bool ledger::behind_a_cut(const entry& what, const delivery& how) const {
  return std::any_of(separations_.begin(), separations_.end(), [&](const separation& apart) {
    return apart.side_of[what.acked_through] != apart.side_of[how.through] && what.acked_at >= apart.since &&
           (!apart.until || how.asked_at <= *apart.until);
  });
}

/// What others acked while a node was away, that node may deliver until it is one with them again. What was
/// acked through itself is on its own disk, and so is what was acked before it was killed: no excuse for
/// these, nor for any other node's delivery.
bool ledger::served_alone(const entry& what, const delivery& how) const {
  return std::any_of(absences_.begin(), absences_.end(), [&](const absence& away) {
    return away.node == how.through && away.node != what.acked_through && what.acked_at >= away.since &&
           (!away.until || (what.acked_at <= *away.until && how.asked_at <= *away.until));
  });
}

void ledger::delivered(number which, const delivery& how) {
  std::lock_guard guard{mutex_};
  if (which >= entries_.size()) {
    ++counts_.from_nowhere;
    return;
  }
  auto& what = entries_[which];
  if (what.in_hand)
    ++counts_.duplicates;
  if (what.push == push_state::unknown && !what.was_delivered)
    ++counts_.unknown_found;
  what.in_hand = what.was_delivered = true;
  what.last_delivery = how;
  if (what.ack == ack_state::refused)
    what.ack = ack_state::none;
  if (what.ack != ack_state::done || how.answered_at <= what.acked_at)
    return;
  auto asked_after = how.asked_at > what.acked_at;
  if (!asked_after && how.answered_at <= after(what.acked_at, on_its_way_max))
    return; // it was on its way to this client when another one's ack was answered
  if (behind_a_cut(what, how)) {
    ++counts_.behind_a_cut;
    return;
  }
  if (served_alone(what, how)) {
    ++counts_.served_alone;
    return;
  }
  ++(asked_after ? counts_.resurrected : counts_.delivered_late);
  if (complaints_.size() < complaints_kept)
    complaints_.push_back(fmt::format(
      "{} was acked through node {} at {:.3f} s, and delivered through node {} at {:.3f} s to a pull that began at "
      "{:.3f} s",
      describe(which, what), what.acked_through, since_start(what.acked_at), how.through,
      since_start(how.answered_at), since_start(how.asked_at)));
}

void ledger::given_back(number which) {
  std::lock_guard guard{mutex_};
  entries_[which].in_hand = false;
}

void ledger::acked(number which, node_index through, moment at) {
  std::lock_guard guard{mutex_};
  auto& what = entries_[which];
  if (what.ack != ack_state::done) {
    ++counts_.acked;
    what.acked_at = at;
    what.acked_through = through;
  }
  what.ack = ack_state::done;
}

void ledger::maybe_acked(number which) {
  std::lock_guard guard{mutex_};
  if (entries_[which].ack != ack_state::done)
    entries_[which].ack = ack_state::unknown;
}

void ledger::refused(number which) {
  std::lock_guard guard{mutex_};
  if (entries_[which].ack == ack_state::none)
    entries_[which].ack = ack_state::refused;
}

void ledger::settle_answered(number which, std::string_view verb, int status, node_index through, moment at) {
  std::lock_guard guard{mutex_};
  entries_[which].last_settle = fmt::format("; its {} through node {} was answered with {} at {:.3f} s", verb,
                                            through, status, since_start(at));
}

void ledger::separated(std::vector<unsigned> side_of, moment at) {
  std::lock_guard guard{mutex_};
  separations_.push_back({at, std::nullopt, std::move(side_of)});
}

void ledger::absent(node_index node, moment at) {
  std::lock_guard guard{mutex_};
  auto away = [&](const absence& other) { return other.node == node && !other.until; };
  if (std::none_of(absences_.begin(), absences_.end(), away))
    absences_.push_back({node, at, std::nullopt});
}

void ledger::united(moment at) {
  std::lock_guard guard{mutex_};
  for (auto& away : absences_)
    if (!away.until)
      away.until = at;
  for (auto& apart : separations_)
    if (!apart.until)
      apart.until = at;
}

ledger_figures ledger::figures() const {
  std::lock_guard guard{mutex_};
  auto count_if = [&](auto condition) {
    return static_cast<std::uint64_t>(std::count_if(entries_.begin(), entries_.end(), condition));
  };
  auto out = counts_;
  out.lost = count_if(
    [](const entry& what) { return what.push == push_state::answered && what.ack == ack_state::none; });
  out.refused_and_gone = count_if(
    [](const entry& what) { return what.push == push_state::answered && what.ack == ack_state::refused; });
  out.unknown_acks = count_if([](const entry& what) { return what.ack == ack_state::unknown; });
  return out;
}

std::vector<std::string> ledger::complaints() const {
  std::lock_guard guard{mutex_};
  auto out = complaints_;
  for (std::size_t i = 0; i < entries_.size() && out.size() < 2 * complaints_kept; ++i)
    if (const auto& what = entries_[i];
        what.push == push_state::answered && (what.ack == ack_state::none || what.ack == ack_state::refused))
      out.push_back(
        fmt::format("{} is gone: it was {}{}", describe(i, what),
                    what.was_delivered
                      ? fmt::format("delivered last through node {} at {:.3f} s with {} retries left",
                                    what.last_delivery.through, since_start(what.last_delivery.answered_at),
                                    what.last_delivery.retries_left)
                      : "never delivered",
                    what.last_settle));
  return out;
}

std::string body_of(number which, std::size_t bytes) {
  auto body = fmt::format("{}{} ", mark, which);
  body.resize(std::max(bytes, body.size()), '.');
  return body;
}

std::vector<number> numbers_in(std::string_view bytes) {
  std::vector<number> out;
  for (auto at = bytes.find(mark); at != std::string_view::npos; at = bytes.find(mark, at)) {
    at += mark.size();
    number found = 0;
    if (std::from_chars(bytes.data() + at, bytes.data() + bytes.size(), found).ec == std::errc{})
      out.push_back(found);
  }
  return out;
}

} // namespace lmq::nemesis
