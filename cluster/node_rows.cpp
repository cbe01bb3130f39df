// What of a node is on its disk: rows of the replica, names with their properties, the members it knows.
#include "cluster/node_machine.hpp"

#include "cluster/codec.hpp"
#include "cluster/stored_queues.hpp"

#include <sstream>
#include <utility>

namespace lmq {

namespace {

// Names of notes.
constexpr const char* members_note = "members"; // a line each: the name, a space, the address
constexpr const char* rules_note = "rules";
constexpr const char* queue_note = "queue/"; // and the queue's name

} // namespace

std::size_t count_queues(std::set<std::string> with_messages,
                         const std::map<std::string, std::string>& notes) {
  for (const auto& [name, value] : notes) {
    auto message = name.starts_with(queue_note) ? decode_message(value) : std::nullopt;
    auto* change = message ? std::get_if<says::changed>(&*message) : nullptr;
    if (change != nullptr && change->what.of_queue.exists)
      with_messages.insert(change->what.queue);
  }
  return with_messages.size();
}

std::size_t count_queues(const stored_state& all) {
  std::set<std::string> with_messages;
  for (const auto& [name, q] : all.queues)
    with_messages.insert(name);
  return count_queues(std::move(with_messages), all.notes);
}

std::string node_machine::note_name(const metadata_change& what) {
  return what.queue.empty() ? rules_note : queue_note + what.queue;
}

// -- reading -----------------------------------------------------------------------------------------------------------

void node_machine::restore(stored_state from, time_point now) {
  for (const auto& [name, value] : from.notes) {
    if (name == members_note) {
      std::istringstream lines{value};
      for (std::string member, address; lines >> member >> address;)
        if (!options_.alone && member != options_.self.name)
          not_met_.emplace(member, address);
      continue;
    }
    auto message = decode_message(value);
    auto* change = message ? std::get_if<says::changed>(&*message) : nullptr;
    if (change == nullptr)
      continue; // of a later version, which whoever reads the disk would have refused
    auto& what = change->what;
    (void)clock_.heard(what.of_rules.clock, wall(now));
    (void)clock_.heard(what.of_queue.of_existence.clock, wall(now));
    for (auto s : what.of_queue.of_own)
      (void)clock_.heard(s.clock, wall(now));
    metadata_.merge(what);
  }
  replica_.restore(std::move(from), now);
}

// -- writing -----------------------------------------------------------------------------------------------------------

/// All that has changed since the last time, as one.
void node_machine::store_changes(time_point now, node_effect_list& out) {
  if (!options_.stores)
    return;
  store_batch rows;
  replica_.take_rows(now, rows);
  for (auto& [name, what] : std::exchange(changed_names_, {}))
    rows.notes.emplace(name, encode(says::changed{std::move(what)}));
  if (std::exchange(members_changed_, false)) {
    std::string members;
    for (const auto& [name, p] : peers_)
      if (!p.gone && !p.address.empty())
        members += name + " " + p.address + "\n";
    for (const auto& [name, address] : not_met_)
      members += name + " " + address + "\n";
    rows.notes.emplace(members_note, std::move(members));
  }
  bool nothing = rows.empty();
  std::size_t bodies = 0;
  for (const auto& q : rows.queues)
    for (const auto& m : q.messages)
      bodies += body_bytes(m.content);
  writing w{rows_given_ + 1, nothing, {}, {}, {unwritten_, bodies}};
  if (replica_.body_bytes() > options_.body_bytes_max)
    for (const auto& q : rows.queues)
      if (!q.messages.empty()) {
        auto& ids = w.to_put_away.emplace_back(q.queue, std::vector<message_id>{}).second;
        for (const auto& m : q.messages)
          ids.push_back(m.id);
      }
  for (const auto& [name, p] : peers_)
    if (p.known_up && p.link.has_unconfirmed())
      w.receipts.emplace_back(name, p.link.received_so_far());
  if (nothing && w.receipts.empty() && (awaited_.empty() || awaited_.back().rows <= rows_given_))
    return; // nobody waits for it
  ++rows_given_;
  writing_.push_back(std::move(w));
  if (nothing)
    return stored(rows_stored_, now, out);
  out.emplace_back(node_effects::store_rows{std::move(rows), rows_given_});
}

/// Bodies that are away are read for whoever is to hear of them; what has been settled meanwhile is left out.
void node_machine::read_bodies(says::moved& what) const {
  std::erase_if(what.messages, [&](moved_message& m) {
    if (!m.content.away)
      return false;
    auto whole = options_.read(what.queue, m.id);
    if (whole)
      m.content = *std::move(whole);
    return !whole;
  });
}

void node_machine::stored(std::uint64_t number, time_point now, node_effect_list& out) {
  begin_step(now, out);
  while (!writing_.empty() && (writing_.front().number <= number || writing_.front().nothing)) {
    const auto& w = writing_.front();
    rows_stored_ = w.number;
    for (const auto& [name, receipt] : w.receipts)
      if (auto* p = find(std::string_view{name}))
        p->link.confirm(receipt);
    for (const auto& [queue, ids] : w.to_put_away)
      if (auto away = replica_.put_away(queue, ids);
          !away.empty() && (options_.alone || serving_.contains(queue)))
        out.emplace_back(node_effects::put_away{queue, std::move(away)});
    writing_.pop_front();
  }
  release_what_is_safe(now, out);
}

} // namespace lmq
