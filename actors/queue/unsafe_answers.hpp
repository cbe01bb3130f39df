// What must not leave a queue yet: answers that wait until facts are safe, and the facts that they wait for.
//
// Facts gather in an open batch until it is closed, so that the steps of a burst are one batch. Numbers the
// batches, keeps each until the journal says that it is safe, and knows which messages are not safe yet.
// Plain: no actor. Part of a queue's cell, and only where there is a journal.
#pragma once

#include "core/fact.hpp"
#include "core/fault_point.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace lmq {

template <class Answer>
class unsafe_answers {
public:
  using batch = std::shared_ptr<const std::vector<fact>>;

  /// What an open batch holds at most before it is to be closed: facts, and bytes of what they bring.
  static constexpr std::size_t open_facts_max = 256;
  static constexpr std::size_t open_bytes_max = 256UL * 1024;

  /// What the open batch is called, in which facts are now.
  std::uint64_t open() const noexcept { return last_ + 1; }

  /// What the last batch was called that was closed.
  std::uint64_t last() const noexcept { return last_; }

  bool has_open() const noexcept { return !open_.empty(); }

  /// No more should be added before it is closed.
  bool open_is_full() const noexcept {
    return open_.size() >= open_facts_max || open_bytes_ >= open_bytes_max;
  }

  /// Adds to the open batch. Throws: it is as it was.
  void add(fact what) {
    const auto* name = told_of(what);
    const auto bytes = bytes_of(what);
    LMQ_FAULT_POINT("unsafe.add");
    open_.reserve(open_.size() + 1 > open_.capacity() ? 2 * open_.size() + 1 : 0); // from here on …
    if (name != nullptr) {
      LMQ_FAULT_POINT("unsafe.name");
      unsafe_[*name] = open();
    }
    auto brings = brings_message(what);
    open_.push_back(std::move(what)); // … this does not throw
    open_bytes_ += bytes;
    unsafe_bytes_ += bytes;
    unsafe_messages_ += brings ? 1 : 0;
  }

  /// The open batch gets its number for good; what is added from now on is in another one. Throws: it is open
  /// still.
  /// @returns it; null where it holds nothing
  batch close() {
    if (open_.empty())
      return nullptr;
    LMQ_FAULT_POINT("unsafe.close");
    auto facts = std::make_shared<std::vector<fact>>();
    auto closed = batches_.emplace_hint(batches_.end(), open(), facts);
    facts->swap(open_);
    open_bytes_ = 0;
    ++last_;
    return closed->second;
  }

  /// All up to this number are safe.
  void set_safe(std::uint64_t number) noexcept {
    safe_ = std::max(safe_, std::min(number, last_));
    for (auto it = batches_.begin(); it != batches_.end() && it->first <= safe_; it = batches_.erase(it))
      for (const auto& f : *it->second) {
        unsafe_bytes_ -= bytes_of(f);
        unsafe_messages_ -= brings_message(f) ? 1 : 0;
        if (const auto* name = told_of(f))
          if (auto known = unsafe_.find(*name); known != unsafe_.end() && known->second <= safe_)
            unsafe_.erase(known);
      }
  }

  bool is_safe(std::uint64_t number) const noexcept { return number <= safe_; }

  /// The batch that brought in the message, or closed the compound, of that name; 0: it is safe.
  std::uint64_t batch_of(message_id name) const {
    auto it = unsafe_.find(name);
    return it == unsafe_.end() ? 0 : it->second;
  }

  /// The last batch that the content of a delivery is in; 0: it is safe. O(parts)
  std::uint64_t batch_of(const delivery& what) const {
    if (unsafe_.empty())
      return 0;
    auto last = batch_of(what.lease.message);
    if (const auto* parts = std::get_if<std::shared_ptr<const compound>>(&what.content))
      for (const auto& p : **parts)
        last = std::max(last, batch_of(p.id));
    return last;
  }

  /// Lets an answer wait for a batch, behind those that wait for it already. Throws: `what` is as it was.
  template <class What>
  void hold(std::uint64_t number, What&& what) {
    LMQ_FAULT_POINT("unsafe.hold");
    waiting_.emplace(number, std::forward<What>(what));
  }

  /// Calls `give` with each answer whose facts are safe, in order; what it says false to stays.
  template <class Give>
  void give_safe(Give give) {
    for (auto it = waiting_.begin(); it != waiting_.end() && is_safe(it->first);)
      it = give(it->second) ? waiting_.erase(it) : std::next(it);
  }

  /// As `give_safe`, with all answers.
  template <class Give>
  void give_all(Give give) {
    for (auto it = waiting_.begin(); it != waiting_.end();)
      it = give(it->second) ? waiting_.erase(it) : std::next(it);
  }

  /// Nobody waits for the facts that are not safe yet, or will send them again.
  void forget_batches() noexcept {
    batches_.clear();
    open_.clear();
    open_bytes_ = unsafe_bytes_ = unsafe_messages_ = 0;
    unsafe_.clear();
    safe_ = last_;
  }

  /// Messages that batches bring which are not safe, and their bytes.
  std::size_t unsafe_messages() const noexcept { return unsafe_messages_; }
  std::size_t unsafe_bytes() const noexcept { return unsafe_bytes_; }

  /// By number; those that are closed.
  const std::map<std::uint64_t, batch>& unsafe_batches() const noexcept { return batches_; }

  const std::multimap<std::uint64_t, Answer>& waiting() const noexcept { return waiting_; }

private:
  /// The message or compound that others may be told of when this fact is safe; null: none.
  static const message_id* told_of(const fact& f) noexcept {
    if (const auto* put = std::get_if<facts::put>(&f))
      return &put->id;
    if (const auto* closed = std::get_if<facts::closed>(&f))
      return &closed->unit;
    return nullptr;
  }

  static bool brings_message(const fact& f) noexcept { return std::holds_alternative<facts::put>(f); }

  static std::size_t bytes_of(const fact& f) noexcept {
    const auto* put = std::get_if<facts::put>(&f);
    return put != nullptr ? memory_bytes(put->content) : 0;
  }

  std::uint64_t last_ = 0; ///< number given
  std::uint64_t safe_ = 0;
  std::vector<fact> open_;
  std::size_t open_bytes_ = 0;
  std::size_t unsafe_bytes_ = 0, unsafe_messages_ = 0;   ///< the open batch included
  std::map<std::uint64_t, batch> batches_;               ///< those behind `safe_`
  std::unordered_map<message_id, std::uint64_t> unsafe_; ///< messages and compounds that batches_ brought
  std::multimap<std::uint64_t, Answer> waiting_;
};

} // namespace lmq
