// The messages that the broker's actors understand: atoms, values, typed interfaces.
//
// All of them stay within one process, so none has a wire format; bodies travel as handles.
#pragma once

#include "actors/cluster_status.hpp"
#include "actors/stats/report.hpp"
#include "actors/supervision/health.hpp"
#include "core/fact.hpp"
#include "core/message.hpp"
#include "core/properties.hpp"
#include "core/queue_order.hpp"

#include <atomic>
#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lmq {

// -- verbs

using push_atom = caf::atom_constant<caf::atom("push")>;
using pull_atom = caf::atom_constant<caf::atom("pull")>;
using cancel_atom = caf::atom_constant<caf::atom("cancel")>;
using settle_atom = caf::atom_constant<caf::atom("settle")>;
using give_back_atom = caf::atom_constant<caf::atom("give_back")>;
using report_atom = caf::atom_constant<caf::atom("report")>;
using order_atom = caf::atom_constant<caf::atom("order")>;
using configure_atom = caf::atom_constant<caf::atom("configure")>;
using close_atom = caf::atom_constant<caf::atom("close")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;

using flush_atom = caf::atom_constant<caf::atom("flush")>;
using record_atom = caf::atom_constant<caf::atom("record")>;
using safe_atom = caf::atom_constant<caf::atom("safe")>;
using serve_atom = caf::atom_constant<caf::atom("serve")>;
using hold_atom = caf::atom_constant<caf::atom("hold")>;
using adopt_atom = caf::atom_constant<caf::atom("adopt")>;
using forget_atom = caf::atom_constant<caf::atom("forget")>;
using put_away_atom = caf::atom_constant<caf::atom("put_away")>;
using drop_atom = caf::atom_constant<caf::atom("drop")>;
using redrive_atom = caf::atom_constant<caf::atom("redrive")>;

using watch_atom = caf::atom_constant<caf::atom("watch")>;
using unwatch_atom = caf::atom_constant<caf::atom("unwatch")>;
using take_atom = caf::atom_constant<caf::atom("take")>;
using yield_atom = caf::atom_constant<caf::atom("yield")>;
using keep_atom = caf::atom_constant<caf::atom("keep")>;
using offer_atom = caf::atom_constant<caf::atom("offer")>;

using resolve_atom = caf::atom_constant<caf::atom("resolve")>;
using find_atom = caf::atom_constant<caf::atom("find")>;
using match_atom = caf::atom_constant<caf::atom("match")>;
using remove_atom = caf::atom_constant<caf::atom("remove")>;
using rules_atom = caf::atom_constant<caf::atom("rules")>;
using set_rules_atom = caf::atom_constant<caf::atom("set_rules")>;
using props_atom = caf::atom_constant<caf::atom("props")>;
using patch_atom = caf::atom_constant<caf::atom("patch")>;
using reset_atom = caf::atom_constant<caf::atom("reset")>;
using replace_atom = caf::atom_constant<caf::atom("replace")>;
using follow_atom = caf::atom_constant<caf::atom("follow")>;
using subscribe_atom = caf::atom_constant<caf::atom("subscribe")>;
using opened_atom = caf::atom_constant<caf::atom("opened")>;
using restarted_atom = caf::atom_constant<caf::atom("restarted")>;
using gone_atom = caf::atom_constant<caf::atom("gone")>;
using revive_atom = caf::atom_constant<caf::atom("revive")>;

using doors_atom = caf::atom_constant<caf::atom("doors")>;
using health_atom = caf::atom_constant<caf::atom("health")>;
using crashed_atom = caf::atom_constant<caf::atom("crashed")>;
using down_atom = caf::atom_constant<caf::atom("down")>;
using up_atom = caf::atom_constant<caf::atom("up")>;

using status_atom = caf::atom_constant<caf::atom("status")>;
using join_atom = caf::atom_constant<caf::atom("join")>;
using leave_atom = caf::atom_constant<caf::atom("leave")>;
using backup_atom = caf::atom_constant<caf::atom("backup")>;
using metrics_atom = caf::atom_constant<caf::atom("metrics")>;

// -- values

/// How long a pull waits. Nothing: without limit; zero: not at all.
using wait_time = std::optional<duration>;

