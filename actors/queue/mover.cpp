#include "actors/queue/mover.hpp"

#include "actors/errors.hpp"
#include "core/dead_letter.hpp"
#include "core/fault_point.hpp"
#include "core/log_value.hpp"

#include <spdlog/spdlog.h>
#include <utility>

namespace lmq {

namespace {

using stage = move_under_way::stage;

std::size_t pieces(const parcel& content) {
  const auto* parts = std::get_if<std::shared_ptr<const compound>>(&content);
  return parts != nullptr ? (*parts)->size() : 1;
}

/// The other queue has looked at it, and has it not.
bool is_sure(const caf::error& e) {
  if (bounced(e))
    return false;
  auto why = to_refusal(e).why;
  return why == reason::queue_full || why == reason::over_limit || why == reason::no_space ||
         why == reason::bad_name;
}

} // namespace

void mover::begin(const move_on& what) {
  auto [it, is_new] = cell_->moves.try_emplace(what.unit);
  auto& m = it->second;
  // What came back meanwhile, by what another home told, may leave another way: dead before, redriven now.
  if (is_new || m.to.has_value() != what.to.has_value()) {
    m.to = what.to;
    m.next = 0;
  }
  if (pieces(m.content) != pieces(what.content))
    m.next = 0; // it has lost some: those that were taken in are taken in once
  m.content = what.content;
  m.deliveries = what.deliveries;
  m.batch = cell_->port ? cell_->port->unsafe.last() : 0;
  m.at = stage::waits;
  due_ = true;
}

void mover::go_on() {
  if (!due_ || !cell_->serving)
    return;
  due_ = false;
  std::vector<message_id> next, gone; // a unit may end at once, and others begin
  for (const auto& [unit, m] : cell_->moves)
    if (is_void(unit, m))
      gone.push_back(unit);
    else if (m.at == stage::waits && (!cell_->port || cell_->port->unsafe.is_safe(m.batch)))
      next.push_back(unit);
  for (auto unit : gone)
    forget(unit, false);
  for (auto unit : next)
    if (auto it = cell_->moves.find(unit); it != cell_->moves.end() && it->second.at == stage::waits)
      ask(unit);
}

/// The unit was settled elsewhere, or another home has come further with it; what is asked has its answer to
/// come. Where a dead letter may have been taken in stays known for as long as it is here, for it may die
/// again.
bool mover::is_void(message_id unit, const move_under_way& m) const {
  const auto& machine = cell_->machine;
  switch (m.at) {
  case stage::waits: return !machine.moves(unit);
  case stage::asked: return false;
  case stage::again: return cell_->port && !(m.to ? machine.holds(unit) : machine.is_leaving(unit));
  }
  return false;
}

void mover::take_over() noexcept {
  for (auto& [unit, m] : cell_->moves)
    if (m.at == stage::asked)
      m.at = stage::waits;
  due_ = true;
}

void mover::drop() noexcept {
  cell_->moves.clear();
  redrives_.clear();
}

void mover::clear() noexcept {
  redrives_.clear();
  doors_ = nullptr;
  cell_ = nullptr;
}

void mover::answer_when_moved(std::vector<message_id> units) {
  redriving r{guarded_promise<std::uint64_t>{self_}, {units.begin(), units.end()}};
  if (r.open.empty())
    return r.promise.deliver(0);
  redrives_.push_back(std::move(r));
}

// -- asking ------------------------------------------------------------------------------------------------------------

/// Sends the unit's next message.
void mover::ask(message_id unit) {
  auto it = cell_->moves.find(unit);
  if (it == cell_->moves.end())
    return;
  auto& m = it->second;
  LMQ_FAULT_POINT("queue.move");
  for (; m.next < pieces(m.content); ++m.next) {
    const auto* single = std::get_if<message>(&m.content);
    const auto* piece =
      single != nullptr ? nullptr : &(*std::get<std::shared_ptr<const compound>>(m.content))[m.next];
    auto id = piece != nullptr ? piece->id : unit;
    auto content = whole(piece != nullptr ? piece->content : *single, id);
    if (!content)
      continue; // settled elsewhere, and the word of it is on its way
    auto to = m.to ? m.to : dead_queue_of(*content);
    if (!to || *to == *cell_->name)
      return end(unit, refused_how::surely);
    m.serial = ++last_serial_;
    m.at = stage::asked;
    auto letter = m.to ? dead_letter_of(*content, *cell_->name, m.deliveries) : revived(*content);
    push(*std::move(to), moved_id(id, m.to ? std::string_view{*m.to} : ""), std::move(letter), unit,
         m.serial);
    return;
  }
  end(unit, std::nullopt);
}

/// With its body. Nothing: it is gone.
std::optional<message> mover::whole(const message& m, message_id id) const {
  return m.away ? cell_->port->read(*cell_->name, id) : m;
}

void mover::push(std::string to, message_id id, message letter, message_id unit, std::uint64_t serial) {
  auto failed = [this, unit, serial](caf::error& e) { refused(unit, serial, e); };
  if (cell_->port) {
    self_
      .request(cell_->port->journal, caf::infinite, push_atom::value,
               std::make_shared<const std::string>(std::move(to)), id, std::move(letter))
      .then([this, unit, serial](push_outcome) { taken(unit, serial); }, failed);
    return;
  }
  if (!doors_)
    return end(unit, refused_how::perhaps);
  self_.request(doors_, caf::infinite, doors_atom::value)
    .then(
      [=, this, to = std::move(to), letter = std::move(letter)](const broker& b) {
        self_.request(b.registry, caf::infinite, resolve_atom::value, to)
          .then([=, this](const queue_ref& q) { push_here(q.actor, id, letter, unit, serial); }, failed);
      },
      failed);
}

void mover::push_here(const queue_handle& to, message_id id, message letter, message_id unit,
                      std::uint64_t serial) {
  self_.request(to, caf::infinite, push_atom::value, id, std::move(letter), request_headers{})
    .then([this, unit, serial](push_outcome) { taken(unit, serial); },
          [this, unit, serial](caf::error& e) { refused(unit, serial, e); });
}

// -- answers -----------------------------------------------------------------------------------------------------------

/// Null: that question is not open any more, or the queue does not serve, and asks again when it does.
move_under_way* mover::answered(message_id unit, std::uint64_t serial) {
  if (cell_ == nullptr)
    return nullptr;
  auto it = cell_->moves.find(unit);
  if (it == cell_->moves.end() || it->second.at != stage::asked || it->second.serial != serial)
    return nullptr;
  if (!cell_->serving) {
    it->second.at = stage::waits;
    return nullptr;
  }
  return &it->second;
}

void mover::taken(message_id unit, std::uint64_t serial) {
  auto* m = answered(unit, serial);
  if (m == nullptr)
    return;
  LMQ_FAULT_POINT("queue.move_taken");
  if (std::exchange(complained_, false))
    spdlog::info("queue.move_goes_on name={}", log_value(*cell_->name));
  ++m->next;
  ask(unit);
}

void mover::refused(message_id unit, std::uint64_t serial, const caf::error& why) {
  auto* m = answered(unit, serial);
  if (m == nullptr)
    return;
  LMQ_FAULT_POINT("queue.move_refused");
  if (!std::exchange(complained_, true))
    spdlog::warn("queue.move_waits name={} to={} reason={} message=\"its messages stay, and are "
                 "tried again\"",
                 log_value(*cell_->name), log_value(m->to.value_or("(where it died)")),
                 log_value(to_refusal(why).detail));
  // Where some of it may have been taken in, the rest goes to the same queue.
  end(unit, is_sure(why) && m->next == 0 ? refused_how::surely : refused_how::perhaps);
}

/// Nothing refused it: the other queue has all of it. The machine first: should that fail, a successor asks
/// again.
void mover::end(message_id unit, std::optional<refused_how> refused) {
  steps_.step([&](auto at) {
    if (refused)
      cell_->machine.not_moved(unit, *refused, at, cell_->decided);
    else
      cell_->machine.moved(unit, at, cell_->decided);
  });
  LMQ_FAULT_POINT("queue.move_ended");
  if (refused == refused_how::perhaps) {
    if (auto it = cell_->moves.find(unit); it != cell_->moves.end())
      it->second.at = stage::again;
    return;
  }
  forget(unit, !refused);
}

/// Nothing is under way with it any more, and who waits for it learns that.
void mover::forget(message_id unit, bool moved) {
  cell_->moves.erase(unit);
  for (auto it = redrives_.begin(); it != redrives_.end();) {
    auto& r = *it;
    if (r.open.erase(unit) > 0 && moved)
      ++r.moved;
    if (r.open.empty()) {
      r.promise.deliver(r.moved);
      it = redrives_.erase(it);
    } else {
      ++it;
    }
  }
}

} // namespace lmq
