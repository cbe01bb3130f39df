// How many queues a data directory brings back, for those who open one without being a node.
#pragma once

#include "core/stored.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace lmq {

/// Those that hold messages, and those that are there without any: their notes say so.
///
/// @param with_messages  the names of the former
/// @param notes          as stored_state has them
/// Cost: reads every note
std::size_t count_queues(std::set<std::string> with_messages,
                         const std::map<std::string, std::string>& notes);
std::size_t count_queues(const stored_state& all);

} // namespace lmq
