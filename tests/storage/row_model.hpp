// What batches add up to, as plainly as can be said; and states as text, to compare them.
#pragma once

#include "core/stored.hpp"
#include "tests/actors/dice.hpp"

#include <map>
#include <string>
#include <vector>

namespace lmq::testing {

/// All of it, in one order whatever order it came in. Durations in whole milliseconds.
inline std::string text_of(const stored_state& s) {
  std::string out;
  auto number = [&](auto n) { out += ' ' + std::to_string(n); };
  auto left = [&](const std::optional<duration>& d) {
    out += d ? ' ' + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*d).count()) + "ms"
             : " -";
  };
  for (const auto& [name, q] : s.queues) {
    std::map<message_id, const stored_message*> messages;
    for (const auto& m : q.messages)
      messages.emplace(m.id, &m);
    std::map<message_id, const stored_unit*> units;
    for (const auto& u : q.units)
      units.emplace(u.unit, &u);
    if (messages.size() != q.messages.size() || units.size() != q.units.size())
      out += "twice\n";
    if (messages.empty() && units.empty())
      continue;
    out += "queue " + name + '\n';
    for (const auto& [id, m] : messages) {
      out += " message";
      number(id.incarnation), number(id.counter), number(m->retries_left), number(m->place);
      out +=
        ' ' + std::string(m->content.content.content_type()) + '|' + std::string(m->content.content.body());
      if (m->content.preserved)
        for (const auto& [field, value] : *m->content.preserved)
          out += '|' + field + ": " + value;
      out += '\n';
    }
    for (const auto& [id, u] : units) {
      out += " unit";
      number(id.incarnation), number(id.counter), number(u->place), number(u->compound ? 1 : 0);
      number(u->state.deliveries), number(u->state.retries_left), number(u->state.exhausted ? 1 : 0);
      number(static_cast<std::uint32_t>(u->state.home));
      left(u->state.lease), left(u->window);
      for (auto part : u->parts)
        number(part.incarnation), number(part.counter);
      out += '\n';
    }
  }
  for (const auto& [incarnation, intervals] : s.context.by_incarnation()) {
    out += "context";
    number(incarnation);
    for (auto i : intervals)
      number(i.first), number(i.last);
    out += '\n';
  }
  for (const auto& [name, text] : s.notes)
    out += "note " + name + '=' + text + '\n';
  return out;
}

class row_model {
public:
  void apply(const store_batch& b) {
    for (const auto& change : b.queues) {
      auto& q = queues_[change.queue];
      for (auto id : change.gone_units)
        q.units.erase(id);
      for (auto id : change.gone_messages)
        q.messages.erase(id);
      for (const auto& m : change.messages)
        q.messages.insert_or_assign(m.id, m);
      for (const auto& u : change.units)
        q.units.insert_or_assign(u.unit, u);
    }
    for (const auto& [incarnation, intervals] : b.context)
      context_[incarnation] = intervals;
    for (const auto& [name, text] : b.notes)
      if (text.empty())
        notes_.erase(name);
      else
        notes_[name] = text;
  }

  stored_state state() const {
    stored_state s;
    for (const auto& [name, q] : queues_) {
      auto& to = s.queues[name];
      for (const auto& [id, m] : q.messages)
        to.messages.push_back(m);
      for (const auto& [id, u] : q.units)
        to.units.push_back(u);
    }
    for (const auto& [incarnation, intervals] : context_)
      for (auto i : intervals)
        s.context.add(incarnation, i);
    s.notes = notes_;
    return s;
  }

  std::string text() const { return text_of(state()); }

private:
  friend class row_maker;

  struct queue {
    std::map<message_id, stored_message> messages;
    std::map<message_id, stored_unit> units;
  };
  std::map<std::string, queue> queues_;
  std::map<std::uint64_t, std::vector<id_set::interval>> context_;
  std::map<std::string, std::string> notes_;
};

/// Makes batches such as queues would: never a message twice, nothing gone that was not there.
class row_maker {
public:
  explicit row_maker(dice& random, std::size_t body_bytes_max = 300)
      : random_(random), body_bytes_max_(body_bytes_max) {}

