// What a queue is, apart from the actor that works on it: it outlives that actor's crash.
//
// Holds the machine with all messages and leases, what was decided and is not yet carried out, the promises
// to those who wait, the statistics; with a journal, also what waits until it is safe. Owned by the registry,
// which supervises the queue, and lent to one actor at a time; only whoever it is lent to looks inside. So a
// queue that crashes loses nothing, and those who wait need not even know.
#pragma once

#include "actors/guarded_promise.hpp"
#include "actors/messages.hpp"
#include "actors/queue/queue_effects.hpp"
#include "actors/queue/queue_machine.hpp"
#include "actors/queue/unsafe_answers.hpp"
#include "actors/stats/queue_stats.hpp"
#include "actors/supervision/life_sign.hpp"
#include "core/memory_account.hpp"
#include "core/write_room.hpp"
#include "metrics/queue_board.hpp"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>

namespace lmq {

/// The answer to the push, settle or order that is being worked on. From the instant at which it is decided,
/// it is given, by whichever actor comes to it.
class owed_answer {
public:
  /// The request that `self` is handling. What was owed before has been answered.
  void begin(caf::local_actor& self) { begin(open_request{self}); }
  void begin(open_request request) noexcept {
    request_ = std::move(request);
    outcome_ = undecided{};
    batch_ = 0;
  }

  /// The request, which is decided another time; nothing is owed until then.
  open_request put_off() noexcept { return std::move(request_); }

  /// @param batch  the facts that must be safe before it is given; 0: none
  void decide(push_outcome what, std::uint64_t batch = 0) noexcept {
    outcome_ = what;
    batch_ = batch;
  }
  void decide(result<void> what, std::uint64_t batch = 0) noexcept {
    outcome_ = std::move(what);
    batch_ = batch;
  }

  void decide_order(result<order_outcome> what, std::uint64_t batch = 0) noexcept {
    outcome_ = std::move(what);
    batch_ = batch;
  }

  std::uint64_t batch() const noexcept { return batch_; }

  /// Answers what is decided. Throws: it was not answered, and is still owed
  void give();

  /// It is not to be given: says why instead, to an asker that is still to be answered.
  void refuse(const caf::error& why);

  /// Whoever worked on it is gone: what is not decided will not be done.
  void refuse_undecided() noexcept;

private:
  struct undecided {};

  open_request request_;
  std::variant<undecided, push_outcome, result<void>, result<order_outcome>> outcome_;
  std::uint64_t batch_ = 0;
};

/// A message of the queue of that name as it was written; nothing: it is settled.
using body_reader = std::function<std::optional<message>(const std::string& queue, message_id)>;

/// Calls what it is given, on this thread, when the requests that are there now have been read. Must not
/// throw.
using behind_burst = std::function<void(std::function<void()> what)>;

/// Where facts go, if anywhere, and in whose name.
struct queue_journal {
  journal_handle journal; ///< null: nothing is recorded
  home_tag home{};
  body_reader read;    ///< of messages that were put away; may block for the disk, any thread
  bool serves = false; ///< queues are at home here from the first; else they serve when they are told to
  std::shared_ptr<write_room> room = {}; ///< where facts are written; null: there is always some
  behind_burst later = {};               ///< null: behind what is in the queue's mailbox
};

/// A queue's end of the journal, and what it must not lose over a crash.
struct journal_port {
  explicit journal_port(const queue_journal& facts)
      : journal(facts.journal), read(facts.read), later(facts.later), room(facts.room) {}

  const journal_handle journal;
  const body_reader read; ///< of messages that were put away
  const behind_burst later;
  write_share room; ///< of messages that are pushed, until they are safe
  unsafe_answers<std::variant<owed_answer, deliver>> unsafe;
  std::size_t told = 0; ///< of what is decided, how much the journal has been told of
  unit_list adopting;   ///< what is being taken in …
  std::size_t adopted = 0;
  settled_messages forgetting;
  bool dropping = false;
};

/// A unit on its way to another queue: see mover.hpp.
struct move_under_way {
  enum class stage : std::uint8_t {
    waits, ///< until it is safe that the unit leaves
    asked, ///< the other queue has been sent its next message
    again, ///< nobody knows what came of that: the same queue is asked when the machine says so
  };

  stage at = stage::waits;
  std::optional<std::string> to = {}; ///< nothing: where each message says that it died
  parcel content = {};
  std::uint32_t deliveries = 0;
  std::size_t next = 0;     ///< part of a compound; those before it have been taken in
  std::uint64_t batch = 0;  ///< of the facts by which it leaves
  std::uint64_t serial = 0; ///< of the question
};

/// A purge between two of its slices.
struct purge_under_way {
  open_request asker = {};
  queue_machine::line_end until = {};
  std::uint64_t dropped = 0; ///< by the slices before
  std::uint64_t batch = 0;   ///< of their facts, which are to be safe before the next slice
};

struct queue_cell {
  /// @param seed  see queue_stats
  /// @param board  where its figures go; null: nobody reads them
  /// @param account  is told what it holds; null: nobody counts
  queue_cell(std::shared_ptr<const std::string> its_name, properties in_force, time_point now,
             std::uint64_t seed, const queue_journal& facts = {}, queue_slot board = nullptr,
             std::shared_ptr<memory_account> account = nullptr)
      : name(std::move(its_name)),
        machine(std::move(in_force), {facts.home, facts.journal != nullptr}),
        stats(now, seed),
        port(facts.journal ? std::make_unique<journal_port>(facts) : nullptr),
        serving(!port || facts.serves),
        figures(std::move(board)),
        memory(std::move(account)) {}

  queue_cell(const queue_cell&) = delete;
  queue_cell& operator=(const queue_cell&) = delete;

  /// The queue was deleted, or the node stops: what was decided is answered, and whoever waits gets nothing.
  /// Where that waits for facts that are not safe, nobody knows what comes of it: whoever asked is to ask
  /// again.
  ~queue_cell();

  /// No actor will come to work here for now: what was decided is answered, and everybody who waits hears
  /// why. While no actor works here.
  void refuse_all(const caf::error& why);

  /// While no actor works here, or by that actor.
  queue_report report(time_point now) const;

  /// Writes its figures where others read them, and tells what it holds. By the actor that works here.
  void publish() noexcept;

  /// Actors that began to work here after the first.
  std::uint64_t restarts() const noexcept { return started > 0 ? started - 1 : 0; }

  using promise = guarded_promise<pulled>;

  const std::shared_ptr<const std::string> name;
  queue_machine machine;
  queue_stats stats;
  effects decided;           ///< in order …
  std::size_t performed = 0; ///< … and how many of them have been carried out
  owed_answer owed;
  std::unordered_map<waiter_id, promise> waiting;
  std::map<message_id, move_under_way> moves;               ///< by unit
  std::list<purge_under_way> purges;                        ///< in the order in which they were asked for
  std::size_t purge_slice = queue_machine::purge_slice_max; ///< smaller where a test has few messages
  life_sign life;
  std::uint64_t started = 0;                ///< actors that began to work here
  const std::unique_ptr<journal_port> port; ///< null: there is no journal
  bool serving;                             ///< not: nothing falls due, and whoever asks is sent away
  const queue_slot figures;                 ///< null: nobody reads them
  memory_share memory;                      ///< of what it holds
};

using queue_cell_ptr = std::shared_ptr<queue_cell>;

} // namespace lmq
