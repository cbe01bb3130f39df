// What must not leave a queue yet: answers that wait until facts are safe, and the facts that they wait for.
//
// Numbers the batches of facts, keeps each until the journal says that it is safe, and knows which messages
// are not safe yet. Plain: no actor. Part of a queue's cell, and only where there is a journal.
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

  /// What the next batch will be called.
  std::uint64_t next() const noexcept { return last_ + 1; }

  /// What the last batch was called.
  std::uint64_t last() const noexcept { return last_; }

  /// Numbers a batch. Throws: it has no number.
  std::uint64_t add(batch facts) {
    const auto number = next();
    try {
      for (const auto& f : *facts)
        if (const auto* name = told_of(f)) {
          LMQ_FAULT_POINT("unsafe.name");
          unsafe_[*name] = number;
        }
      LMQ_FAULT_POINT("unsafe.add");
      batches_.emplace_hint(batches_.end(), number, std::move(facts));
    } catch (...) {
      std::erase_if(unsafe_, [=](const auto& x) { return x.second == number; });
      throw;
    }
    return last_ = number;
  }

  /// All up to this number are safe.
  void set_safe(std::uint64_t number) noexcept {
    safe_ = std::max(safe_, std::min(number, last_));
    for (auto it = batches_.begin(); it != batches_.end() && it->first <= safe_; it = batches_.erase(it))
      for (const auto& f : *it->second)
        if (const auto* name = told_of(f))
          if (auto known = unsafe_.find(*name); known != unsafe_.end() && known->second <= safe_)
            unsafe_.erase(known);
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
    unsafe_.clear();
    safe_ = last_;
  }

  /// By number.
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

  std::uint64_t last_ = 0; ///< number given
  std::uint64_t safe_ = 0;
  std::map<std::uint64_t, batch> batches_;               ///< those behind `safe_`
  std::unordered_map<message_id, std::uint64_t> unsafe_; ///< messages and compounds that batches_ brought
  std::multimap<std::uint64_t, Answer> waiting_;
};

} // namespace lmq
