// SPDX-License-Identifier: MIT
#pragma once

#include "views/step_arrays.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dqn_fast {

/// Where the rows of a batch of transitions go; every array has one row for each drawn step.
struct TransitionBatch {
    std::vector<std::byte *> fields;   // by field of the schema; the reward's is the n-step return
    std::vector<std::byte *> next_obs; // by observation field
    bool *terminated = nullptr;
    bool *truncated = nullptr;
    std::byte *discount = nullptr; // of the reward's type
    float *weights = nullptr;
    std::int64_t *indices = nullptr;

    /// Calls `visit(part, field, leading_axes, pointer)` for every array, in the order in which
    /// they are handed out, as StepArrays::for_each does.
    template <class Visit>
    void for_each(const Schema &schema, Visit &&visit) {
        const std::vector<Field> &all = schema.fields();
        fields.resize(all.size());
        next_obs.resize(schema.observations());
        for (std::size_t i = 0; i < all.size(); ++i)
            visit(part_of(all[i].role), all[i], LeadingAxes::kDrawn, fields[i]);
        for (std::size_t i = 0; i < next_obs.size(); ++i)
            visit("next_obs", all[i], LeadingAxes::kDrawn, next_obs[i]);
        for_each_of_transition(schema, visit);
    }

    /// The same for those that are no field of the drawn step.
    template <class Visit>
    void for_each_of_transition(const Schema &schema, Visit &&visit) {
        visit("terminated", output_types::kFlag, LeadingAxes::kDrawn, terminated);
        visit("truncated", output_types::kFlag, LeadingAxes::kDrawn, truncated);
        visit("discount", schema.fields()[schema.reward()], LeadingAxes::kDrawn, discount);
        visit("weights", output_types::kWeight, LeadingAxes::kDrawn, weights);
        visit("indices", output_types::kIndex, LeadingAxes::kDrawn, indices);
    }
};

} // namespace dqn_fast
