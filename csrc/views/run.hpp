// SPDX-License-Identifier: MIT
#pragma once

#include "stream/mark.hpp"
#include "stream/step_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dqn_fast {

/// Neighbouring steps of one segment, oldest first, without the hidden ones: what views of several
/// steps show. Kept, so that nothing is allocated twice.
struct Run {
    std::vector<std::int64_t> slots;
    std::vector<Mark> marks;
    bool has_last = false; // the last one is the segment's final or open step

    [[nodiscard]] std::size_t size() const noexcept { return slots.size(); }
    /// Steps that are acted or context.
    [[nodiscard]] std::size_t complete() const noexcept { return size() - (has_last ? 1 : 0); }

    /// The slot of the first acted step; there must be one.
    [[nodiscard]] std::int64_t first_acted() const noexcept {
        std::size_t i = 0;
        while (!marks[i].acted())
            ++i;
        return slots[i];
    }

    /// Appends the steps from `slot` on, which must hold a complete step that is held, until there
    /// are `most` or the segment ends. O(steps).
    void append(const StepRing &ring, std::size_t slot, std::size_t most) {
        has_last = false;
        for (std::int64_t left = ring.state().head - ring.time(slot); slots.size() < most;
             slot = ring.next_slot(slot), --left) {
            const Mark mark = ring.mark(slot);
            if (mark.hidden())
                continue;
            slots.push_back(static_cast<std::int64_t>(slot));
            marks.push_back(mark);
            if (left == 0 || !(mark.acted() || mark.is_context())) {
                has_last = true;
                return;
            }
            if (!mark.broken())
                continue;
            // The observation behind it begins the next segment, and is not acted on in this one.
            if (slots.size() < most) {
                slots.push_back(static_cast<std::int64_t>(ring.next_decision(slot)));
                marks.push_back(Mark{});
                has_last = true;
            }
            return;
        }
    }

    void clear() noexcept {
        slots.clear();
        marks.clear();
        has_last = false;
    }
};

/// Where a run begins that looks back from a step.
struct Beginning {
    std::size_t slot;    // of its first step
    std::size_t steps;   // from there to the step that it was looked back from
    std::int64_t before; // slot of the step before the first one, of its segment; -1: none is held
};

/// Looks back from the acted step in `slot` by up to `most` steps that are not hidden, as far as
/// its segment is held. O(steps).
inline Beginning look_back(const StepRing &ring, std::size_t slot, std::size_t most) noexcept {
    Beginning found{slot, 0, -1};
    for (std::int64_t left = ring.time(slot) - ring.state().tail;
         left > 0 && ring.mark(slot).position() != 0;
         --left) {
        slot = ring.slot_before(slot, 1);
        if (ring.mark(slot).hidden())
            continue;
        if (found.steps == most) {
            found.before = static_cast<std::int64_t>(slot);
            break;
        }
        found.slot = slot;
        ++found.steps;
    }
    return found;
}

} // namespace dqn_fast
