// SPDX-License-Identifier: MIT
#pragma once

#include "bit_set.hpp"
#include "step_store.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dqn_fast {

/// What is known of one step besides its fields: flags, and its position in its segment.
struct Mark {
    static constexpr std::uint32_t kActed = 1, kTerminated = 2, kTruncated = 4;
    static constexpr std::uint32_t kEnded = kTerminated | kTruncated;
    static constexpr std::uint32_t kLastPosition = (1U << 24) - 1; // a longer segment stays at it

    std::uint32_t bits;

    [[nodiscard]] bool acted() const noexcept { return (bits & kActed) != 0; }
    [[nodiscard]] bool terminated() const noexcept { return (bits & kTerminated) != 0; }
    [[nodiscard]] bool truncated() const noexcept { return (bits & kTruncated) != 0; }
    [[nodiscard]] bool ended() const noexcept { return (bits & kEnded) != 0; }
    [[nodiscard]] std::uint32_t position() const noexcept { return bits >> 8; }

    static Mark at(std::uint32_t position) noexcept { return {position << 8}; }
    [[nodiscard]] Mark next() const noexcept { return at(std::min(position() + 1, kLastPosition)); }
};

/// The cursors of one stream; plain data in the arena. Times count the stream's steps and never
/// restart. Steps in [tail, head) are complete; the slot of `head` holds the open step, if any.
struct StreamState {
    std::int64_t tail;
    std::int64_t head;
    std::int64_t head_slot;
    std::int64_t acted;    // steps in [tail, head) that can be sampled
    std::int64_t segments; // begun so far
    std::uint32_t has_open;
    std::uint32_t has_evicted; // since it was last cleared
};

/// The ring of one stream: where each step lies, where segments begin and end, what is evicted.
///
/// The steps of a segment are consecutive. An acted step ends its segment if it is terminated or
/// truncated, or if the next complete step was not acted on: that one is final, it holds only the
/// observation with which the segment ended.
class StepRing {
  public:
    StepRing(StreamState *state,
             const Column &marks,
             BitSet acted,
             std::size_t first_slot,
             std::size_t slots) noexcept
        : state_(state), marks_(marks), acted_(acted), first_(first_slot),
          slots_(static_cast<std::int64_t>(slots)) {}

    [[nodiscard]] const StreamState &state() const noexcept { return *state_; }
    [[nodiscard]] const BitSet &acted() const noexcept { return acted_; }
    [[nodiscard]] std::size_t first_slot() const noexcept { return first_; }

    /// The slot of time `t`, which must be in [tail, head].
    [[nodiscard]] std::size_t slot(std::int64_t t) const noexcept {
        std::int64_t slot = state_->head_slot - (state_->head - t);
        slot += slot < 0 ? slots_ : 0;
        return first_ + static_cast<std::size_t>(slot);
    }

    /// The time of a slot that holds a step of [tail, head].
    [[nodiscard]] std::int64_t time(std::size_t slot) const noexcept {
        std::int64_t age = state_->head_slot - static_cast<std::int64_t>(slot - first_);
        age += age < 0 ? slots_ : 0;
        return state_->head - age;
    }

    [[nodiscard]] std::size_t next_slot(std::size_t slot) const noexcept {
        return slot + 1 == first_ + static_cast<std::size_t>(slots_) ? first_ : slot + 1;
    }

    [[nodiscard]] std::size_t open_slot() const noexcept {
        return first_ + static_cast<std::size_t>(state_->head_slot);
    }

    [[nodiscard]] Mark mark(std::size_t slot) const noexcept {
        Mark mark;
        std::memcpy(&mark, marks_.at(slot), sizeof mark);
        return mark;
    }

    /// Whether the step at time `t` is held and can be sampled.
    [[nodiscard]] bool is_acted(std::int64_t t) const noexcept {
        return t >= state_->tail && t < state_->head && acted_.test(slot(t) - first_);
    }

