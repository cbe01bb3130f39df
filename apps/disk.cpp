#include "apps/disk.hpp"

#include "apps/exit_code.hpp"
#include "cluster/stored_queues.hpp"
#include "core/log_value.hpp"
#include "storage/directory.hpp"

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

/// More than the disk can take between two looks. Units: bytes
constexpr std::uint64_t ease_bytes = 1UL << 30;

/// The smaller of 1 GiB and a twentieth of the file system.
std::uint64_t default_reserve(const std::string& directory) {
  std::error_code none;
  auto space = std::filesystem::space(directory, none);
  if (none)
    return reserve_bytes_default_max;
  return std::min<std::uint64_t>(reserve_bytes_default_max, space.capacity / reserve_share);
}

/// How much of a file system may be in one write buffer, and in the ballast: little of it, so that what a
/// flush and a merge take is little.
struct share {
  std::uint64_t one_in, bytes_min, bytes_max;
};
constexpr share of_write_buffer{256, 256UL << 10, 64UL << 20};
constexpr share of_ballast{64, 1UL << 20, 64UL << 20};

/// The ballast is no more than this share of a limit on the directory.
constexpr std::uint64_t ballast_share_of_limit = 8;

std::uint64_t part_of(const std::string& directory, share of) {
  std::error_code none;
  auto path = std::filesystem::absolute(directory, none).lexically_normal();
  auto there = std::filesystem::exists(path, none) ? path : path.parent_path(); // it will be made
  auto space = std::filesystem::space(there, none);
  return none ? of.bytes_max
              : std::clamp<std::uint64_t>(space.capacity / of.one_in, of.bytes_min, of.bytes_max);
}

std::uint64_t ballast_bytes(const disk_settings& with) {
  auto bytes = part_of(with.directory, of_ballast);
  return with.limit_bytes ? std::min<std::uint64_t>(bytes, *with.limit_bytes / ballast_share_of_limit)
                          : bytes;
}

