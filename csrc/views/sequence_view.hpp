// SPDX-License-Identifier: MIT
#pragma once

#include "sampling/draws.hpp"
#include "views/run_copy.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace dqn_fast {

/// What a sequence is: up to `length` steps from the drawn one on, behind up to `burn_in` before
/// it.
struct SequenceOptions {
    std::size_t length = 1;
    std::size_t burn_in = 0;
    TransitionOptions transitions;
    bool previous = false; // whether each step says what was done before it

    [[nodiscard]] std::size_t steps() const noexcept { return burn_in + length; }
    /// Cells for observations: the others are to bootstrap from.
    [[nodiscard]] std::size_t columns() const noexcept { return steps() + transitions.n_step; }
};

/// Where the rows of a batch of sequences go, batch-major.
struct SequenceBatch {
    StepArrays steps;
    bool *mask = nullptr;
    bool *learn = nullptr;
    bool *is_first = nullptr;
    float *weights = nullptr;
    std::int64_t *indices = nullptr;
    std::byte *previous_action = nullptr; // null unless asked for
    std::byte *previous_reward = nullptr;

    /// See StepArrays::for_each.
    template <class Visit>
    void for_each(const Schema &schema, bool previous, Visit &&visit) {
        steps.for_each(schema, visit);
        visit("mask", output_types::kFlag, LeadingAxes::kSteps, mask);
        visit("learn", output_types::kFlag, LeadingAxes::kSteps, learn);
        visit("is_first", output_types::kFlag, LeadingAxes::kDrawn, is_first);
        visit("weights", output_types::kWeight, LeadingAxes::kDrawn, weights);
        visit("indices", output_types::kIndex, LeadingAxes::kDrawn, indices);
        if (!previous)
            return;
        const std::vector<Field> &all = schema.fields();
        visit("previous_action", all[schema.action()], LeadingAxes::kColumns, previous_action);
        visit("previous_reward", all[schema.reward()], LeadingAxes::kColumns, previous_reward);
    }
};

/// Copies sequences of steps, aligned left, for recurrent networks and small transformers (the
/// burn-in and the n-step targets are those of R2D2, Kapturowski et al., 2019).
///
/// A row is clipped where its segment begins or ends, never rejected, and never crosses it.
class SequenceView {
  public:
    /// Steps of the next row that are asked for ahead: they stay in the nearest caches.
    static constexpr std::size_t kMostAhead = 256;

    SequenceView(const Schema &schema,
                 const StepStore &store,
                 const Observations &observations) noexcept
        : schema_(schema), store_(store), copy_(schema, store, observations) {}

    /// Fills every array of `out`. O(draws * (columns + n-step returns)).
    void copy(const Draws &draws,
              const Rings &rings,
              const SequenceOptions &options,
              const SequenceBatch &out) {
        std::copy(draws.weights.begin(), draws.weights.end(), out.weights);
        std::copy(draws.indices.begin(), draws.indices.end(), out.indices);
        const std::size_t steps = options.steps(), columns = options.columns();
        for (std::size_t b = 0; b < draws.size(); ++b) {
            if (b + 1 < draws.size())
                prefetch_row(static_cast<std::size_t>(draws.slots[b + 1]), rings, options);
            const auto drawn = static_cast<std::size_t>(draws.slots[b]);
            const StepRing &ring = rings.of(drawn);
            const Beginning begin = look_back(ring, drawn, options.burn_in);
            run_.clear();
            run_.append(ring, begin.slot, columns);
            out.is_first[b] = ring.is_first(begin.slot);
            const std::size_t first = b * steps;
            const std::size_t held = std::min(run_.complete(), begin.steps + options.length);
            const std::size_t shown = copy_.copy(run_,
                                                 held,
                                                 rings,
                                                 options.transitions,
                                                 {first, b * columns, steps, columns, 0},
                                                 out.steps);
            std::fill_n(out.mask + first, steps, false);
            std::fill_n(out.mask + first, held, true);
            std::fill_n(out.learn + first, steps, false);
            for (const Returns::Transition &one : copy_.returns().transitions())
                out.learn[first + one.step] =
                    one.step >= begin.steps && one.bootstrap != Returns::kNowhere;
            if (options.previous)
                copy_previous(ring, begin.before, shown, b * columns, columns, out);
        }
    }

  private:
    // Asks for the records of a row that is copied next, as far as they lie in one piece.
    void prefetch_row(std::size_t drawn,
                      const Rings &rings,
                      const SequenceOptions &options) const noexcept {
        const std::size_t begin = rings.of(drawn).first_slot();
        const std::size_t before = std::min(options.burn_in, drawn - begin);
        const std::size_t steps = std::min(before + options.length + 1, kMostAhead);
        prefetch_range(store_.record(drawn - before), // beyond the end: harmless
                       steps * store_.marks().stride);
    }

    // Of each step what was done, and earned, in the step before it: zeros where that is no acted
    // step of its segment that is held.
    void copy_previous(const StepRing &ring,
                       std::int64_t before,
                       std::size_t shown,
                       std::size_t first,
                       std::size_t columns,
                       const SequenceBatch &out) {
        const bool is_held = before >= 0;
        run_.slots.insert(run_.slots.begin(), is_held ? before : run_.slots.front());
        run_.marks.insert(run_.marks.begin(),
                          is_held ? ring.mark(static_cast<std::size_t>(before)) : Mark{});
        for (const auto &[field, to] : {std::pair(schema_.action(), out.previous_action),
                                        std::pair(schema_.reward(), out.previous_reward)}) {
            const Column &column = store_.column(field);
            std::byte *const row = to + first * column.nbytes;
            RunCopy::acted_field(run_, column, shown, row);
            std::memset(row + shown * column.nbytes, 0, (columns - shown) * column.nbytes);
        }
    }

    const Schema &schema_;
    const StepStore &store_;
    RunCopy copy_;
    Run run_; // scratch
};

} // namespace dqn_fast
