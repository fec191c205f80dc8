// SPDX-License-Identifier: MIT
#pragma once

#include "storage/schema.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dqn_fast {

/// The types of arrays of a batch that are no field of a step.
namespace output_types {
inline const Field kFlag{"flag", Role::kExtra, "|b1", {}, 1};
inline const Field kWeight{"weight", Role::kExtra, "<f4", {}, sizeof(float)};
inline const Field kIndex{"index", Role::kExtra, "<i8", {}, sizeof(std::int64_t)};
inline const Field kOffset{"offset", Role::kExtra, "<i4", {}, sizeof(std::int32_t)};
} // namespace output_types

/// What a part of a batch is called that holds a field of this role.
inline const char *part_of(Role role) noexcept {
    switch (role) {
    case Role::kObservation:
        return "obs";
    case Role::kAction:
        return "action";
    case Role::kReward:
        return "reward";
    default:
        return "extra";
    }
}

/// What the first axes of an array of a batch count.
enum class LeadingAxes {
    kDrawn,   // what was drawn: rows of a batch, or segments
    kSteps,   // steps that can be learnt from
    kColumns, // steps that have an observation
    kOffsets, // one more than was drawn
};

/// Where the steps of a run go, whatever the view: one cell for each, in the same order. The
/// observations may have more cells than the rest.
struct StepArrays {
    std::vector<std::byte *> fields; // by field of the schema; the reward's are n-step returns
    std::byte *discount = nullptr;   // of the reward's type
    bool *terminated = nullptr;
    bool *truncated = nullptr;
    std::int64_t *bootstrap = nullptr;
    bool *acted = nullptr;
    std::int64_t *step_indices = nullptr;

    /// Calls `visit(part, field, leading_axes, pointer)` for every array: which part of a batch it
    /// is, what an element of it is like, and where it lies.
    template <class Visit>
    void for_each(const Schema &schema, Visit &&visit) {
        const std::vector<Field> &all = schema.fields();
        fields.resize(all.size());
        for (std::size_t i = 0; i < all.size(); ++i)
            visit(part_of(all[i].role),
                  all[i],
                  i < schema.observations() ? LeadingAxes::kColumns : LeadingAxes::kSteps,
                  fields[i]);
        visit("discount", all[schema.reward()], LeadingAxes::kSteps, discount);
        visit("terminated", output_types::kFlag, LeadingAxes::kSteps, terminated);
        visit("truncated", output_types::kFlag, LeadingAxes::kSteps, truncated);
        visit("bootstrap", output_types::kIndex, LeadingAxes::kSteps, bootstrap);
        visit("acted", output_types::kFlag, LeadingAxes::kSteps, acted);
        visit("step_indices", output_types::kIndex, LeadingAxes::kSteps, step_indices);
    }
};

} // namespace dqn_fast