  stored_message a_message() {
    stored_message m;
    m.id = {7 + random_.below(2), ++counter_};
    m.retries_left = static_cast<std::uint32_t>(random_.below(100));
    m.place = counter_;
    m.content.content =
      payload::copy_of(random_.one_in(3) ? "text/plain" : "", a_text(random_.below(body_bytes_max_)));
    if (random_.one_in(4))
      m.content.preserved = std::make_shared<const header_list>(header_list{{"x-a", a_text(3)}, {"x-b", ""}});
    return m;
  }

  stored_unit a_unit_of(const std::vector<message_id>& parts) {
    stored_unit u;
    u.compound = parts.size() > 1;
    u.unit = u.compound ? message_id{99, ++counter_} : parts.front();
    if (u.compound)
      u.parts = parts;
    u.place = ++counter_;
    u.state.deliveries = static_cast<std::uint32_t>(random_.below(5));
    u.state.retries_left = static_cast<std::uint32_t>(random_.below(5));
    u.state.exhausted = random_.one_in(5);
    u.state.home = home_tag{static_cast<std::uint32_t>(random_.below(1000))};
    if (random_.one_in(2))
      u.state.lease = std::chrono::milliseconds(random_.below(100'000));
    if (u.compound && random_.one_in(2))
      u.window = std::chrono::milliseconds(random_.below(100'000));
    return u;
  }

  /// @param model  what all batches before it add up to
  store_batch a_batch(const row_model& model) {
    store_batch b;
    for (const auto* name : {"a", "b/c", "queue"})
      if (random_.one_in(2))
        b.queues.push_back(a_change(name, model));
    if (random_.one_in(3)) {
      auto first = random_.below(1000);
      b.context[random_.below(3)] = {{first, first + random_.below(50)}, {5000, 5000 + random_.below(100)}};
    }
    if (random_.one_in(4))
      b.notes["note" + std::to_string(random_.below(4))] = random_.one_in(3) ? "" : a_text(20);
    return b;
  }

private:
  std::string a_text(std::size_t bytes) {
    std::string s;
    while (s.size() < bytes)
      s.push_back(static_cast<char>(random_.below(256)));
    return s;
  }

  stored_queue_change a_change(const std::string& name, const row_model& model) {
    stored_queue_change c;
    c.queue = name;
    row_model::queue now;
    if (auto it = model.queues_.find(name); it != model.queues_.end())
      now = it->second;
    // A unit goes, and its messages with it.
    for (const auto& [id, u] : now.units)
      if (random_.one_in(6)) {
        c.gone_units.push_back(id);
        for (auto part : u.compound ? u.parts : std::vector{id})
          if (now.messages.erase(part) > 0)
            c.gone_messages.push_back(part);
      }
    for (auto id : c.gone_units)
      now.units.erase(id);
    std::map<message_id, bool> listed;
    for (const auto& [id, u] : now.units)
      for (auto part : u.compound ? u.parts : std::vector{id})
        listed[part] = true;
    std::vector<message_id> free;
    for (const auto& [id, m] : now.messages)
      if (listed.count(id) == 0)
        free.push_back(id);
    std::vector<message_id> kept;
    for (auto id : free)
      if (random_.one_in(5))
        c.gone_messages.push_back(id);
      else
        kept.push_back(id);
    for (auto n = random_.below(6); n-- > 0;) {
      c.messages.push_back(a_message());
      kept.push_back(c.messages.back().id);
    }
    while (kept.size() > 2 && random_.one_in(2)) {
      auto parts = 1 + random_.below(2);
      std::vector<message_id> some(kept.end() - static_cast<std::ptrdiff_t>(parts), kept.end());
      kept.resize(kept.size() - parts);
      c.units.push_back(a_unit_of(some));
    }
    return c;
  }

  dice& random_;
  std::size_t body_bytes_max_;
  std::uint64_t counter_ = 0;
};

} // namespace lmq::testing