/// What is not on the disk may not be answered, and what the disk holds is not known any more.
[[noreturn]] void end_without_disk(const store_error& why) {
  spdlog::critical("storage.failed what={} message=\"this process ends, for it can't keep what it promises\"",
                   log_value(why.sentence));
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

std::size_t memory_for_bodies(const disk_settings& with) {
  return memory_for_messages(with) / 2;
}

tl::expected<disk::opened, std::string> disk::open(const disk_settings& with,
                                                   std::shared_ptr<push_gate> pushes) {
  auto began = std::chrono::steady_clock::now();
  if (auto whole = check_finished(with.directory); !whole)
    return tl::unexpected<std::string>(std::move(whole.error().sentence));
  auto from = store::open({.directory = with.directory,
                           .env = with.files,
                           .write_buffer_bytes = part_of(with.directory, of_write_buffer),
                           .ballast_bytes = ballast_bytes(with),
                           .body_bytes_max = memory_for_bodies(with),
                           .program = LMQ_VERSION});
  if (!from)
    return tl::unexpected<std::string>(std::move(from.error().sentence));
  for (const auto& remark : from->remarks)
    spdlog::warn("{}", remark);
  std::size_t messages = 0;
  for (const auto& [name, q] : from->state.queues)
    messages += q.messages.size();
  spdlog::info("storage.open directory={} queues={} messages={} seconds={:.3f}", log_value(with.directory),
               count_queues(from->state), messages,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  return opened{std::make_shared<disk>(std::move(from->store), with, std::move(pushes)),
                std::move(from->state)};
}

disk::disk(store from, const disk_settings& with, std::shared_ptr<push_gate> pushes)
    : limit_bytes_(with.limit_bytes),
      reserve_bytes_(with.reserve_bytes ? *with.reserve_bytes : default_reserve(with.directory)),
      directory_(with.directory),
      pushes_(std::move(pushes)),
      rules_({.reserve = reserve_bytes_, .used_max = with.limit_bytes}),
      journal_(std::move(from), {.stored =
                                   [this](std::uint64_t number) {
                                     look_after_write();
                                     stored_(number);
                                   },
                                 .broken = [](const store_error& why) { end_without_disk(why); }}) {
  look_at_space(true);
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

void disk::sync() {
  journal_.sync();
}

std::optional<message> disk::read(const std::string& queue, message_id id) const {
  auto found = journal_.stored().read(queue, id);
  if (!found)
    end_without_disk(found.error());
  return *std::move(found);
}

tl::expected<void, store_error> disk::copy_to(const std::string& directory) const {
  copying_ = true;
  auto copied = journal_.stored().copy_to(directory);
  copying_ = false;
  return copied;
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
    look_at_space(true);
}

/// Near the reserve each write counts, and the next look may be too late; so it may be where much is written.
void disk::look_after_write() {
  if (!at_ease_ || room_->should_look())
    look_at_space(false);
}

/// Pushes are refused where the directory has grown to its limit or the file system is down to its reserve,
/// and taken again a tenth away from there.
void disk::look_at_space(bool with_used) {
  const auto& store = journal_.stored();
  std::lock_guard lock{space_mutex_};
  with_used = with_used && limit_bytes_;
  auto stored = room_->stored();
  auto there = store.space(with_used);
  if (with_used) {
    used_ = there.used;
    stored_at_used_ = stored;
  } else {
    there.used = used_ + (stored - stored_at_used_) / write_room::writes_of_a_message; // about
  }
  auto before = rules_.shortage_now();
  auto moves_passed = rules_.moves_pass();
  auto had_ballast = std::exchange(had_ballast_, there.ballast_taken);
  auto orders = rules_.look(there, steady_clock::now());
  if (orders.give_ballast_back)
    store.give_ballast_back();
  if (orders.take_ballast && store.take_ballast())
    had_ballast_ = true;
  if (orders.resume_merges)
    store.resume_merges();
  if (orders.flush)
    store.flush_soon();
  if (had_ballast && (orders.give_ballast_back || !there.ballast_taken)) {
    had_ballast_ = false;
    spdlog::warn("storage.ballast_given_back directory={} bytes={} message=\"the disk is full; make room\"",
                 log_value(directory_), there.ballast);
  }
  room_->set(rules_.room(), stored);
  auto now = rules_.shortage_now();
  at_ease_ = now == shortage::none && (had_ballast_ || there.ballast == 0) &&
             there.free > 2 * (reserve_bytes_ + there.unflushed + there.merging) + ease_bytes;
  if (now != before)
    tell_shortage(there.free);
  if (now != before || rules_.moves_pass() != moves_passed)
    set_gate();
}

/// Why pushes are refused. There is a shortage.
std::string disk::shortage_sentence() const {
  return rules_.shortage_now() == shortage::limit
           ? fmt::format("the messages that are kept take more than --disk-limit, {} bytes", *limit_bytes_)
           : fmt::format("the disk is nearly full: less than --disk-reserve, {} bytes, would be free where "
                         "messages are kept when what is to be flushed and merged there has been",
                         reserve_bytes_);
}

void disk::tell_shortage(std::uint64_t free) const {
  if (rules_.shortage_now() == shortage::none)
    return spdlog::info("storage.space_enough directory={} free_bytes={}", log_value(directory_), free);
  spdlog::warn("storage.space_short directory={} free_bytes={} message={}", log_value(directory_), free,
               log_value(shortage_sentence() + "; pushes are refused, pulls and settles go on"));
}

void disk::set_gate() {
  if (rules_.shortage_now() == shortage::none)
    return pushes_->open(push_gate::watched::disk);
  pushes_->close(
    push_gate::watched::disk,
    rules_.moves_pass() ? push_gate::closed_for::clients : push_gate::closed_for::all,
    {reason::no_space, shortage_sentence() + "; pull what is there, or make room, and push again"});
}

} // namespace lmq
