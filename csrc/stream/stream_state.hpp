// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace dqn_fast {

/// What the slot of a stream's head holds.
enum class Head : std::uint32_t {
    kNothing,  // the next step begins a segment
    kOpen,     // an observation that nobody acted on yet
    kExpected, // nothing yet, but the next observation continues the context steps before it
};

/// The cursors of one stream; plain data in the arena. Times count the stream's steps and never
/// restart. Steps in [tail, head) are complete.
struct StreamState {
    std::int64_t tail;
    std::int64_t head;
    std::int64_t head_slot;
    std::int64_t acted;    // steps in [tail, head) that can be sampled
    std::int64_t segments; // begun so far
    Head at_head;
    std::uint32_t has_evicted; // since it was last cleared
    // 0, or one more than the steps since the observation with which the episode ended, of which no
    // row of its reset was dropped yet.
    std::uint32_t may_drop;
    std::uint32_t has_inner_context; // context steps lie inside segments, since it was last cleared
};

} // namespace dqn_fast
