// Randomness of the model tests: everything follows from one seed, which a failure prints.
//
// LMQ_SEED=<number> repeats the run of that seed first, then goes on as usual.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace lmq {

class dice {
public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 to n - 1.
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[below(choices.size())];
  }
  template <class T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }

private:
  std::mt19937_64 engine_; ///< the same everywhere, unlike the standard distributions
};

/// From the environment, else a new one for each run of the program.
inline std::uint64_t first_seed() {
  if (const char* given = std::getenv("LMQ_SEED"))
    return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

/// The steps of a run, written down only when the run is repeated to be shown.
using step_log = std::vector<std::string>;

/// What is wrong with the run of this seed; nothing if all is well.
using seeded_run = std::function<std::optional<std::string>(std::uint64_t seed, step_log* log)>;

/// Runs the seeds from `first` on. A failure is told with its seed and its steps.
inline std::optional<std::string> failure_in_runs(std::uint64_t first, std::uint64_t count,
                                                  const seeded_run& run) {
  for (auto seed = first; seed != first + count; ++seed)
    if (run(seed, nullptr)) {
      step_log log;
      auto wrong = run(seed, &log);
      std::string told = "LMQ_SEED=" + std::to_string(seed) + ", " + std::to_string(log.size()) + " steps:\n";
      for (const auto& line : log)
        told += "  " + line + "\n";
      return told + (wrong ? *wrong
                           : "the run came out well when it was repeated: it depends on more than its seed");
    }
  return std::nullopt;
}

} // namespace lmq
