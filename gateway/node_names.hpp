// Who belongs to the cluster, as clients are told.
#pragma once

#include <string>
#include <vector>

namespace lmq {

struct node_names {
  std::vector<std::string> active; ///< members in step, this one included
  std::vector<std::string> all;
};

} // namespace lmq
