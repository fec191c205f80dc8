// SPDX-License-Identifier: MIT
#pragma once

#include "views/step_arrays.hpp"
#include "views/transition_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dqn_fast {

/// Where the rows of a batch of transitions go whose observations come as frames.
///
/// A stack of k frames is k numbers of frames, oldest first; an observation that is no stack is one
/// of one frame. The frames of all rows lie one behind another, in the order of their numbers.
/// There is room for the frames of two stacks in each row, and what is not used is not written.
struct FrameBatch {
    std::vector<std::byte *> frames;              // by observation field, as the next two
    std::vector<std::int64_t *> frame_index;      // of the stack of each row
    std::vector<std::int64_t *> next_frame_index; // of the next one
    TransitionBatch rest;                         // without its observations

    /// See TransitionBatch::for_each.
    template <class Visit>
    void for_each(const Schema &schema, Visit &&visit) {
        const std::vector<Field> &all = schema.fields();
        const std::size_t observations = schema.observations();
        frames.resize(observations);
        frame_index.resize(observations);
        next_frame_index.resize(observations);
        rest.fields.resize(all.size());
        for (std::size_t i = 0; i < observations; ++i)
            visit("frames", frames_of(all[i]), LeadingAxes::kDrawn, frames[i]);
        for (std::size_t i = 0; i < observations; ++i)
            visit("frame_index", index_of(all[i]), LeadingAxes::kDrawn, frame_index[i]);
        for (std::size_t i = 0; i < observations; ++i)
            visit("next_frame_index", index_of(all[i]), LeadingAxes::kDrawn, next_frame_index[i]);
        for (std::size_t i = observations; i < all.size(); ++i)
            visit(part_of(all[i].role), all[i], LeadingAxes::kDrawn, rest.fields[i]);
        rest.for_each_of_transition(schema, visit);
    }

  private:
    static Field frames_of(const Field &stack) {
        Field frames{stack.name, stack.role, stack.dtype, {2 * stack.frames}, stack.itemsize};
        frames.shape.insert(frames.shape.end(), stack.shape.begin(), stack.shape.end());
        if (stack.frames > 1)
            frames.shape[1 + stack.frame_axis] /= stack.frames;
        return frames;
    }
    static Field index_of(const Field &stack) {
        return {stack.name, Role::kExtra, "<i8", {stack.frames}, sizeof(std::int64_t)};
    }
};

} // namespace dqn_fast
