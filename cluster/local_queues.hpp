// The queues of this node's broker, as the node actor speaks with them.
//
// Knows their handles, which the broker's registry gives out and changes when a queue's actor is started
// again, and keeps what is to be said until the handle is known, so that all of it comes in order. Owned by
// the node actor, and used within its handlers.
#pragma once

#include "cluster/node_actor.hpp"
#include "cluster/node_effects.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace lmq {

class local_queues {
public:
  /// Who speaks: see the verbs of node_machine of the same names.
  class owner {
  public:
    virtual void queue_told(asker by, std::optional<reply> what) = 0;
    virtual void held() = 0;
    virtual void queue_lost(const std::string& queue) = 0;
    /// Every queue has done what it was told.
    virtual void told_all() = 0;

  protected:
    ~owner() = default;
  };

  /// @param self  the node actor, in whose name requests are sent
  local_queues(node_handle::base& self, owner& of) : self_(self), owner_(of) {}

  // -- the registry

  /// The registry of now. It is subscribed to.
  /// @param names  that it has not heard of yet
  void meet(const registry_handle& inner, const std::vector<metadata_change>& names);
  void opened(const queue_ref& q);
  void restarted(const queue_ref& q);
  void gone(const std::string& queue);

  /// Names, rules and properties become those of the registry.
  void apply(const metadata_change& change);

  // -- the queues

  void hold();
  void serve(const std::string& queue, std::vector<held_unit> units);
  void drop(const std::string& queue);
  void adopt(const std::string& queue, std::vector<held_unit> units);
  void forget(const std::string& queue, facts::settled what);
  void put_away(const std::string& queue, std::vector<message_id> ids);
  void ask(asker by, const std::string& queue, question what);
  void cancel(asker by, const std::string& queue);

  /// A batch's number for `safe`: unlike the queue's own it tells a queue from one that was deleted before
  /// it. Nothing: that batch has come before. `node_machine::of_deleted`: the queue is deleted.
  std::optional<std::uint64_t> token_of(const std::shared_ptr<const std::string>& queue,
                                        std::uint64_t number);

  /// @param token  as `token_of` gave it
  void safe(const std::string& queue, std::uint64_t token);

  /// Whether every queue has done what it was told. O(queues)
  bool all_told() const;

  /// Lets go of every handle.
  void clear();

private:
  using saying = std::function<void(const queue_handle&)>;

  struct local_queue {
    std::shared_ptr<const std::string> name;    ///< shared by all actors of one queue; null: not known yet
    std::shared_ptr<const std::string> deleted; ///< the name that its predecessor's actors share
    queue_handle actor;
    bool resolving = false;
    bool serves = false;
    bool stale = false;         ///< it could not be told something
    std::uint64_t life = 0;     ///< counts queues of this name
    std::uint64_t recorded = 0; ///< number of its last batch
    std::uint64_t safe = 0;
    std::deque<std::pair<saying, std::optional<asker>>> to_say; ///< once it is known; and for whom
  };

  /// A token's bits for the number.
  static constexpr unsigned number_bits = 44;

  void say(const std::string& queue, saying what, std::optional<asker> by = {});
  void resolve(const std::string& queue);
  void known(const queue_ref& q);
  void begin_life(local_queue& local, const std::shared_ptr<const std::string>& name);
  void hold_one(const std::string& queue);
  void one_is_held(const std::string& queue);
  void one_is_told();
  void failed(asker by, const caf::error& e);

  template <class... Ts>
  void tell(const std::string& queue, const queue_handle& to, Ts&&... what);
  template <class... Ts>
  void request(asker by, const queue_handle& to, Ts&&... what);

  node_handle::base& self_;
  owner& owner_;
  registry_handle registry_;
  std::unordered_map<std::string, local_queue> queues_;
  std::set<std::string> holding_; ///< those that have not answered
  std::map<asker, waiter_id> waiters_;
  std::uint64_t lives_ = 0;
  std::size_t telling_ = 0; ///< what queues were told and have not answered
};

} // namespace lmq
