#include "tests/simulation/ledger.hpp"

#include <algorithm>

namespace lmq::simulation {

void ledger::push_refused(std::uint64_t body) {
  auto& m = messages_[body];
  m.refused = true;
  if (!m.leases.empty())
    complaints_.push_back("refused: message " + std::to_string(body) + " was delivered");
}

void ledger::lease_over(std::uint64_t body, lease_id lease) {
  if (auto it = messages_[body].leases.find(lease); it != messages_[body].leases.end())
    it->second.over = true;
}

void ledger::lease_over(std::uint64_t body, std::uint32_t delivery, home_tag home) {
  for (auto& [id, lease] : messages_[body].leases)
    lease.over |= id.delivery == delivery && id.home == home;
}

void ledger::lease_extended(std::uint64_t body, lease_id lease, time_point until) {
  if (auto it = messages_[body].leases.find(lease); it != messages_[body].leases.end())
    it->second.end = std::max(it->second.end, until);
}

void ledger::delivered(std::uint64_t body, lease_id lease, const delivered_by& how) {
  ++deliveries_;
  auto& m = messages_[body];
  if (m.refused)
    complaints_.push_back("refused: message " + std::to_string(body) + " is delivered by " + how.home.name);
  std::set<node_id> homes;
  bool holds = false, before = true;
  for (const auto& [id, l] : m.leases) {
    homes.insert(l.home);
    holds |= !l.over && how.at < l.end;
    before &= l.in <= how.in.id; // and so it was said to whoever makes this view, before it began
  }
  if (holds) {
    ++duplicates_;
    if (homes.size() == 1 && before && how.in.contains(*homes.begin()))
      complaints_.push_back("doubled: message " + std::to_string(body) + " by " + how.home.name + " after " +
                            homes.begin()->name);
  }
  m.leases[lease] = {how.home, how.in.id, how.lease_end, false, how.knows_it_settled};
}

void ledger::received(std::uint64_t body, lease_id lease) {
  auto& leases = messages_[body].leases;
  if (auto it = leases.find(lease); it != leases.end() && it->second.knows_it_settled)
    complaints_.push_back("resurrected: message " + std::to_string(body) + " by " + it->second.home.name);
}

void ledger::drained(std::uint64_t body) {
  auto& m = messages_[body];
  if (m.refused)
    complaints_.push_back("refused: message " + std::to_string(body) + " is there at the end");
  if (m.acked && !m.drained && !m.died)
    complaints_.push_back("resurrected: message " + std::to_string(body) + " at the end");
  if (m.drained)
    complaints_.push_back("doubled: message " + std::to_string(body) + " at the end");
  m.drained = true;
}

bool ledger::was_drained(std::uint64_t body) const {
  auto it = messages_.find(body);
  return it != messages_.end() && it->second.drained;
}

void ledger::look_for_losses() {
  for (const auto& [body, m] : messages_)
    if (m.pushed && !m.ack_sent && !m.drained)
      complaints_.push_back("lost: message " + std::to_string(body));
}

std::uint64_t ledger::pushed() const {
  return static_cast<std::uint64_t>(
    std::count_if(messages_.begin(), messages_.end(), [](const auto& m) { return m.second.pushed; }));
}

} // namespace lmq::simulation
