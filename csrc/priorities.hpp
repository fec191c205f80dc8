// SPDX-License-Identifier: MIT
#pragma once

#include "arena.hpp"
#include "powers.hpp"
#include "wide_tree.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace dqn_fast {

/// By what the importance weights of a batch are divided.
enum class WeightNormalization { kBatch, kBuffer, kNone };

struct PriorityOptions {
    double alpha = 0.6;
    double eps = 1e-6; // added to every priority
    WeightNormalization normalization = WeightNormalization::kBatch;
    bool stratified = true;
};

/// What the priorities remember besides the masses; plain data in the arena.
struct PriorityState {
    double largest; // p + eps seen so far, and at least 1; new steps get it
};

/// The mass of every slot: (p + eps)^alpha, and zero where nothing can be drawn (Schaul et al.,
/// 2016, proportional prioritisation). The masses are the leaves of a sum tree, and of a min tree
/// if the weights are divided by the largest possible one.
class Priorities {
  public:
    static constexpr double kLargestMass = 1e300; // so that no sum of masses overflows

    Priorities(const PriorityOptions &options, std::size_t slots, Layout &layout)
        : options_(options), slots_(slots), state_offset_(layout.reserve(sizeof(PriorityState))),
          masses_offset_(layout.reserve(SumTree::padded(slots) * sizeof(double))),
          sum_offset_(layout.reserve(SumTree::bytes(slots))) {
        if (options.normalization == WeightNormalization::kBuffer)
            min_offset_ = layout.reserve(MinTree::bytes(slots));
    }

    /// Takes the memory that the constructor reserved, zeroed.
    void attach(std::byte *arena) {
        state_ = reinterpret_cast<PriorityState *>(arena + state_offset_);
        masses_ = reinterpret_cast<double *>(arena + masses_offset_);
        sum_.emplace(arena + sum_offset_, masses_, slots_);
        if (options_.normalization == WeightNormalization::kBuffer) {
            min_.emplace(arena + min_offset_, masses_, slots_);
            min_->clear();
        }
        state_->largest = 1.0;
    }

    [[nodiscard]] const PriorityOptions &options() const noexcept { return options_; }
    [[nodiscard]] double mass(std::size_t slot) const noexcept { return masses_[slot]; }
    [[nodiscard]] const SumTree &sum() const noexcept { return *sum_; }
    /// The smallest positive mass; only with WeightNormalization::kBuffer.
    [[nodiscard]] double smallest() const noexcept { return min_->total(); }
    [[nodiscard]] double largest() const noexcept { return state_->largest; }

    /// The mass of a priority. A positive one never becomes zero mass.
    [[nodiscard]] double mass_of(double priority) const noexcept {
        return mass_of_shifted(priority + options_.eps);
    }
    /// The mass of a new step that no priority was given for.
    [[nodiscard]] double new_mass() const noexcept { return mass_of_shifted(state_->largest); }

    /// A priority that can be taken: finite, not negative, of a mass that sums do not overflow.
    [[nodiscard]] bool is_legal(double priority) const noexcept {
        return priority >= 0.0 && std::isfinite(priority) && mass_of(priority) <= kLargestMass;
    }

    /// Remembers a priority that was given to a step, as the largest if it is.
    void see(double priority) noexcept {
        state_->largest = std::max(state_->largest, priority + options_.eps);
    }

    /// Sets the mass of a slot. The trees follow with the next refresh().
    void set_mass(std::size_t slot, double mass) {
        masses_[slot] = mass;
        touched_.push_back(static_cast<std::int64_t>(slot));
    }

    /// Brings the trees up to date with every set_mass() before it.
    void refresh() {
        if (touched_.empty())
            return;
        if (!std::is_sorted(touched_.begin(), touched_.end()))
            std::sort(touched_.begin(), touched_.end());
        if (min_) {
            scratch_ = touched_;
            min_->update(scratch_);
        }
        sum_->update(touched_);
        touched_.clear();
    }

    void clear() noexcept {
        std::fill_n(masses_, slots_, 0.0);
        sum_->clear();
        if (min_)
            min_->clear();
        state_->largest = 1.0;
    }

    [[nodiscard]] bool is_valid() const noexcept {
        return touched_.empty() && sum_->is_valid() && (!min_ || min_->is_valid());
    }

  private:
    [[nodiscard]] double mass_of_shifted(double shifted) const noexcept {
        if (shifted == 0.0)
            return 0.0; // whatever alpha is: 0^0 is 0 here, as zero priority means never drawn
        if (options_.alpha == 1.0 || !std::isfinite(shifted))
            return std::max(shifted, std::numeric_limits<double>::min());
        return powers::power(shifted, options_.alpha); // never below the smallest normal double
    }

    PriorityOptions options_;
    std::size_t slots_;
    std::size_t state_offset_, masses_offset_, sum_offset_, min_offset_ = 0;
    PriorityState *state_ = nullptr;
    double *masses_ = nullptr;
    std::optional<SumTree> sum_;
    std::optional<MinTree> min_;
    std::vector<std::int64_t> touched_, scratch_;
};

} // namespace dqn_fast
