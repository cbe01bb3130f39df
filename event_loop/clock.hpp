// CAF's timeouts and delayed messages on one timer of an I/O thread.
//
// Holds what is due later, ordered by instant, with a strong reference to each receiver. Any thread may call;
// what is due is sent from unit 0's thread. Owned by the coordinator. Built on CAF's public headers alone.
#pragma once

#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/atom.hpp>
#include <caf/group.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <variant>
#include <vector>

namespace lmq {

class io_unit;

class clock final : public caf::actor_clock {
public:
  /// Messages sent before the sockets of that thread get their turn.
  static constexpr std::size_t messages_per_turn = 1024;

  /// @param unit  its thread's io_context carries the timer; outlives the clock
  explicit clock(io_unit& unit);
  ~clock() override;

  // -- caf::actor_clock: all of O(log n) in what is pending, from any thread --------------------------------

  void set_ordinary_timeout(time_point at, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point at, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point at, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;

  /// Forgets the timeouts of `self` and the messages scheduled to it, whose references would keep its memory
  /// until they are due. Every actor calls this when it ends.
  void cancel_timeouts(caf::abstract_actor* self) override;

  void schedule_message(time_point at, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point at, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

  /// Timeouts and messages that are not yet due.
  std::size_t pending() const;

  /// Gives up the timer and forgets everything; what is set from now on is never sent. For the coordinator,
  /// before the unit's io_context goes. Any thread, once the unit's thread is joined.
  void close();

private:
  struct timer;

  struct timeout {
    caf::strong_actor_ptr receiver;
    caf::atom_value type;
    std::uint64_t id;
  };
  struct request_timeout {
    caf::strong_actor_ptr receiver;
    caf::message_id id;
  };
  struct mail {
    caf::strong_actor_ptr receiver;
    caf::mailbox_element_ptr content;
  };
  struct group_mail {
    caf::group receiver;
    caf::strong_actor_ptr sender;
    caf::message content;
  };
  using parcel = std::variant<timeout, request_timeout, mail, group_mail>;

  /// What is taken out under the lock dies after it: the last reference to an actor may be in there, and an
  /// actor's end calls `cancel_timeouts`.
  using remains = std::vector<parcel>;

  /// Names a timeout or message so that it can be cancelled: whose, of which kind, and its type, timeout id
  /// or request id (0 for a message).
  enum class kind : std::uint8_t { ordinary, multi, request, mail };
  using key = std::tuple<caf::actor_id, kind, std::uint64_t>;

  struct entry {
    parcel what;
    std::optional<key> name; ///< nothing: a message to a group
  };
  using schedule = std::multimap<time_point, entry>;
  using name_index = std::multimap<key, schedule::iterator>;

  void add(time_point at, parcel what, std::optional<key> name, remains* replaced = nullptr);
  void cancel(const key& first, const key& end);
  void take_out(name_index::iterator first, name_index::iterator end, remains& out);
  void forget_name(schedule::iterator e);
  void arm();
  void send_due();
  void send(parcel& what);

  io_unit& unit_;
  mutable std::mutex mutex_; ///< guards what follows
  schedule due_;
  name_index by_name_;
  time_point armed_ = time_point::max(); ///< when the timer will rise, or is about to be told to
  std::unique_ptr<timer> timer_;         ///< nullptr once closed; its methods belong to the unit's thread
};

} // namespace lmq
