#include "core/fault_point.hpp"

#ifdef LMQ_FAULTS

#include "core/mix.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <string>
#include <vector>

namespace lmq {

namespace {

enum class kind { never, once, random };

struct chance {
  std::string prefix;
  std::uint64_t one_in;
};

// Set while nothing else runs (a test between two steps, the program at its start); only counted from then
// on.
std::atomic<kind> plan{kind::never};
std::atomic<std::uint64_t> reached{0};
std::atomic<std::uint64_t> thrown_count{0};
std::uint64_t at = 0;
std::uint64_t seed = 0;
std::vector<chance> chances;

/// splitmix64: the n-th number of a seed's sequence, without the ones before it.
std::uint64_t number(std::uint64_t of_seed, std::uint64_t n) noexcept {
  return mix_bits(of_seed + n * mix_step);
}

void start(kind k) noexcept {
  reached = 0;
  thrown_count = 0;
  plan = k;
}

chance to_chance(std::string_view text) {
  auto equals = text.find('=');
  std::uint64_t one_in = 0;
  auto number_of = text.substr(std::min(text.size(), equals + 1));
  auto [end, error] = std::from_chars(number_of.data(), number_of.data() + number_of.size(), one_in);
  if (equals == 0 || equals == text.npos || error != std::errc{} ||
      end != number_of.data() + number_of.size() || one_in == 0)
    throw std::invalid_argument("\"" + std::string{text} + "\" is no chance; give e.g. queue=1000");
  return {std::string{text.substr(0, equals)} + ".", one_in};
}

/// Whether the n-th point that is reached throws.
bool due(std::string_view name, std::uint64_t n) {
  for (const auto& c : chances)
    if (name.starts_with(c.prefix))
      return number(seed, n) % c.one_in == 0;
  return false;
}

} // namespace

void fault_plan::never() noexcept {
  plan = kind::never;
}

void fault_plan::once_at(std::uint64_t n) noexcept {
  at = n;
  start(kind::once);
}

void fault_plan::at_random(std::uint64_t of_seed, std::string_view text) {
  never();
  std::vector<chance> parsed;
  for (auto rest = text; !rest.empty();) {
    auto one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    parsed.push_back(to_chance(one));
  }
  seed = of_seed;
  chances = std::move(parsed);
  start(kind::random);
}

std::uint64_t fault_plan::thrown() noexcept {
  return thrown_count;
}

void fault_point(const char* name) {
  auto k = plan.load(std::memory_order_acquire);
  if (k == kind::never)
    return;
  auto n = reached.fetch_add(1, std::memory_order_relaxed) + 1;
  if (k == kind::once ? n != at : !due(name, n))
    return;
  thrown_count.fetch_add(1, std::memory_order_relaxed);
  throw injected_fault(name);
}

} // namespace lmq

#endif
