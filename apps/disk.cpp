#include "apps/disk.hpp"

#include "apps/exit_code.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <system_error>
#include <utility>

namespace lmq {

namespace {

using namespace std::chrono_literals;

constexpr auto look_interval = 250ms;
constexpr std::uint64_t reserve_bytes_default_max = 1024UL * 1024 * 1024;
constexpr std::uint64_t reserve_share = 20; // one in so many

/// The smaller of 1 GiB and a twentieth of the file system.
std::uint64_t default_reserve(const std::string& directory) {
  std::error_code none;
  auto space = std::filesystem::space(directory, none);
  if (none)
    return reserve_bytes_default_max;
  return std::min<std::uint64_t>(reserve_bytes_default_max, space.capacity / reserve_share);
}

/// What is not on the disk may not be answered, and what the disk holds is not known any more.
[[noreturn]] void end_without_disk(const store_error& why) {
  spdlog::critical("storage.failed message=\"{}; this process ends, for it can't keep what it promises\"",
                   why.sentence);
  spdlog::shutdown();
  std::_Exit(static_cast<int>(exit_code::storage));
}

} // namespace

tl::expected<disk::opened, std::string> disk::open(const disk_settings& with,
                                                   std::shared_ptr<push_gate> pushes) {
  auto began = std::chrono::steady_clock::now();
  auto from = store::open({.directory = with.directory, .program = LMQ_VERSION});
  if (!from)
    return tl::unexpected<std::string>(std::move(from.error().sentence));
  for (const auto& remark : from->remarks)
    spdlog::warn("{}", remark);
  std::size_t messages = 0;
  for (const auto& [name, q] : from->state.queues)
    messages += q.messages.size();
  spdlog::info("storage.open directory={} queues={} messages={} seconds={:.3f}", with.directory,
               from->state.queues.size(), messages,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  return opened{std::make_shared<disk>(std::move(from->store), with, std::move(pushes)),
                std::move(from->state)};
}

disk::disk(store from, const disk_settings& with, std::shared_ptr<push_gate> pushes)
    : reserve_bytes_(with.reserve_bytes ? *with.reserve_bytes : default_reserve(with.directory)),
      directory_(with.directory),
      pushes_(std::move(pushes)),
      journal_(std::move(from), {.stored = [this](std::uint64_t number) { stored_(number); },
                                 .broken = [](const store_error& why) { end_without_disk(why); }}) {
  look_at_space();
  watcher_ = std::thread{[this] { watch_space(); }};
}

disk::~disk() {
  stop();
}

void disk::begin(std::function<void(std::uint64_t)> stored) {
  stored_ = std::move(stored);
}

void disk::write(store_batch rows, std::uint64_t number) {
  journal_.write(std::move(rows), number);
}

void disk::stop() {
  {
    std::lock_guard lock{mutex_};
    if (std::exchange(stopping_, true))
      return;
  }
  stop_asked_.notify_one();
  watcher_.join();
  journal_.stop();
}

void disk::watch_space() {
  std::unique_lock lock{mutex_};
  while (!stop_asked_.wait_for(lock, look_interval, [this] { return stopping_; }))
    look_at_space();
}

/// Pushes are refused below the reserve and taken again a little above it.
void disk::look_at_space() {
  auto free = journal_.stored().free_bytes();
  auto wanted = short_of_space_ ? reserve_bytes_ + reserve_bytes_ / 10 : reserve_bytes_;
  if ((free < wanted) == short_of_space_)
    return;
  short_of_space_ = !short_of_space_;
  if (!short_of_space_) {
    spdlog::info("storage.space_enough directory={} free_bytes={}", directory_, free);
    return pushes_->open();
  }
  spdlog::warn(
    "storage.space_short directory={} free_bytes={} reserve_bytes={} message=\"pushes are refused; "
    "pulls and settles go on\"",
    directory_, free, reserve_bytes_);
  pushes_->close(
    {reason::over_limit, fmt::format("the disk is nearly full: less than {} bytes are free where "
                                     "messages are kept; pull what is there, or make room, and "
                                     "push again",
                                     reserve_bytes_)});
}

} // namespace lmq
