#include "apps/backup_actor.hpp"

#include "core/log_value.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <string>
#include <utility>

namespace lmq {

namespace {

backup_outcome outcome_of(const store_error& why) {
  using kind = backup_outcome::kind;
  switch (why.what) {
  case store_error::kind::no_access: return {kind::bad_directory, why.sentence};
  case store_error::kind::no_space: return {kind::no_space, why.sentence};
  case store_error::kind::locked:
  case store_error::kind::newer:
  case store_error::kind::damaged:
  case store_error::kind::io: break;
  }
  return {kind::failed, why.sentence};
}

class backup_actor final : public backup_handle::base {
public:
  backup_actor(caf::actor_config& config, std::shared_ptr<const disk> of)
      : backup_handle::base(config), disk_(std::move(of)) {}

  const char* name() const override { return "backup"; }

  behavior_type make_behavior() override {
    return {[this](backup_atom, const std::string& directory) { return copy_to(directory); }};
  }

  void on_exit() override { disk_.reset(); }

private:
  backup_outcome copy_to(const std::string& directory) const {
    auto began = std::chrono::steady_clock::now();
    if (auto copied = disk_->copy_to(directory); !copied) {
      spdlog::warn("storage.backup_failed directory={} message={}", log_value(directory),
                   log_value(copied.error().sentence));
      return outcome_of(copied.error());
    }
    spdlog::info("storage.backup directory={} seconds={:.3f}", log_value(directory),
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    return {};
  }

  std::shared_ptr<const disk> disk_;
};

} // namespace

backup_handle spawn_backup(caf::actor_system& system, std::shared_ptr<const disk> of) {
  return system.spawn<backup_actor, caf::detached>(std::move(of));
}

} // namespace lmq
