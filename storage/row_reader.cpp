#include "storage/row_reader.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace lmq {

using format::flaw;
using format::row;

namespace {

tl::unexpected<row_reader::refusal> refuse(std::string what, flaw why = flaw::malformed) {
  return tl::unexpected(row_reader::refusal{why, std::move(what)});
}

} // namespace

tl::expected<void, row_reader::refusal> row_reader::take(std::string_view key, std::string_view value) {
  any_ = true;
  if (key.empty())
    return refuse("a row has no name");
  auto single = [&] { return key.size() == 1; };
  switch (static_cast<row>(key.front())) {
  case row::message: return take_message(key, value);
  case row::unit: return take_unit(key, value);
  case row::context: return take_context(key, value);
  case row::queue: return take_queue(key, value);
  case row::note: {
    auto text = format::decode_text(value);
    if (!text)
      return refuse("a note can't be read", text.error());
    out_.state.notes.emplace(key.substr(1), std::move(*text));
    return {};
  }
  case row::batch: {
    auto number = format::decode_number(value);
    if (!single() || !number)
      return refuse("the batch number can't be read");
    out_.last_batch = *number;
    return {};
  }
  case row::next_queue: {
    auto number = format::decode_number(value);
    if (!single() || !number || *number == 0 || *number > UINT32_MAX)
      return refuse("the next queue's id can't be read");
    out_.next_queue = static_cast<std::uint32_t>(*number);
    has_next_queue_ = true;
    return {};
  }
  case row::directory: {
    auto mark = format::decode_directory(value);
    if (!single() || !mark)
      return refuse("the version of the format can't be read", mark ? flaw::malformed : mark.error());
    if (mark->version > format::directory_version)
      return refuse(fmt::format("its format is version {}, written by {}; this program reads version {}",
                                mark->version, mark->program, format::directory_version),
                    flaw::newer);
    out_.mark = std::move(*mark);
    has_mark_ = true;
    return {};
  }
  }
  return refuse("there is a row of a kind that is not known");
}

row_reader::outcome row_reader::take_message(std::string_view key, std::string_view value) {
  auto names = format::parse_queue_and_id(key);
  if (!names)
    return refuse("a message's name can't be read");
  auto m = format::decode_message(names->id, value);
  if (!m)
    return refuse("message " + format::text_of(names->id) + " can't be read", m.error());
  if (auto bytes = memory_bytes(m->content); bytes <= body_bytes_left_)
    body_bytes_left_ -= bytes;
  else
    m->content = put_away(m->content);
  queue(names->queue).messages.push_back(std::move(*m));
  ++out_.messages;
  return {};
}

row_reader::outcome row_reader::take_unit(std::string_view key, std::string_view value) {
  auto names = format::parse_queue_and_id(key);
  if (!names)
    return refuse("a unit's name can't be read");
  auto u = format::decode_unit(names->id, value, wall_ms_);
  if (!u)
    return refuse("unit " + format::text_of(names->id) + " can't be read", u.error());
  queue(names->queue).units.push_back(std::move(*u));
  return {};
}

row_reader::outcome row_reader::take_context(std::string_view key, std::string_view value) {
  auto incarnation = format::parse_incarnation(key);
  auto intervals = format::decode_context(value);
  if (!incarnation || !intervals)
    return refuse("the context can't be read", intervals ? flaw::malformed : intervals.error());
  for (auto ids : *intervals)
    out_.state.context.add(*incarnation, ids);
  return {};
}

row_reader::outcome row_reader::take_queue(std::string_view key, std::string_view value) {
  auto id = format::parse_queue(key);
  auto name = format::decode_text(value);
  if (!id || !name)
    return refuse("a queue's name can't be read", name ? flaw::malformed : name.error());
  names_.emplace(*id, std::move(*name));
  return {};
}

stored_queue& row_reader::queue(std::uint32_t id) {
  if (latest_id_ != id) {
    latest_ = &by_id_[id];
    latest_id_ = id;
  }
  return *latest_;
}

void row_reader::drop_left_over_units(std::uint32_t id, stored_queue& of) {
  // Keys came in the order of ids.
  auto is_there = [&](message_id m) {
    auto it = std::lower_bound(of.messages.begin(), of.messages.end(), m,
                               [](const stored_message& a, message_id b) { return a.id < b; });
    return it != of.messages.end() && it->id == m;
  };
  std::erase_if(of.units, [&](const stored_unit& u) {
    if (u.compound ? std::any_of(u.parts.begin(), u.parts.end(), is_there) : is_there(u.unit))
      return false;
    out_.left_over.push_back(format::unit_key(id, u.unit));
    return true;
  });
}

tl::expected<recovered, row_reader::refusal> row_reader::finish() {
  if (!has_mark_ || !has_next_queue_)
    return refuse("the rows that every directory has are not there");
  for (auto& [id, queue] : by_id_) {
    auto name = names_.find(id);
    if (name == names_.end())
      return refuse(fmt::format("messages are there of queue {}, and not its name", id));
    drop_left_over_units(id, queue);
  }
  for (auto& [id, name] : names_) {
    if (id >= out_.next_queue)
      return refuse(fmt::format("queue {} has an id that was not given yet", id));
    auto rows = by_id_.find(id);
    if (rows == by_id_.end() || (rows->second.messages.empty() && rows->second.units.empty())) {
      out_.left_over.push_back(format::queue_key(id));
      continue;
    }
    if (!out_.queues.emplace(name, id).second)
      return refuse("two queues have the name " + name);
    out_.state.queues.emplace(name, std::move(rows->second));
  }
  return std::move(out_);
}

} // namespace lmq
