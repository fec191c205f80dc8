// SPDX-License-Identifier: MIT
#pragma once

#include "storage/always_inline.hpp"

#include <cstdint>

/// Logarithm, exponential and power for positive doubles: the same bits on every platform.
///
/// Only IEEE additions, multiplications and two divisions, in a fixed order and without branches,
/// so that loops over them vectorise; the library's `pow` is slower and differs between systems.
/// `power` is within 2 ulp: its logarithm is carried in two doubles (Dekker, 1971).
namespace dqn_fast::powers {

struct Double2 {
    double hi, lo; // the value is hi + lo
};

/// a * b exactly, without a fused multiply-add.
DQN_FAST_INLINE Double2 product(double a, double b) noexcept {
    constexpr double split = 134217729.0; // 2^27 + 1
    const double a_scaled = split * a, b_scaled = split * b;
    const double a_hi = a_scaled - (a_scaled - a), b_hi = b_scaled - (b_scaled - b);
    const double a_lo = a - a_hi, b_lo = b - b_hi;
    const double hi = a * b;
    return {hi, ((a_hi * b_hi - hi) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo};
}

/// The polynomial of these coefficients, that of the highest power first.
template <class... Coefficients>
DQN_FAST_INLINE double horner(double x, double highest, Coefficients... lower) noexcept {
    double value = highest;
    ((value = value * x + lower), ...);
    return value;
}

/// log2 of a positive finite double; the error is below 2^-58 absolutely.
DQN_FAST_INLINE Double2 log2(double x) noexcept {
    // x = 2^e * m with m in [sqrt(1/2), sqrt(2)).
    const bool subnormal = x < 0x1p-1022;
    const std::uint64_t bits = bits_of(x * (subnormal ? 0x1p54 : 1.0));
    constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcdU, exponent = 0xfffULL << 52;
    const std::uint64_t above = bits - sqrt_half;
    const double m = double_of(bits - (above & exponent));
    const std::uint64_t biased = (above + (1024ULL << 52)) >> 52; // e + 1024
    const double e =
        double_of(0x4330000000000000U + biased) - (0x1p52 + (subnormal ? 1078.0 : 1024.0));
    // log(m) = 2 atanh(s) with s = (m - 1) / (m + 1), itself in two doubles.
    const double f = m - 1.0, d = m + 1.0, d_lo = m - (d - 1.0);
    const double s = f / d;
    const Double2 sd = product(s, d);
    const double s_lo = (((f - sd.hi) - sd.lo) - s * d_lo) / d;
    const double z = s * s;
    const double z2 = z * z; // even and odd terms apart: two short chains instead of a long one
    const double even = horner(z2, 1.0 / 23, 1.0 / 19, 1.0 / 15, 1.0 / 11, 1.0 / 7, 1.0 / 3);
    const double odd = horner(z2, 1.0 / 21, 1.0 / 17, 1.0 / 13, 1.0 / 9, 1.0 / 5);
    const double series = even + z * odd;
    constexpr double two_log2e = 0x1.71547652b82fep+1, two_log2e_lo = 0x1.777d0ffda0d24p-55;
    const Double2 lead = product(s, two_log2e);
    const double rest =
        lead.lo + s * two_log2e_lo + s_lo * two_log2e + two_log2e * (s * z * series);
    const double hi = lead.hi + rest, lo = rest - (hi - lead.hi);
    const double sum = e + hi;
    return {sum, (hi - (sum - e)) + lo};
}

/// 2^(x.hi + x.lo), held within [2^-1022, 2^1023.25].
DQN_FAST_INLINE double exp2(Double2 x) noexcept {
    const double raised = x.hi < -1022.0 ? -1022.0 : x.hi;
    const double hi = 1023.25 < raised ? 1023.25 : raised;
    constexpr double round = 0x1.8p52; // adding it leaves the nearest integer in the low bits
    const double shifted = hi + round;
    const double t = ((hi - (shifted - round)) + (hi == x.hi ? x.lo : 0.0)) * 0x1.62e42fefa39efp-1;
    const double t2 = t * t; // 1 / 2! to 1 / 13!
    const double even =
        horner(t2, 1.0 / 479001600, 1.0 / 3628800, 1.0 / 40320, 1.0 / 720, 1.0 / 24, 0.5);
    const double odd = horner(
        t2, 1.0 / 6227020800.0, 1.0 / 39916800, 1.0 / 362880, 1.0 / 5040, 1.0 / 120, 1.0 / 6);
    const double series = even + t * odd;
    const double value = 1.0 + (t + t2 * series);
    const std::uint64_t scale = (bits_of(shifted) + 1023) << 52;
    return value * double_of(scale);
}

/// x^y for positive finite x, held within the bounds of exp2.
DQN_FAST_INLINE double power(double x, double y) noexcept {
    const Double2 logarithm = log2(x);
    const Double2 scaled = product(logarithm.hi, y);
    return exp2({scaled.hi, scaled.lo + logarithm.lo * y});
}

} // namespace dqn_fast::powers
