// Stores in a test's own folder, with a clock that stands still.
#pragma once

#include "storage/store.hpp"
#include "tests/storage/row_model.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>

namespace lmq::testing {

/// In memory where the system has such a place: for tests that open a thousand times.
class quick_folder : public temporary_folder {
public:
  quick_folder() : temporary_folder(place()) {}

private:
  static std::filesystem::path place() {
    std::error_code none;
    return std::filesystem::is_directory("/dev/shm", none) ? "/dev/shm"
                                                           : std::filesystem::temp_directory_path();
  }
};

inline constexpr std::uint64_t noon_ms = 1'700'000'000'000;

inline store_options options_in(const std::filesystem::path& directory, std::uint64_t wall_ms = noon_ms) {
  store_options o;
  o.directory = directory;
  o.program = "1.2.3";
  o.wall_ms = [wall_ms] { return wall_ms; };
  return o;
}

inline store::opened open_well(const store_options& options) {
  auto opened = store::open(options);
  if (!opened)
    throw std::runtime_error(opened.error().sentence);
  return std::move(*opened);
}

inline void write_well(store& to, const store_batch& b) {
  if (auto done = to.write({b}); !done)
    throw std::runtime_error(done.error().sentence);
}

/// The error's kind; io if it opens.
inline store_error error_of_opening(const store_options& options) {
  auto opened = store::open(options);
  return opened ? store_error{store_error::kind::io, "it opens"} : opened.error();
}

inline store_batch one_message(const std::string& queue, message_id id, const std::string& body) {
  stored_queue_change c;
  c.queue = queue;
  c.messages.push_back({id, {payload::copy_of("text/plain", body), nullptr}, 3, id.counter});
  store_batch b;
  b.queues.push_back(std::move(c));
  return b;
}

inline store_batch gone(const std::string& queue, std::vector<message_id> ids) {
  stored_queue_change c;
  c.queue = queue;
  c.gone_messages = std::move(ids);
  store_batch b;
  b.queues.push_back(std::move(c));
  return b;
}

} // namespace lmq::testing
