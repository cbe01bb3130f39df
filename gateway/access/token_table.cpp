#include "gateway/access/token_table.hpp"

#include <utility>

namespace lmq {

bool token_grant::covers(const std::string& queue) const {
  return !queues || queues->finds(queue);
}

bool token_table::add(const token_digest& token, token_grant grant) {
  return grants_.emplace(token, std::move(grant)).second;
}

const token_grant* token_table::find(std::string_view token) const {
  return find(digest_of(token));
}

const token_grant* token_table::find(const token_digest& token) const {
  auto found = grants_.find(token);
  return found == grants_.end() ? nullptr : &found->second;
}

} // namespace lmq
