// A node's disk: the journal with its store, and a look at the space that is left.
//
// When the disk fails the process ends at once: what it could not write must not be answered. Holds the
// journal and a thread that closes the gate for pushes while space is short. Owned by the wiring of the node.
#pragma once

#include "apps/settings.hpp"
#include "cluster/row_writer.hpp"
#include "core/push_gate.hpp"
#include "core/write_room.hpp"
#include "storage/journal.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tl/expected.hpp>

namespace lmq {

/// For all messages: as was asked for, or half of what the machine has. Units: bytes
std::size_t memory_for_messages(const disk_settings& with);

/// Of that, for bodies, where there is a disk for those beyond. Units: bytes
std::size_t memory_for_bodies(const disk_settings& with);

class disk final : public row_writer {
public:
  struct opened {
    std::shared_ptr<disk> where;
    stored_state state; ///< what the last life has left
  };

  /// Opens the data directory and reads all that is there.
  /// Errors: a sentence; nothing was changed then
  static tl::expected<opened, std::string> open(const disk_settings& with, std::shared_ptr<push_gate> pushes);

  disk(store from, const disk_settings& with, std::shared_ptr<push_gate> pushes);
  ~disk() override;

  void begin(std::function<void(std::uint64_t)> stored) override;
  std::optional<message> read(const std::string& queue, message_id id) const override;
  void write(store_batch rows, std::uint64_t number) override;
  void sync() override;

  /// Writes what has come. Nothing may be written afterwards.
  void stop();

  /// Of the journal, for whoever exports them. Any thread.
  journal::figures figures() const noexcept { return journal_.so_far(); }

  /// A copy of the directory, see store::copy_to. Any thread, one at a time.
  tl::expected<void, store_error> copy_to(const std::string& directory) const;

  /// Whether one is being made. It can't be broken off.
  bool copies() const noexcept { return copying_; }

  /// What pushes may write, kept up to date.
  const std::shared_ptr<write_room>& room() const noexcept { return room_; }

private:
  void watch_space();
  void look_at_space(bool with_used);
  void look_after_write();
  std::string shortage_sentence() const;
  void tell_shortage(std::uint64_t free) const;
  void set_gate();

  const std::optional<std::size_t> limit_bytes_;
  const std::uint64_t reserve_bytes_;
  const std::string directory_;
  mutable std::atomic<bool> copying_ = false;
  std::shared_ptr<push_gate> pushes_;
  const std::shared_ptr<write_room> room_ = std::make_shared<write_room>();
  std::mutex space_mutex_; ///< guards the rules and what follows from them
  space_rules rules_;
  bool had_ballast_ = false;         ///< when it was looked last
  std::uint64_t used_ = 0;           ///< … where there is a limit
  std::uint64_t stored_at_used_ = 0; ///< then
  std::atomic<bool> at_ease_ = true; ///< when it was looked last, space was neither short nor near it
  std::function<void(std::uint64_t)> stored_;
  journal journal_;
  std::mutex mutex_; ///< guards `stopping_`
  std::condition_variable stop_asked_;
  bool stopping_ = false;
  std::thread watcher_;
};

} // namespace lmq
