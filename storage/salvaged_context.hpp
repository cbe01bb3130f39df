// Which messages may count as settled after damage.
//
// In the context and not held is settled, for the whole cluster: a message that was only lost must not be in
// it, or this node would make the others throw away theirs. Pure functions.
#pragma once

#include "core/id_set.hpp"
#include "storage/table_file.hpp"

#include <optional>
#include <vector>

namespace lmq {

/// The ids that a message may have had whose row lay between those keys; both ends included. Nothing: any.
/// Empty: none, for there are no rows of messages.
struct lost_ids {
  bool any = false; ///< whatever id
  std::vector<std::pair<message_id, message_id>> ranges;
};

lost_ids ids_in(const key_range& keys);

/// What is left of a context without those ids.
id_set without(const id_set& context, const lost_ids& lost);

} // namespace lmq
