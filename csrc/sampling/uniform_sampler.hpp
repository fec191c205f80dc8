// SPDX-License-Identifier: MIT
#pragma once

#include "sampling/random.hpp"
#include "sampling/slot_set.hpp"
#include "stream/rings.hpp"

#include <cstddef>
#include <cstdint>
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
    void draw(const Rings &rings, Random &random, std::span<std::int64_t> slots) {
        const std::int64_t total = count(rings);
        const StepRing *const only = rings.size() == 1 ? &rings[0] : nullptr;
        for (std::int64_t &slot : slots)
            slot = draw_one(only != nullptr ? *only : pick(rings, total, random), random);
    }

    /// Without replacement: every ordered choice is equally likely. The rings must hold as many
    /// acted steps.
    void draw_distinct(const Rings &rings, Random &random, std::span<std::int64_t> slots) {
        const std::int64_t total = count(rings);
        if (slots.size() > static_cast<std::size_t>(total) / 2) {
            shuffle(rings, random, slots);
            return;
        }
        // The first different ones of draws with replacement; at least every second draw is new.
        drawn_.reset(slots.size());
        for (std::int64_t &slot : slots)
            do
                slot = draw_one(rings.size() == 1 ? rings[0] : pick(rings, total, random), random);
            while (!drawn_.insert(slot));
    }

  private:
    // All acted steps, and for each stream those of the streams before it.
    std::int64_t count(const Rings &rings) {
        before_.resize(rings.size());
        std::int64_t total = 0;
        for (std::size_t i = 0; i < rings.size(); ++i) {
            before_[i] = total;
            total += rings[i].state().acted;
        }
        return total;
    }

    // The beginning of a Fisher-Yates shuffle of all acted steps, by stream and then by time.
    // O(steps held).
    void shuffle(const Rings &rings, Random &random, std::span<std::int64_t> slots) {
        acted_.clear();
        for (const StepRing &ring : rings)
            ring.for_each_acted([this](std::int64_t, std::size_t slot) {
                acted_.push_back(static_cast<std::int64_t>(slot));
            });
        for (std::size_t i = 0; i < slots.size(); ++i) {
            std::swap(acted_[i], acted_[i + random.below(acted_.size() - i)]);
            slots[i] = acted_[i];
        }
    }

    // A stream by its count of acted steps.
    const StepRing &pick(const Rings &rings, std::int64_t total, Random &random) {
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

} // namespace dqn_fast
