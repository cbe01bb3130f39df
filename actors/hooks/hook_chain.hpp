// The hooks that a queue's properties name, made and ready to run. Owned by one queue's actor.
#pragma once

#include "actors/hooks/hook.hpp"

#include <string>
#include <vector>

namespace lmq {

class hook_chain {
public:
  hook_chain() = default;

  /// Makes every hook that can be made. One that can't, or that throws in its making, is logged and left out:
  /// the registry has checked them, so that is a hook's own fault.
  hook_chain(const properties& in_force, const hook_catalog& catalog, const std::string& queue);

  bool empty() const noexcept { return hooks_.empty(); }

  /// Runs the hooks of this point in their order. One that throws is logged and skipped, and what it had done
  /// to the message is undone.
  void pre_http_push(const header_list& request, message& pushed, const std::string& queue) const;

private:
  struct named_hook {
    std::string name;
    std::unique_ptr<const hook> run;
  };
  std::vector<named_hook> hooks_; ///< at pre_http_push, the only point there is
};

} // namespace lmq
