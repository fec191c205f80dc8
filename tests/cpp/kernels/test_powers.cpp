// SPDX-License-Identifier: MIT
#include "kernels/powers.hpp"

#include "check.hpp"
#include "sampling/random.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>

using namespace dqn_fast;

namespace {

using Limits = std::numeric_limits<double>;

// How far `value` is from the long double `exact`, in units in the last place of a double.
double ulps(double value, long double exact) {
    const double next = std::nextafter(value, std::numeric_limits<double>::infinity());
    return static_cast<double>(
        std::fabs((static_cast<long double>(value) - exact) / (next - value)));
}

void power_is_within_two_ulp_of_a_wider_one() {
    static_assert(std::numeric_limits<long double>::digits >= 53);
    if (std::numeric_limits<long double>::digits == 53)
        return; // nothing wider to compare with on this platform; the others check it
    Random random;
    random.seed(3);
    double worst = 0;
    for (int i = 0; i < 2'000'000; ++i) {
        const double x =
            std::ldexp(0.5 + 0.5 * random.uniform(), static_cast<int>(random.below(2000)) - 1000);
        const double y = (random.uniform() - 0.5) * (i % 2 == 0 ? 2.0 : 0.2);
        const long double exact =
            std::pow(static_cast<long double>(x), static_cast<long double>(y));
        worst = std::max(worst, ulps(powers::power(x, y), exact));
    }
    std::printf("power: at most %.3f ulp\n", worst);
    CHECK(worst < 2.0);
}

void corners() {
    for (const double x : {5e-324, 1e-310, Limits::min(), 1e-30, 1.0, 2.0, 1e30, Limits::max()}) {
        CHECK(powers::power(x, 0.0) == 1.0);
        CHECK(ulps(powers::power(x, 1.0), std::max<long double>(x, Limits::min())) < 2.0 ||
              x > 1e308);
        int exponent = 0; // apart, as not every library's logarithm is right for subnormal numbers
        const double mantissa = std::frexp(x, &exponent);
        CHECK(std::fabs(powers::log2(x).hi - (std::log2(mantissa) + exponent)) <= 1e-12);
    }
    CHECK(powers::power(1.0, 0.6) == 1.0);
    CHECK(powers::power(4.0, 0.5) == 2.0);
    CHECK(powers::power(1e-200, 5.0) == Limits::min()); // held above zero
    CHECK(std::isfinite(powers::power(1e200, 5.0)));
    CHECK(powers::exp2({0.0, 0.0}) == 1.0);
}

void power_never_falls_where_its_base_rises() {
    double before = 0;
    for (double x = 1e-6; x < 10; x *= 1.0001) {
        const double value = powers::power(x, 0.6);
        CHECK(value > before);
        before = value;
    }
}

} // namespace

int main() {
    power_is_within_two_ulp_of_a_wider_one();
    corners();
    power_never_falls_where_its_base_rises();
}
