// Where a node's rows go: the port behind which the disk is. Made by the wiring of the node.
#pragma once

#include "core/memory_account.hpp"
#include "core/push_gate.hpp"
#include "core/stored.hpp"
#include "core/write_room.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace lmq {

class row_writer {
public:
  virtual ~row_writer() = default;

  /// Before the first `write`.
  /// @param stored  called on any thread: all rows up to that number are on the disk
  virtual void begin(std::function<void(std::uint64_t number)> stored) = 0;

  /// A message as it was written; nothing: it is settled. Any thread; waits for the disk.
  virtual std::optional<message> read(const std::string& queue, message_id id) const = 0;

  /// Takes rows, which may be written at once. Never blocks. Numbers grow.
  virtual void write(store_batch rows, std::uint64_t number) = 0;

  /// The rows so far are wanted on the disk now: `stored` follows. Never blocks.
  virtual void sync() = 0;
};

/// What a node has to keep its messages in.
struct node_disk {
  stored_state state;                     ///< what its last life has left
  std::shared_ptr<row_writer> writer;     ///< null: it has no disk
  std::size_t body_bytes_max = SIZE_MAX;  ///< in memory; bodies beyond are on the disk only
  std::shared_ptr<memory_account> memory; ///< is told what the copy takes; null: nobody counts
  std::shared_ptr<write_room> room = {};  ///< on the disk; null: there is always some
  std::shared_ptr<push_gate> pushes;      ///< is asked whether moves pass; null: they do
};

} // namespace lmq
