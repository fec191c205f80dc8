// SPDX-License-Identifier: MIT
#pragma once

#include "storage/step_store.hpp"
#include "views/run.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace dqn_fast {

/// How far a transition spans at most, and how later rewards count.
struct TransitionOptions {
    std::size_t n_step = 1;
    double gamma = 0.99;
};

/// The n-step transitions of all acted steps of a run, each as TransitionView gives it, bit for
/// bit.
class Returns {
  public:
    static constexpr std::size_t kNowhere = ~std::size_t{0};

    /// Of one acted step.
    struct Transition {
        std::size_t step;      // which of the run
        std::size_t bootstrap; // the step of the run behind it; kNowhere: beyond the run's end
        Mark last;             // of the last step that it spans
    };

    /// Computes those of the acted steps among the first `steps` of the run; the others are read.
    /// O(acted steps * horizon), where the horizon is n or what is left of the run.
    void compute(const StepStore &store,
                 std::size_t reward,
                 bool is_double,
                 const Run &run,
                 std::size_t steps,
                 const TransitionOptions &options) {
        acted_.clear();
        for (std::size_t i = 0; i < run.size(); ++i)
            if (run.marks[i].acted())
                acted_.push_back(i);
        rewards_.resize(acted_.size());
        const Column column = store.column(reward);
        if (is_double)
            read<double>(column, run);
        else
            read<float>(column, run);
        transitions_.clear();
        for (std::size_t j = 0; j < acted_.size() && acted_[j] < steps; ++j) {
            const std::size_t left = acted_.size() - j;
            const std::size_t spans = std::min(options.n_step, left);
            // Behind the last acted step lies the segment's last step, if the run reaches it.
            const std::size_t behind = j + spans < acted_.size() ? acted_[j + spans]
                                       : run.has_last            ? run.size() - 1
                                                                 : kNowhere;
            transitions_.push_back({acted_[j], behind, run.marks[acted_[j + spans - 1]]});
        }
        add_up(options);
    }

    [[nodiscard]] const std::vector<Transition> &transitions() const noexcept {
        return transitions_;
    }
    /// Return and discount of each transition, before rounding; the discount of a terminal one is
    /// still to become 0.
    [[nodiscard]] double sum(std::size_t j) const noexcept { return sums_[j]; }
    [[nodiscard]] double discount(std::size_t j, std::size_t n_step) const noexcept {
        return powers_[std::min(n_step, acted_.size() - j)];
    }

  private:
    template <class Real>
    void read(Column rewards, const Run &run) {
        for (std::size_t j = 0; j < acted_.size(); ++j) {
            Real value;
            std::memcpy(
                &value, rewards.at(static_cast<std::size_t>(run.slots[acted_[j]])), sizeof value);
            rewards_[j] = static_cast<double>(value);
        }
    }

    // For each transition `sum += gamma^i * reward` in the order of i; all of them side by side, so
    // that nothing waits for the sum before it.
    void add_up(const TransitionOptions &options) {
        const std::size_t most = std::min(options.n_step, acted_.size());
        powers_.assign(1, 1.0);
        if (most == 1) { // -0.0 + r is r, whatever its sign
            sums_.assign(rewards_.begin(),
                         rewards_.begin() + static_cast<std::ptrdiff_t>(transitions_.size()));
            powers_.push_back(options.gamma);
            return;
        }
        sums_.assign(transitions_.size(), -0.0);
        for (std::size_t i = 0; i < most; ++i) {
            const double power = powers_.back();
            const std::size_t count = std::min(sums_.size(), acted_.size() - i);
            for (std::size_t j = 0; j < count; ++j)
                sums_[j] += power * rewards_[j + i];
            powers_.push_back(power * options.gamma);
        }
    }

    std::vector<std::size_t> acted_;
    std::vector<double> rewards_, sums_, powers_;
    std::vector<Transition> transitions_;
};

} // namespace dqn_fast
