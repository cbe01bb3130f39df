#include "apps/disk.hpp"

#include "apps/exit_code.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <system_error>
#include <unistd.h>
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

std::size_t memory_for_messages(const disk_settings& with) {
  if (with.memory_bytes)
    return *with.memory_bytes;
  auto pages = ::sysconf(_SC_PHYS_PAGES), page_bytes = ::sysconf(_SC_PAGE_SIZE);
  return pages > 0 && page_bytes > 0
           ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes) / 2
           : SIZE_MAX;
}

tl::expected<disk::opened, std::string> disk::open(const disk_settings& with,
                                                   std::shared_ptr<push_gate> pushes) {
  auto began = std::chrono::steady_clock::now();
  auto from = store::open(
    {.directory = with.directory, .body_bytes_max = memory_for_messages(with) / 2, .program = LMQ_VERSION});
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
    : limit_bytes_(with.limit_bytes),
      reserve_bytes_(with.reserve_bytes ? *with.reserve_bytes : default_reserve(with.directory)),
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

std::optional<message> disk::read(const std::string& queue, message_id id) const {
  auto found = journal_.stored().read(queue, id);
  if (!found)
    end_without_disk(found.error());
  return *std::move(found);
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

/// Pushes are refused where the directory has grown to its limit or the file system is down to its reserve,
/// and taken again a tenth away from there.
void disk::look_at_space() {
  const auto& store = journal_.stored();
  auto free = store.free_bytes();
  auto used = limit_bytes_ ? store.disk_bytes() : 0;
  auto tenth = [&](std::uint64_t of) { return short_of_space_ ? of / 10 : 0; };
  bool no_room = free < reserve_bytes_ + tenth(reserve_bytes_);
  bool too_large = limit_bytes_ && used > *limit_bytes_ - tenth(*limit_bytes_);
  if ((no_room || too_large) == short_of_space_)
    return;
  short_of_space_ = !short_of_space_;
  if (!short_of_space_) {
    spdlog::info("storage.space_enough directory={} free_bytes={}", directory_, free);
    return pushes_->open(push_gate::watched::disk);
  }
  auto why =
    too_large ? fmt::format("the messages that are kept take more than --disk-limit, {} bytes", *limit_bytes_)
              : fmt::format("the disk is nearly full: less than --disk-reserve, {} bytes, are free where "
                            "messages are kept",
                            reserve_bytes_);
  spdlog::warn(
    "storage.space_short directory={} free_bytes={} message=\"{}; pushes are refused, pulls and settles go "
    "on\"",
    directory_, free, why);
  pushes_->close(push_gate::watched::disk,
                 {reason::over_limit, why + "; pull what is there, or make room, and push again"});
}

} // namespace lmq
