// What a handful of samples says about a distribution: the figures that `GET /stats` tells of waiting times.
// A pure function, for any thread.
#pragma once

#include "actors/stats/report.hpp"

#include <cstddef>
#include <vector>

namespace lmq {

/// Bins of a histogram at most.
inline constexpr std::size_t histogram_bins_max = 32;

/// Waits below this count as this in the geometric and the harmonic mean, whose logarithm and reciprocal a
/// wait of 0 would blow up. It is the resolution of the original's clock.
inline constexpr double least_wait_seconds = 1e-6;

/// Formulas are those of bear, folsom's library of statistics, but where noted. x are the n samples, m their
/// mean, s their standard deviation.
///
///   variance            sum((x - m)^2) / (n - 1), 0 for n = 1
///   standard_deviation  s = sqrt(variance)
///   skewness            (sum((x - m)^3) / n) / s^3, 0 where s is 0
///   kurtosis            (sum((x - m)^4) / n) / s^4 - 3 (excess: a normal distribution has 0), 0 where s is 0
///   geometric_mean      exp(sum(log x) / n)    } x at least `least_wait_seconds`, and the result no more
///   than the harmonic_mean       n / sum(1 / x)         } mean before it: harmonic <= geometric <=
///   arithmetic always holds
///                                                (bear takes log 0 for 1, which makes a wait of 0 one of 2.7
///                                                s)
///   median, p50 … p999  the sample at rank round(p * n), counted from 1 and at least 1: always one that was
///   taken histogram           bins of equal width w up to multiples of w, from the one that holds the least
///   sample to the
///                       one that holds the greatest, empty ones between included. w is the least of 1, 2 or
///                       5 * 10^k that is no less than Scott's 3.5 * s / cbrt(n) and makes no more than
///                       `histogram_bins_max` bins (bear's are whole seconds wide, so one bin for most
///                       queues). Where all samples are equal: one bin up to them
///
/// Nothing is NaN or infinite. Without samples all is 0 and the histogram empty; bear does so for less
/// than 5.
///
/// @param samples  seconds, finite and not negative, in any order
/// Cost: O(n log n)
retention_report describe(std::vector<float> samples);

} // namespace lmq