    /// The stream has an open step whose episode goes on, so that an equal observation continues
    /// it.
    [[nodiscard]] bool can_continue() const noexcept {
        return state_->has_open != 0 && !mark(open_slot()).ended();
    }

    /// Pops steps off the tail until one more transition fits; `joins` says that it continues the
    /// open step. `retire(slot)` is called for each acted step that is popped. Returns how many of
    /// them went because slots ran out, not because `capacity` was reached.
    template <class Retire>
    std::int64_t make_room(bool joins, std::int64_t capacity, Retire &&retire) {
        while (state_->acted >= capacity)
            pop(retire);
        const std::int64_t opens = state_->head + (joins || state_->has_open == 0 ? 1 : 2);
        std::int64_t early = 0;
        // No view of today looks back, so a slot is free as soon as its step is behind the tail.
        while (opens - state_->tail >= slots_)
            early += pop(retire);
        return early;
    }

    /// Leaves an open step behind as a final one and opens the first step of a new segment.
    void begin_segment() noexcept {
        if (state_->has_open != 0)
            advance();
        set_mark(open_slot(), Mark::at(0));
        state_->has_open = 1;
        ++state_->segments;
    }

    /// Completes the open step as an acted one and opens the next of its segment.
    void act(bool terminated, bool truncated) noexcept {
        const std::size_t slot = open_slot();
        const std::uint32_t ended =
            (terminated ? Mark::kTerminated : 0U) | (truncated ? Mark::kTruncated : 0U);
        const Mark before = mark(slot);
        set_mark(slot, {before.bits | Mark::kActed | ended});
        acted_.insert(slot - first_);
        ++state_->acted;
        advance();
        // The open step says how its stream ended: nothing continues it then.
        set_mark(open_slot(), {before.next().bits | ended});
    }

    /// Forgets every step. Time goes on, so that indices given out before are stale.
    void clear() noexcept {
        if (state_->has_open != 0)
            advance();
        acted_.clear();
        state_->tail = state_->head;
        state_->acted = 0;
        state_->has_open = 0;
        state_->segments = 0;
        state_->has_evicted = 0;
    }

    /// Cursors, marks and the set of acted steps agree.
    [[nodiscard]] bool is_valid() const noexcept;

  private:
    void set_mark(std::size_t slot, Mark mark) noexcept {
        std::memcpy(marks_.at(slot), &mark, sizeof mark);
    }

    void advance() noexcept {
        ++state_->head;
        state_->head_slot = state_->head_slot + 1 == slots_ ? 0 : state_->head_slot + 1;
    }

    template <class Retire>
    std::int64_t pop(Retire &&retire) {
        const std::size_t oldest = slot(state_->tail++);
        if (!acted_.test(oldest - first_))
            return 0;
        acted_.erase(oldest - first_);
        --state_->acted;
        state_->has_evicted = 1;
        retire(oldest);
        return 1;
    }

    StreamState *state_;
    Column marks_;
    BitSet acted_;
    std::size_t first_;
    std::int64_t slots_;
};

inline bool StepRing::is_valid() const noexcept {
    const StreamState &s = *state_;
    if (!acted_.is_valid() || static_cast<std::int64_t>(acted_.count()) != s.acted)
        return false;
    if (s.tail > s.head || s.head - s.tail >= slots_ || s.head_slot >= slots_)
        return false;
    for (std::int64_t t = s.tail; t < s.head; ++t) {
        const Mark here = mark(slot(t));
        if (here.acted() != is_acted(t))
            return false;
        const bool last = t + 1 == s.head;
        if (!here.acted() || (last && s.has_open == 0))
            continue;
        // The observation after an acted step is the next step of the same segment.
        const Mark after = mark(slot(t + 1));
        if (after.position() != here.next().position() || (here.ended() && after.acted()))
            return false;
    }
    return true;
}

} // namespace dqn_fast
