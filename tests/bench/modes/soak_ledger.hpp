// What the soak has pushed and what came of it: every message by its number. Owned by the soak; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lmq::bench {

/// Numbers a message, from 0.
using sequence = std::uint32_t;

class soak_ledger {
public:
  sequence begin_push();
  /// Answered with 200.
  void pushed(sequence number);
  /// The connection went before the answer: it may or may not be stored.
  void maybe_pushed(sequence number);
  void refused(sequence number);

  /// Came out of a queue.
  void delivered(sequence number);
  /// Its lease was acknowledged with 204.
  void acked(sequence number);
  void maybe_acked(sequence number);

  std::uint64_t pushes() const noexcept { return pushes_; }
  std::uint64_t acks() const noexcept { return acks_; }
  std::uint64_t deliveries() const noexcept { return deliveries_; }
  /// Pushed, and neither acknowledged nor perhaps so.
  std::uint64_t outstanding() const;
  std::uint64_t uncertain() const;
  /// Acks of messages whose push was answered with 200, apart from uncertain ones: equals pushes() in the
  /// end.
  std::uint64_t acked_pushes() const;
  /// Contradictions: acknowledged twice, delivered after the ack, a refused or unknown one delivered.
  const std::vector<std::string>& contradictions() const noexcept { return contradictions_; }
  std::uint64_t contradiction_count() const noexcept { return contradiction_count_; }

private:
  struct entry {
    bool answered : 1 = false;
    bool refused : 1 = false;
    bool push_uncertain : 1 = false;
    bool acked : 1 = false;
    bool ack_uncertain : 1 = false;
  };

  entry* known(sequence number, std::string_view what);
  void contradict(sequence number, std::string_view what);

  std::vector<entry> entries_;
  std::uint64_t pushes_ = 0;
  std::uint64_t acks_ = 0;
  std::uint64_t deliveries_ = 0;
  std::uint64_t contradiction_count_ = 0;
  std::vector<std::string> contradictions_; // the first few
};

/// A body that carries its number and is `bytes` long, or as long as the number needs.
std::string numbered_body(sequence number, std::size_t bytes);

/// The numbers of all bodies found in `bytes`, in order: one of a normal message, several of a compound.
void find_numbers(std::string_view bytes, std::vector<sequence>& out);

} // namespace lmq::bench
