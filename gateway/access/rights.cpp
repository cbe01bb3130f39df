#include "gateway/access/rights.hpp"

namespace lmq {

namespace {

/// No verb is left to a default: a new one does not compile before it is said here what it needs.
struct table {
  using needed = std::optional<needed_right>;

  needed operator()(const push_one& r) const { return needed_right{right::push, &r.queue}; }
  needed operator()(const push_matching&) const { return needed_right{right::push, nullptr}; }
  needed operator()(const pull_one& r) const { return needed_right{right::pull, &r.queue}; }
  needed operator()(const pull_matching&) const { return needed_right{right::pull, nullptr}; }
  needed operator()(const settle_lease& r) const { return needed_right{right::pull, &r.queue}; }

  needed operator()(const delete_queue& r) const { return needed_right{right::admin, &r.queue}; }
  needed operator()(const get_properties& r) const { return needed_right{right::admin, &r.queue}; }
  needed operator()(const patch_properties& r) const { return needed_right{right::admin, &r.queue}; }
  needed operator()(const delete_properties& r) const { return needed_right{right::admin, &r.queue}; }
  needed operator()(const revive_queue& r) const { return needed_right{right::admin, &r.queue}; }
  needed operator()(const redrive_queue& r) const { return needed_right{right::admin, &r.queue}; }

  needed operator()(const list_queues&) const { return needed_right{right::watch, nullptr}; }
  needed operator()(const describe_queue& r) const { return needed_right{right::watch, &r.queue}; }
  needed operator()(const peek_messages& r) const { return needed_right{right::watch, &r.queue}; }
  needed operator()(const purge_queue& r) const { return needed_right{right::admin, &r.queue}; }
  needed operator()(const pause_queue& r) const { return needed_right{right::admin, &r.queue}; }
  needed operator()(const resume_queue& r) const { return needed_right{right::admin, &r.queue}; }
  needed operator()(const remove_message& r) const { return needed_right{right::admin, &r.queue}; }

  needed operator()(const get_rules&) const { return needed_right{}; }
  needed operator()(const put_rules&) const { return needed_right{}; }
  needed operator()(const delete_rules&) const { return needed_right{}; }
  needed operator()(const get_stats&) const { return needed_right{right::watch, nullptr}; }
  needed operator()(const get_metrics&) const { return needed_right{right::watch, nullptr}; }
  needed operator()(const get_cluster&) const { return needed_right{right::watch, nullptr}; }
  needed operator()(const join_cluster&) const { return needed_right{}; }
  needed operator()(const leave_cluster&) const { return needed_right{}; }
  needed operator()(const forget_member&) const { return needed_right{}; }
  needed operator()(const make_backup&) const { return needed_right{}; }

  needed operator()(const get_health&) const { return std::nullopt; }
};

} // namespace

std::string_view to_text(right r) noexcept {
  switch (r) {
  case right::push: return "push";
  case right::pull: return "pull";
  case right::watch: return "watch";
  case right::admin: return "admin";
  }
  return "";
}

std::optional<needed_right> needed_for(const request& what) noexcept {
  return std::visit(table{}, what);
}

// Rules name queues of dead letters as well, but they take `admin` on all queues to begin with.
std::optional<needed_right> needed_by_document(const request& what) noexcept {
  if (const auto* patch = std::get_if<patch_properties>(&what))
    if (const auto& target = patch->change.dead_letter; target && !target->empty())
      return needed_right{right::push, &*target};
  return std::nullopt;
}

} // namespace lmq