/// The answer to a pull: from which queue, and the delivery; no delivery: none in time, or the queue was
/// deleted.
struct pulled {
  std::shared_ptr<const std::string> queue;
  std::optional<lmq::delivery> delivery;
};

/// The request's headers, for hooks. Null where no hook wants them.
using request_headers = std::shared_ptr<const header_list>;

/// What one step of a queue has decided, or several, in order.
using fact_batch = std::shared_ptr<const std::vector<fact>>;

/// Units of one queue, those that are ready in their order.
using unit_list = std::shared_ptr<const std::vector<held_unit>>;

using message_ids = std::shared_ptr<const std::vector<message_id>>;
using settled_messages = std::shared_ptr<const facts::settled>;

/// What became of a copy of the data directory. Where it was not made, nothing of it is left.
struct backup_outcome {
  enum class kind : std::uint8_t {
    made,
    bad_directory, ///< it can't be made where it was asked for
    no_space,
    failed ///< the system's words
  };

  kind what = kind::made;
  std::string sentence; ///< where it was not made: for people
};

// One line a message, and why it may be refused.
// clang-format off

// -- a queue (actors/queue)

using queue_handle = caf::typed_actor<
  // Errors: queue_full, unavailable
  caf::replies_to<push_atom, message_id, message, request_headers>::with<push_outcome>,
  caf::replies_to<pull_atom, waiter_id, wait_time>::with<pulled>,
  // Forgets a waiting pull; it is answered with nothing. Unknown: no effect.
  caf::replies_to<cancel_atom, waiter_id>::with<void>,
  // Errors: no_such_lease
  caf::replies_to<settle_atom, lease_id, verdict>::with<void>,
  // Takes back a delivery that reached nobody: no retry is spent, the message keeps its place.
  caf::replies_to<give_back_atom, lease_id>::with<void>,
  caf::replies_to<report_atom>::with<queue_report>,
  // What an operator asks; what it changes is as durable as an ack. Errors: no_such_message
  caf::replies_to<order_atom, queue_order>::with<order_outcome>,
  // Sends the first of the dead letters that are ready, so many at most, back to the queues in which they died, each once.
  // Answers how many went; those whose queue refuses them stay.
  caf::replies_to<redrive_atom, std::uint64_t>::with<std::uint64_t>,
  // From the registry: properties in force from now on; the end of the queue.
  caf::reacts_to<configure_atom, properties>,
  caf::reacts_to<close_atom>,
  // From pull_any, see pull_any_machine.hpp.
  caf::replies_to<watch_atom, caf::actor>::with<bool>,
  caf::reacts_to<unwatch_atom>,
  caf::replies_to<take_atom, waiter_id>::with<pulled>,
  caf::reacts_to<yield_atom>,
  caf::reacts_to<keep_atom>,
  // Where facts are kept (see journal_handle), the queue is at home on one node. It *serves* between serve and hold or
  // drop, and bounces whatever is asked above while it does not; only a report, properties and the end are always heard.
  // Each of these may be sent as a request: the answer says that it is done, an error that the actor crashed and nobody
  // knows. All may come twice.
  //
  // You are at home (again): take these units in, and serve. After drop, and at first, they are all there is. Whoever
  // watched before hold is forgotten and watches again, as after a restart.
  caf::reacts_to<serve_atom, unit_list>,
  // Stop, and act on no timer; who waits stays in line. Answered when all facts have been sent to the journal.
  caf::replies_to<hold_atom>::with<void>,
  // You are not at home: forget everything. Who waits is told to ask again, whose facts are not safe yet, too.
  caf::reacts_to<drop_atom>,
  // From other copies, whether or not it serves: units, see queue_machine::adopt; messages that were settled elsewhere.
  caf::reacts_to<adopt_atom, unit_list>,
  caf::reacts_to<forget_atom, settled_messages>,
  // From the journal: the bodies of these messages are on the disk, and need not be in memory.
  caf::reacts_to<put_away_atom, message_ids>,
  // From the journal: all batches up to that number are safe.
  caf::reacts_to<safe_atom, std::uint64_t>,
  // Its own timer.
  caf::reacts_to<tick_atom, std::uint64_t>>;

/// A queue's actor, as it sees itself.
using queue_itself = queue_handle::extend<
  // What it has decided goes to the journal.
  caf::reacts_to<flush_atom>>;

