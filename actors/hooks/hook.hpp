// Hooks: named pieces of code that a queue's properties call at defined points.
//
// A hook is made once for each queue and set of properties that names it, and runs inside that queue's actor:
// it needs no lock and must not block. What it throws is logged and the hook is skipped; the message goes on.
#pragma once

#include "core/message.hpp"
#include "core/properties.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lmq {

/// The base of all hooks: every point does nothing unless it is overridden.
class hook {
public:
  virtual ~hook() = default;

  /// An HTTP push, before the queue decides anything.
  ///
  /// @param request  the request's headers, names in lower case
  /// @param pushed   may be changed: preserved headers added, content replaced
  virtual void pre_http_push(const header_list& request, message& pushed) const;
};

/// Makes a hook from the arguments in the properties. Errors: bad_property, where the arguments make no sense
using hook_factory =
  std::function<result<std::unique_ptr<const hook>>(const std::vector<std::string>& arguments)>;

/// The hooks of a program, by name. Filled before the broker starts and not changed afterwards.
class hook_catalog {
public:
  /// All hooks that come with LMQ.
  static hook_catalog built_in();

  /// @param points  where the hook may be used, e.g. {"pre_http_push"}
  void add(std::string name, std::vector<std::string> points, hook_factory make);

  /// Errors: unknown_hook for a name or point that isn't there, bad_property for arguments a hook refuses
  result<void> check(const hook_settings& settings) const;

  /// Errors: as `check`
  result<std::unique_ptr<const hook>> make(const std::string& point, const hook_call& call) const;

private:
  struct entry {
    std::vector<std::string> points;
    hook_factory make;
  };
  static bool has_point(const std::string& point);

  std::map<std::string, entry> entries_;
};

} // namespace lmq
