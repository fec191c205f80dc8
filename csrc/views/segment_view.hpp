// SPDX-License-Identifier: MIT
#pragma once

#include "sampling/draws.hpp"
#include "views/run_copy.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dqn_fast {

/// Where the rows of a batch of segments go, packed one behind another.
struct SegmentBatch {
    StepArrays steps;
    std::int32_t *offsets = nullptr;
    bool *complete = nullptr;
    float *weights = nullptr;
    std::int64_t *indices = nullptr;

    /// See StepArrays::for_each.
    template <class Visit>
    void for_each(const Schema &schema, Visit &&visit) {
        steps.for_each(schema, visit);
        visit("offsets", output_types::kOffset, LeadingAxes::kOffsets, offsets);
        visit("complete", output_types::kFlag, LeadingAxes::kDrawn, complete);
        visit("weights", output_types::kWeight, LeadingAxes::kDrawn, weights);
        visit("indices", output_types::kIndex, LeadingAxes::kDrawn, indices);
    }
};

/// Copies whole segments: every step that is held of each, packed without padding.
///
/// How many rows that are is known only after drawing: first append() the segments, then copy().
class SegmentView {
  public:
    static constexpr std::size_t kMostRows = (std::size_t{1} << 31) - 1;

    SegmentView(const Schema &schema,
                const StepStore &store,
                const Observations &observations) noexcept
        : copy_(schema, store, observations) {}

    void clear() noexcept {
        runs_used_ = 0;
        rows_ = 0;
    }

    /// Appends the segment of the acted step in `slot`. Returns its rows. O(rows).
    std::size_t append(const Rings &rings, std::size_t slot) {
        if (runs_used_ == runs_.size())
            runs_.emplace_back();
        Run &run = runs_[runs_used_++];
        const StepRing &ring = rings.of(slot);
        run.clear();
        run.append(ring, look_back(ring, slot, kMostRows).slot, kMostRows);
        rows_ += run.size();
        return run.size();
    }

    /// Takes the newest segment away again.
    void pop() noexcept { rows_ -= runs_[--runs_used_].size(); }

    [[nodiscard]] std::size_t segments() const noexcept { return runs_used_; }
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] const Run &run(std::size_t i) const noexcept { return runs_[i]; }

    /// Fills every array of `out`, which has a row for each step and an element for each segment.
    /// O(rows + n-step returns).
    void copy(const Draws &draws,
              const Rings &rings,
              const TransitionOptions &options,
              const SegmentBatch &out) {
        std::copy(draws.weights.begin(), draws.weights.end(), out.weights);
        std::copy(draws.indices.begin(), draws.indices.end(), out.indices);
        std::size_t first = 0;
        for (std::size_t b = 0; b < runs_used_; ++b) {
            const Run &run = runs_[b];
            const auto slot = static_cast<std::size_t>(run.slots.front());
            out.offsets[b] = static_cast<std::int32_t>(first);
            out.complete[b] = rings.of(slot).is_first(slot);
            copy_.copy(run,
                       run.size(),
                       rings,
                       options,
                       {first, first, run.size(), run.size(), static_cast<std::int64_t>(first)},
                       out.steps);
            first += run.size();
        }
        out.offsets[runs_used_] = static_cast<std::int32_t>(first);
    }

  private:
    RunCopy copy_;
    std::vector<Run> runs_; // kept, so that nothing is allocated twice
    std::size_t runs_used_ = 0;
    std::size_t rows_ = 0;
};

} // namespace dqn_fast