/// All a gateway needs to talk to a queue.
struct queue_ref {
  std::shared_ptr<const std::string> name;
  queue_handle actor; ///< null while the queue is down
  /// Set by the registry before it answers a change of properties: send the request's headers along with pushes.
  std::shared_ptr<const std::atomic<bool>> wants_headers;
};

// -- the journal: where facts are kept

using journal_handle = caf::typed_actor<
  // From the actor of the queue of that name, which is the sender: the facts of steps, in order, numbered 1, 2, 3 …; the
  // queue waits for (safe_atom, number), which also speaks for all before. After a crash the queue's next actor sends
  // again, under the same numbers, what it has not heard to be safe: facts of a number that the journal has seen are
  // not new, but it says safe once more. A queue that was deleted and opened anew begins with 1 under a new shared name.
  caf::reacts_to<record_atom, std::shared_ptr<const std::string>, fact_batch, std::uint64_t>,
  // A message that is moved to the queue of that name, wherever that is at home, under an id of `moved_id`: taken in
  // unless that id has ever been, and answered when that is safe. Errors: as for a queue, and no_space while moves are
  // refused for want of room
  caf::replies_to<push_atom, std::shared_ptr<const std::string>, message_id, message>::with<push_outcome>>;

// -- the registry (actors/registry): names, rules, properties

using registry_handle = caf::typed_actor<
  // The queue of that name; created if there is none. Errors: bad_name, over_limit, unavailable (it is down)
  caf::replies_to<resolve_atom, std::string>::with<queue_ref>,
  // Errors: no_such_queue, unavailable (it is down)
  caf::replies_to<find_atom, std::string>::with<queue_ref>,
  // All queues whose names the pattern finds, sorted by name. Errors: bad_pattern
  caf::replies_to<match_atom, std::string>::with<std::vector<queue_ref>>,
  // Errors: no_such_queue
  caf::replies_to<remove_atom, std::string>::with<void>,
  caf::replies_to<rules_atom>::with<std::vector<rule>>,
  // Answered when every queue has been told; meanwhile others are served. Errors: bad_pattern, unknown_hook,
  // over_limit, bad_property, bad_name; nothing is changed then
  caf::replies_to<set_rules_atom, std::vector<rule>>::with<void>,
  // In force for a queue of that name, also if there is none. Errors: bad_name
  caf::replies_to<props_atom, std::string>::with<properties>,
  // Both create the queue. Errors: bad_name, unknown_hook, over_limit
  caf::replies_to<patch_atom, std::string, property_set>::with<void>,
  caf::replies_to<reset_atom, std::string>::with<void>,
  // These are the queue's own properties from now on. From a cluster; creates the queue, too.
  caf::replies_to<replace_atom, std::string, property_set>::with<void>,
  // These are the rules from now on. From a cluster, where the change is answered as soon as every member has sent
  // this: so whatever comes afterwards finds every queue told. Errors: as for set_rules
  caf::replies_to<replace_atom, std::vector<rule>>::with<void>,
  // Starts a queue that is down; one that is up stays as it is. Errors: no_such_queue
  caf::replies_to<revive_atom, std::string>::with<void>,
  // What is known of a queue that is down. Errors: no_such_queue (or it is up)
  caf::replies_to<report_atom, std::string>::with<queue_report>,
  // From now on the actor hears (opened_atom, queue_ref), (restarted_atom, queue_ref) and (gone_atom, std::string) of
  // every queue; first of those that exist. A queue that is down is gone, one that is revived opened.
  caf::reacts_to<subscribe_atom, caf::strong_actor_ptr>>;

// -- pulls over many queues (actors/pull_any)

using pull_any_handle = caf::typed_actor<
  // Errors: bad_pattern
  caf::replies_to<pull_atom, std::string, waiter_id, wait_time>::with<pulled>,
  caf::reacts_to<cancel_atom, waiter_id>,
  caf::reacts_to<opened_atom, queue_ref>,
  caf::reacts_to<restarted_atom, queue_ref>,
  caf::reacts_to<gone_atom, std::string>,
  // From a watched queue: a message is ready; its oldest waiter, if it has any.
  caf::reacts_to<offer_atom, std::shared_ptr<const std::string>, std::optional<waiter_id>>,
  caf::reacts_to<tick_atom, std::uint64_t>>;

// -- pushes to many queues, reports of all (actors/fan_out)

