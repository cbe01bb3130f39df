// How the node does, as JSON: the body of `GET /health`.
#pragma once

#include "actors/supervision/health.hpp"

#include <string>

namespace lmq {

/// `{"live":true,"ready":…,"reasons":[…],"restarts":{…}}`. `live` is true where an answer comes at all.
std::string health_json(const health_report& health);

} // namespace lmq
