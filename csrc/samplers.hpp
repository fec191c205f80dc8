// SPDX-License-Identifier: MIT
#pragma once

#include "powers.hpp"
#include "priorities.hpp"
#include "random.hpp"
#include "slot_set.hpp"
#include "step_ring.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace dqn_fast {

/// Draws slots of acted steps, each with the same probability.
class UniformSampler {
  public:
    /// Draws before an exact search: a memory of mostly context and final steps stays fast.
    static constexpr int kTries = 64;

    /// With replacement. At least one ring must hold an acted step.
    void draw(std::span<const StepRing> rings, Random &random, std::span<std::int64_t> slots) {
        const std::int64_t total = count(rings);
        for (std::int64_t &slot : slots)
            slot = draw_one(pick(rings, total, random), random);
    }

    /// Without replacement: every ordered choice is equally likely. The rings must hold as many
    /// acted steps.
    void
    draw_distinct(std::span<const StepRing> rings, Random &random, std::span<std::int64_t> slots) {
        const std::int64_t total = count(rings);
        if (slots.size() > static_cast<std::size_t>(total) / 2) {
            shuffle(rings, random, slots);
            return;
        }
        // The first different ones of draws with replacement; at least every second draw is new.
        drawn_.reset(slots.size());
        for (std::int64_t &slot : slots)
            do
                slot = draw_one(pick(rings, total, random), random);
            while (!drawn_.insert(slot));
    }

  private:
    // All acted steps, and for each stream those of the streams before it.
    std::int64_t count(std::span<const StepRing> rings) {
        before_.resize(rings.size());
        std::int64_t total = 0;
        for (std::size_t i = 0; i < rings.size(); ++i) {
            before_[i] = total;
            total += rings[i].state().acted;
        }
        return total;
    }

    // The beginning of a Fisher-Yates shuffle of all acted steps, by stream and then by time.
    void shuffle(std::span<const StepRing> rings, Random &random, std::span<std::int64_t> slots) {
        acted_.clear();
        for (const StepRing &ring : rings)
            for (std::int64_t t = ring.state().tail; t < ring.state().head; ++t)
                if (ring.is_acted(t))
                    acted_.push_back(static_cast<std::int64_t>(ring.slot(t)));
        for (std::size_t i = 0; i < slots.size(); ++i) {
            std::swap(acted_[i], acted_[i + random.below(acted_.size() - i)]);
            slots[i] = acted_[i];
        }
    }

    // A stream by its count of acted steps.
    const StepRing &pick(std::span<const StepRing> rings, std::int64_t total, Random &random) {
        if (rings.size() == 1)
            return rings[0];
        const auto rank =
            static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(total)));
        // A binary search without branches: they would be mispredicted half of the time.
        std::size_t first = 0;
        for (std::size_t count = rings.size(); count > 1; count -= count / 2)
            first += before_[first + count / 2] <= rank ? count / 2 : 0;
        return rings[first];
    }

    static std::int64_t draw_one(const StepRing &ring, Random &random) {
        const StreamState &state = ring.state();
        const auto held = static_cast<std::uint64_t>(state.head - state.tail);
        for (int i = 0; i < kTries; ++i) {
            const std::int64_t t = state.tail + static_cast<std::int64_t>(random.below(held));
            const std::size_t slot = ring.slot(t);
            if (ring.acted().test(slot - ring.first_slot()))
                return static_cast<std::int64_t>(slot);
        }
        const std::uint64_t rank = random.below(static_cast<std::uint64_t>(state.acted));
        return static_cast<std::int64_t>(ring.first_slot() + ring.acted().select(rank));
    }

    std::vector<std::int64_t> before_, acted_;
    SlotSet drawn_;
};

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
        priorities.sum().find(priorities.kernels(), targets_, slots.data());
    }

    /// Importance weights (size * P)^-beta, divided as the options say.
    void weigh(const Priorities &priorities,
               std::span<const std::int64_t> slots,
               std::int64_t size,
               double beta,
               float *weights) {
        // In logarithms, so that no quotient of masses overflows or becomes zero.
        logs_.resize(slots.size());
        for (std::size_t i = 0; i < slots.size(); ++i)
            logs_[i] = priorities.mass(static_cast<std::size_t>(slots[i]));
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

  private:
    std::vector<double> targets_, logs_;
};

} // namespace dqn_fast
