// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/kernels.hpp"
#include "kernels/powers.hpp"
#include "sampling/wide_tree.hpp"
#include "storage/arena.hpp"
#include "storage/prefetch.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace dqn_fast {

/// What the importance weights of a batch are divided by.
enum class WeightNormalization { kBatch, kBuffer, kNone };

struct PriorityOptions {
    double alpha = 0.6;
    double eps = 1e-6; // added to every priority
    WeightNormalization normalization = WeightNormalization::kBatch;
    bool stratified = true;
};

/// What the priorities remember besides the masses; plain data in the arena.
struct PriorityState {
    double largest;  // p + eps seen so far, and at least 1; new steps get it
    double new_mass; // the mass that this is
};

/// The mass of every slot: (p + eps)^alpha, and zero where nothing can be drawn (Schaul et al.,
/// 2016, proportional prioritisation). The masses are the leaves of a sum tree, and of a min tree
/// if the weights are divided by the largest possible one.
class Priorities {
  public:
    static constexpr double kLargestMass = 1e300; // so that no sum of masses overflows

    Priorities(const PriorityOptions &options,
               const Kernels &kernels,
               std::size_t slots,
               Layout &layout)
        : options_(options), kernels_(kernels), slots_(slots),
          state_offset_(layout.reserve(sizeof(PriorityState))),
          masses_offset_(layout.reserve(SumTree::padded(slots) * sizeof(double))),
          sum_offset_(layout.reserve(SumTree::bytes(slots))) {
        if (has_min_tree())
            min_offset_ = layout.reserve(MinTree::bytes(slots));
    }

    /// Takes the memory that the constructor reserved, zeroed.
    void attach(std::byte *arena) {
        state_ = reinterpret_cast<PriorityState *>(arena + state_offset_);
        masses_ = reinterpret_cast<double *>(arena + masses_offset_);
        sum_.emplace(arena + sum_offset_, masses_, slots_);
        if (has_min_tree()) {
            min_.emplace(arena + min_offset_, masses_, slots_);
            min_->clear();
        }
        set_largest(1.0);
    }

    [[nodiscard]] const PriorityOptions &options() const noexcept { return options_; }
    [[nodiscard]] bool has_min_tree() const noexcept {
        return options_.normalization == WeightNormalization::kBuffer;
    }
    [[nodiscard]] const Kernels &kernels() const noexcept { return kernels_; }
    [[nodiscard]] double mass(std::size_t slot) const noexcept { return masses_[slot]; }
    /// The masses of slots [first, last).
    [[nodiscard]] std::span<const double> masses(std::size_t first,
                                                 std::size_t last) const noexcept {
        return {masses_ + first, last - first};
    }
    [[nodiscard]] const SumTree &sum() const noexcept { return *sum_; }
    /// The smallest positive mass; only with WeightNormalization::kBuffer.
    [[nodiscard]] double smallest() const noexcept { return min_->total(); }
    [[nodiscard]] double largest() const noexcept { return state_->largest; }

    /// The mass of a new step that no priority was given for.
    [[nodiscard]] double new_mass() const noexcept { return state_->new_mass; }

    /// The masses of priorities, which an error calls `name`; a positive one never becomes zero
    /// mass. Throws std::invalid_argument for one that is negative, not finite, or of a mass above
    /// 1e300. The result is good until the next call.
    std::span<const double> masses_of(const char *name, std::span<const double> priorities) {
        const std::size_t count = priorities.size();
        computed_.resize(count);
        const double *p = priorities.data(), *mass = computed_.data();
        // Zero stays zero whatever alpha is: it means that the step is never drawn.
        kernels_.masses(p, count, options_.eps, options_.alpha, computed_.data());
        for (std::size_t i = 0; i < count; ++i)
            if (!(p[i] >= 0.0 && p[i] + options_.eps <= std::numeric_limits<double>::max() &&
                  mass[i] <= kLargestMass))
                throw_bad_priority(name, p[i]);
        return computed_;
    }

    /// Slots in proportion to their masses: see WideTree::find.
    void find(std::span<double> targets, std::span<std::int64_t> slots) const noexcept {
        sum_->find(kernels_, targets, slots.data());
    }

    /// Remembers a priority that a step was given, as the largest if it is.
    void note_largest(double priority) {
        if (priority + options_.eps > state_->largest)
            set_largest(priority + options_.eps);
    }

    /// Takes the largest priority of a saved memory. Throws std::invalid_argument if none could be.
    void restore_largest(double shifted) {
        if (!(shifted >= 1.0 && shifted <= std::numeric_limits<double>::max()))
            throw std::invalid_argument(
                "saved buffer: got a largest priority that none can be, expected at least 1");
        set_largest(shifted);
    }
    static bool is_mass(double value) noexcept { return value >= 0.0 && value <= kLargestMass; }

    /// Asks for the mass of a slot ahead of its use.
    void prefetch_mass(std::size_t slot) const noexcept { prefetch(masses_ + slot); }

    /// Sets the mass of a slot. The trees follow with the next refresh().
    void set_mass(std::size_t slot, double mass) {
        masses_[slot] = mass;
        const auto leaf = static_cast<std::int64_t>(slot);
        if (touched_.empty() ||
            touched_.back() / kGroup != leaf / kGroup) // one of a group is enough
            touched_.push_back(leaf);
    }

    /// Brings the trees up to date with every set_mass() before it. O(n log n) for n of them, and
    /// O(n) if their slots ascend.
    void refresh() {
        if (touched_.empty())
            return;
        if (!std::is_sorted(touched_.begin(), touched_.end()))
            std::sort(touched_.begin(), touched_.end());
        if (min_) {
            scratch_ = touched_;
            min_->update(kernels_, scratch_);
        }
        sum_->update(kernels_, touched_);
        touched_.clear();
    }

    void clear() noexcept {
        std::fill_n(masses_, slots_, 0.0);
        sum_->clear();
        if (min_)
            min_->clear();
        set_largest(1.0);
    }

    [[nodiscard]] bool is_valid() const noexcept {
        return touched_.empty() && sum_->is_valid() && (!min_ || min_->is_valid());
    }

  private:
    static constexpr auto kGroup = static_cast<std::int64_t>(kFanout);

    [[noreturn]] static void throw_bad_priority(const char *name, double priority) {
        std::ostringstream message;
        message << name << ": got " << priority
                << ", expected finite values of at least 0 whose mass is at most 1e300";
        throw std::invalid_argument(message.str());
    }

    void set_largest(double shifted) noexcept {
        state_->largest = shifted;
        state_->new_mass = options_.alpha == 1.0 ? shifted : powers::power(shifted, options_.alpha);
    }

    PriorityOptions options_;
    const Kernels &kernels_;
    std::size_t slots_;
    std::size_t state_offset_, masses_offset_, sum_offset_, min_offset_ = 0;
    PriorityState *state_ = nullptr;
    double *masses_ = nullptr;
    std::optional<SumTree> sum_;
    std::optional<MinTree> min_;
    std::vector<std::int64_t> touched_, scratch_;
    std::vector<double> computed_;
};

} // namespace dqn_fast
