// How many requests were answered: of HTTP by route and status, of MessagePack-RPC by what they asked.
#pragma once

#include "gateway/request.hpp"
#include "metrics/families.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace lmq {

/// One I/O thread's; it alone counts, any thread reads.
class request_tally {
public:
  /// What was asked: its place in `request`, or what HTTP answers without the broker.
  using kind = std::size_t;
  static constexpr kind kinds_of_broker = std::variant_size_v<request>;
  static constexpr kind a_document = kinds_of_broker, unknown = kinds_of_broker + 1;

  void count_http(kind asked, unsigned status) noexcept { add(http_[asked][slot_of(status)]); }
  void count_rpc(kind asked, bool failed) noexcept { add(rpc_[asked][failed ? 1 : 0]); }

  /// Sums over threads; what was never asked is left out.
  static void tell(const std::vector<std::shared_ptr<request_tally>>& all, metrics::families& out);

private:
  static constexpr std::array statuses{200U, 204U, 400U, 401U, 403U, 404U, 405U, 408U, 409U, 411U, 413U,
                                       414U, 415U, 417U, 422U, 429U, 431U, 500U, 501U, 503U, 505U, 507U};
  static constexpr kind kinds = kinds_of_broker + 2;

  using counter = std::atomic<std::uint64_t>;

  static std::size_t slot_of(unsigned status) noexcept;
  static void add(counter& to) noexcept {
    to.store(to.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::array<std::array<counter, statuses.size() + 1>, kinds> http_{}; ///< the last one: any other status
  std::array<std::array<counter, 2>, kinds> rpc_{};
};

} // namespace lmq
