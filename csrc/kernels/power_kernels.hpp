// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/powers.hpp"

#include <cstddef>
#include <limits>

namespace dqn_fast::kernels {

/// Powers and logarithms of whole arrays, in loops that compilers vectorise. For `Isa` see Trees.
template <class Isa>
struct Powers {
    static void
    masses(const double *p, std::size_t count, double eps, double alpha, double *masses) {
        for (std::size_t i = 0; i < count; ++i)
            masses[i] = p[i] + eps;
        if (alpha == 1.0) // exactly the priority; but never zero if it is not
            for (std::size_t i = 0; i < count; ++i)
                masses[i] = masses[i] < kSmallest ? kSmallest : masses[i];
        else
            for (std::size_t i = 0; i < count; ++i)
                masses[i] = powers::power(masses[i], alpha);
        for (std::size_t i = 0; i < count; ++i)
            masses[i] = p[i] + eps > 0.0 ? masses[i] : 0.0;
    }

    static void logarithms(const double *x, std::size_t count, double *logarithms) {
        for (std::size_t i = 0; i < count; ++i)
            logarithms[i] = powers::log2(x[i]).hi;
    }

    static void weights(const double *logarithms,
                        std::size_t count,
                        double reference,
                        double beta,
                        float *weights) {
        constexpr double largest = std::numeric_limits<float>::max(); // a weight is never infinite
        for (std::size_t i = 0; i < count; ++i) {
            const double weight = powers::exp2({beta * (reference - logarithms[i]), 0.0});
            weights[i] = static_cast<float>(largest < weight ? largest : weight);
        }
    }

  private:
    static constexpr double kSmallest = std::numeric_limits<double>::min(); // as of powers
};

} // namespace dqn_fast::kernels
