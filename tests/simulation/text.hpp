// What a trace shows of a message, a fact, a unit.
#pragma once

#include "cluster/protocol.hpp"
#include "core/fact.hpp"

#include <string>

namespace lmq::simulation {

std::string text_of(message_id id);
std::string text_of(const fact& what);
std::string text_of(const held_unit& what);
std::string text_of(const unit_record& what);

} // namespace lmq::simulation
