// Bugs on purpose, so that the simulator can show that it finds such: each breaks one rule of
// docs/protocol/cluster.md. Only in builds with LMQ_FAULTS; elsewhere all this is nothing.
#pragma once

namespace lmq {

enum class planted_bug {
  none,
  put_without_context,     ///< a message that was settled is taken in again
  answer_before_copies,    ///< what this node has is safe
  lease_without_consent,   ///< a home begins before the others have stopped and told
  grown_window,            ///< a closed list grows by what another one has that shares a message with it
  half_a_list,             ///< a list is what is here of it, though the rest may be under way
  context_before_bodies,   ///< what is still to come counts as seen
  round_never_answered,    ///< who asks to be compared for a view that is over hears nothing
  settled_leaves,          ///< a delivery leaves though this node knows by now that it is settled
  older_word_wins,         ///< metadata: what was heard last counts, not what was written last
  answer_before_disk,      ///< what the others have is safe, though this node has not written it
  acknowledge_before_disk, ///< what has come is acknowledged, though it is not written
  full_is_sure, ///< a full queue says of a push that nothing was kept, though another home was asked before
  too_few_is_enough, ///< a push is answered though there are fewer copies than are asked for
};

#ifdef LMQ_FAULTS
inline planted_bug planted = planted_bug::none;
inline bool is_planted(planted_bug b) {
  return planted == b;
}
#else
constexpr bool is_planted(planted_bug) {
  return false;
}
#endif

} // namespace lmq