/// Outcomes by queue name, sorted by it.
using push_outcomes = std::vector<std::pair<std::string, push_outcome>>;

using fan_out_handle = caf::typed_actor<
  // Errors: bad_pattern
  caf::replies_to<push_atom, std::string, message, request_headers>::with<push_outcomes>,
  // Of all queues, sorted by name.
  caf::replies_to<report_atom>::with<std::vector<queue_report>>,
  // Of one, also if it is down. Errors: no_such_queue
  caf::replies_to<report_atom, std::string>::with<queue_report>,
  // Of some, sorted by name; only those are asked. A page behind another one is of the same list, for a moment: see
  // page_list. Errors: bad_pattern
  caf::replies_to<report_atom, queue_page_wanted>::with<queue_page>,
  // From the supervisor: the registry of now.
  caf::reacts_to<registry_handle>,
  // Its own timer.
  caf::reacts_to<tick_atom, std::uint64_t>>;

// -- the cluster (cluster): where this node belongs to one

using cluster_handle = caf::typed_actor<
  caf::replies_to<status_atom>::with<cluster_status>,
  // Links this node with the one whose cluster port that is, and with all that it knows; answered when it is tried.
  // Errors: unavailable (nobody answers there, or it refuses, and why)
  caf::replies_to<join_atom, std::string, std::uint16_t>::with<void>,
  // Answered when the others hold all that this node holds. Who asks while it leaves waits for the same.
  // Errors: unavailable (nobody who stays is in step, or is any more; then this node stays)
  caf::replies_to<leave_atom, waiter_id>::with<void>,
  // That one does not wait for it any more; when nobody does, this node stays.
  caf::reacts_to<cancel_atom, waiter_id>,
  // Nobody waits for the member of that name any more. Errors: no_such_member, member_in_use
  caf::replies_to<forget_atom, std::string>::with<void>>;

// -- the data directory (apps): where this node keeps its messages on a disk

using backup_handle = caf::typed_actor<
  // A whole copy in a directory that does not exist, by its absolute path; answered when it is on the disk.
  caf::replies_to<backup_atom, std::string>::with<backup_outcome>>;

// -- the supervisor (actors/supervision)

struct broker;

using supervisor_handle = caf::typed_actor<
  // The doors as they are now. A part that has ended is started again first, as far as its limit allows.
  caf::replies_to<doors_atom>::with<broker>,
  caf::replies_to<health_atom>::with<health_report>,
  // From the registry: a queue was started again; it is left alone, and why; it runs again or is deleted.
  caf::reacts_to<restarted_atom, std::string>,
  caf::reacts_to<down_atom, std::string, std::string>,
  caf::reacts_to<up_atom, std::string>,
  // From a gateway: a connection's handler failed, and what it said.
  caf::reacts_to<crashed_atom, std::string>,
  // Its own timer.
  caf::reacts_to<tick_atom, std::uint64_t>>;

// -- figures of this node (actors/metrics)

using metrics_handle = caf::typed_actor<
  // In Prometheus' text format.
  caf::replies_to<metrics_atom>::with<std::string>,
  // Whom to ask for health and the cluster.
  caf::reacts_to<supervisor_handle>,
  // Its own timer.
  caf::reacts_to<tick_atom>>;

// clang-format on

/// The doors of the broker. The supervisor's stays as it is; the others change when their actors are started
/// again, and requests to the old ones bounce.
struct broker {
  supervisor_handle supervisor;
  registry_handle registry;
  pull_any_handle pull_any;
  fan_out_handle fan_out;
  cluster_handle cluster = {}; ///< null where this node is no member of a cluster
  backup_handle backup = {};   ///< null where all is in memory
  metrics_handle metrics = {}; ///< null where nobody reads figures
};

} // namespace lmq

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::message_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::lease_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::waiter_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::optional<lmq::waiter_id>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::push_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::push_outcomes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::verdict)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::wait_time)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::pulled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::request_headers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::properties)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::property_set)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<lmq::rule>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::queue_ref)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<lmq::queue_ref>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::queue_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::queue_page_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::queue_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::queue_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::order_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<lmq::queue_report>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::broker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::health_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::registry_handle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::supervisor_handle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::fact_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::unit_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::message_ids)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::settled_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::cluster_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(lmq::backup_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<const std::string>)
