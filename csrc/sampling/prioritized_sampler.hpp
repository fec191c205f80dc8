// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/powers.hpp"
#include "sampling/priorities.hpp"
#include "sampling/random.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dqn_fast {

/// Draws slots in proportion to their masses, with replacement, and weighs them.
class PrioritizedSampler {
  public:
    /// One draw in each equal part of the total if stratified, else independent ones. The sum of
    /// the masses must be positive.
    void draw(const Priorities &priorities, Random &random, std::span<std::int64_t> slots) {
        const double total = priorities.sum().total();
        const auto count = static_cast<double>(slots.size());
        targets_.resize(slots.size());
        if (priorities.options().stratified)
            for (std::size_t i = 0; i < slots.size(); ++i)
                targets_[i] = total * ((static_cast<double>(i) + random.uniform()) / count);
        else
            for (double &target : targets_)
                target = total * random.uniform();
        priorities.find(targets_, slots);
    }

    /// Importance weights (size * P)^-beta, divided as the options say.
    void weigh(const Priorities &priorities,
               std::span<const std::int64_t> slots,
               std::int64_t size,
               double beta,
               float *weights) {
        logs_.resize(slots.size());
        for (std::size_t i = 0; i < slots.size(); ++i)
            logs_[i] = priorities.mass(static_cast<std::size_t>(slots[i]));
        weigh(priorities, size, beta, weights);
    }

    /// Weighs positive masses, which need not be those of slots, in the same way.
    void weigh_masses(const Priorities &priorities,
                      std::span<const double> masses,
                      std::int64_t size,
                      double beta,
                      float *weights) {
        logs_.assign(masses.begin(), masses.end());
        weigh(priorities, size, beta, weights);
    }

  private:
    // The weights of the masses in logs_.
    void weigh(const Priorities &priorities, std::int64_t size, double beta, float *weights) {
        // In logarithms, so that no quotient of masses overflows or becomes zero.
        const Kernels &kernels = priorities.kernels();
        kernels.logarithms(logs_.data(), logs_.size(), logs_.data());
        double reference = 0.0; // log2 of the mass whose weight is 1
        switch (priorities.options().normalization) {
        case WeightNormalization::kBatch:
            reference = *std::min_element(logs_.begin(), logs_.end());
            break;
        case WeightNormalization::kBuffer:
            reference = powers::log2(priorities.smallest()).hi;
            break;
        case WeightNormalization::kNone:
            reference = powers::log2(priorities.sum().total()).hi -
                        powers::log2(static_cast<double>(size)).hi;
        }
        kernels.weights(logs_.data(), logs_.size(), reference, beta, weights);
    }

    std::vector<double> targets_, logs_;
};

} // namespace dqn_fast
