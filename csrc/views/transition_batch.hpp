// SPDX-License-Identifier: MIT
#pragma once

#include "storage/schema.hpp"

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

    /// Calls `visit(part, field, pointer)` for every array, in the order in which they are handed
    /// out: which part of a batch it is, what a row of it is like, and where it lies.
    template <class Visit>
    void for_each(const Schema &schema, Visit &&visit) {
        static const Field flag{"flag", Role::kExtra, "|b1", {}, 1};
        static const Field weight{"weight", Role::kExtra, "<f4", {}, sizeof(float)};
        static const Field index{"index", Role::kExtra, "<i8", {}, sizeof(std::int64_t)};
        const std::vector<Field> &all = schema.fields();
        fields.resize(all.size());
        next_obs.resize(schema.observations());
        for (std::size_t i = 0; i < all.size(); ++i)
            visit(part_of(all[i].role), all[i], fields[i]);
        for (std::size_t i = 0; i < next_obs.size(); ++i)
            visit("next_obs", all[i], next_obs[i]);
        visit("terminated", flag, terminated);
        visit("truncated", flag, truncated);
        visit("discount", all[schema.reward()], discount);
        visit("weights", weight, weights);
        visit("indices", index, indices);
    }

  private:
    static const char *part_of(Role role) noexcept {
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
};

} // namespace dqn_fast
