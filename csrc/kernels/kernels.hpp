// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/dense_layer.hpp"
#include "kernels/tree_view.hpp"
#include "storage/always_inline.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace dqn_fast {

/// The loops that are compiled once for each instruction set, and chosen when a memory, or a
/// network, is made.
///
/// All do the same IEEE operations in the same order: the results are the same bits. Their code is
/// in tree_kernels.hpp, power_kernels.hpp and dense_kernels.hpp.
struct Kernels {
    const char *name;

    /// See WideTree::find and WideTree::update.
    void (*find)(const TreeView &tree, double *targets, std::size_t count, std::int64_t *found);
    void (*update_sum)(const TreeView &tree, std::int64_t *touched, std::size_t count);
    void (*update_min)(const TreeView &tree, std::int64_t *touched, std::size_t count);

    /// (p + eps)^alpha for each p, and 0 where p + eps is.
    void (*masses)(const double *p, std::size_t count, double eps, double alpha, double *masses);
    /// The logarithms, to base 2, of positive numbers.
    void (*logarithms)(const double *x, std::size_t count, double *logarithms);
    /// 2^(beta * (reference - logarithm)) for each logarithm, at most the largest float.
    void (*weights)(
        const double *logarithms, std::size_t count, double reference, double beta, float *weights);

    /// Computes the outputs.
    void (*dense)(const DenseLayer &layer);

    /// The best kernels that this processor runs, or those that the environment variable
    /// DQN_FAST_KERNELS names. Throws std::invalid_argument if it names none of available().
    static const Kernels &choose();
    /// Those that this processor runs, the best first; the last are `portable`.
    static std::span<const Kernels *const> available();
};

/// Masses add up: the tree that draws.
struct Sum {
    static constexpr double kIdentity = 0.0;
    static constexpr bool kSeldomChanges = false;
    static constexpr auto kUpdate = &Kernels::update_sum;
    DQN_FAST_INLINE static double leaf(double mass) noexcept { return mass; }
    DQN_FAST_INLINE static double fold(double a, double b) noexcept { return a + b; }
};

/// The smallest positive mass; a zero counts as none.
struct Min {
    static constexpr double kIdentity = std::numeric_limits<double>::infinity();
    static constexpr bool kSeldomChanges = true; // few leaves are the smallest of their group
    static constexpr auto kUpdate = &Kernels::update_min;
    DQN_FAST_INLINE static double leaf(double mass) noexcept {
        return mass > 0.0 ? mass : kIdentity;
    }
    DQN_FAST_INLINE static double fold(double a, double b) noexcept { return b < a ? b : a; }
};

} // namespace dqn_fast
