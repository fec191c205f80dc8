// SPDX-License-Identifier: MIT
// Longer than most: the rules of one stream are read together, and inlined where steps are added.
#pragma once

#include "storage/step_store.hpp"
#include "stream/bit_set.hpp"
#include "stream/mark.hpp"
#include "stream/stream_state.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace dqn_fast {

/// The ring of one stream: where each step lies, where segments begin and end, what is evicted.
///
/// The steps of a segment are consecutive. Each is acted, context, hidden, or the last one: final
/// if the segment has ended or was broken off, open while it goes on. Every operation is O(1), but
/// for those that say otherwise.
class StepRing {
  public:
    /// `lookback` is how many steps before a step its observation needs.
    StepRing(StreamState *state,
             const Column &marks,
             BitSet acted,
             std::size_t first_slot,
             std::size_t slots,
             std::size_t lookback) noexcept
        : state_(state), marks_(marks), acted_(acted), first_(first_slot),
          slots_(static_cast<std::int64_t>(slots)), lookback_(static_cast<std::int64_t>(lookback)),
          may_pass_(lookback != 0) {}

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

    /// The times of slots, each as time() gives it. O(slots).
    void times(std::span<const std::int64_t> slots, std::int64_t *times) const noexcept {
        const std::int64_t head = state_->head, length = slots_; // a store might change the members
        const std::int64_t head_slot = state_->head_slot + static_cast<std::int64_t>(first_);
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const std::int64_t age = head_slot - slots[i];
            times[i] = head - (age < 0 ? age + length : age);
        }
    }

    [[nodiscard]] std::size_t next_slot(std::size_t slot) const noexcept {
        return slot + 1 == first_ + static_cast<std::size_t>(slots_) ? first_ : slot + 1;
    }

    /// The slot `steps` before one; the step must be at least as far into its segment.
    [[nodiscard]] std::size_t slot_before(std::size_t slot, std::size_t steps) const noexcept {
        const std::size_t offset = slot - first_;
        return slot - steps + (offset < steps ? static_cast<std::size_t>(slots_) : 0);
    }

    /// The slot of the next decision behind an acted step: the next acted step of its segment, or
    /// the segment's last step. Hidden and context steps between them are passed over. O(steps
    /// between them).
    [[nodiscard]] std::size_t next_decision(std::size_t slot) const noexcept {
        slot = next_slot(slot);
        if (may_pass_)
            while (mark(slot).is_passed())
                slot = next_slot(slot);
        return slot;
    }

    /// No step of its segment that views show lies before the step in `slot`, held or evicted.
    /// O(lookback).
    [[nodiscard]] bool is_first(std::size_t slot) const noexcept {
        std::uint32_t position = mark(slot).position();
        if (position > static_cast<std::uint32_t>(lookback_))
            return false;
        for (; position > 0; --position) {
            slot = slot_before(slot, 1);
            if (!mark(slot).hidden())
                return false;
        }
        return true;
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
        return state_->at_head == Head::kOpen && !mark(open_slot()).ended();
    }

    /// Context steps wait for the observation that continues them.
    [[nodiscard]] bool is_expecting() const noexcept { return state_->at_head == Head::kExpected; }

    /// The time of the open step once `steps` more are complete, in the segment of the open step
    /// (`joins`) or in a new one.
    [[nodiscard]] std::int64_t time_after(bool joins, std::size_t steps) const noexcept {
        const bool leaves_final = !joins && state_->at_head == Head::kOpen;
        return state_->head + (leaves_final ? 1 : 0) + static_cast<std::int64_t>(steps);
    }

    /// Pops steps off the tail until fewer than `capacity` are acted, and until the slots of all
    /// steps up to time `opens` and of what the oldest looks back on are free. `retire(slot)` is
    /// called for each acted step that is popped. Returns how many of them went because slots ran
    /// out, not because the capacity was reached.
    template <class Retire>
    std::int64_t make_room(std::int64_t opens, std::int64_t capacity, Retire &&retire) {
        while (state_->acted >= capacity)
            pop(retire);
        std::int64_t early = 0;
        while (opens - oldest_needed() >= slots_)
            early += pop(retire);
        return early;
    }

    /// Leaves an open step behind as a final one and opens the first step of a new segment.
    void begin_segment(bool zeros) noexcept {
        if (state_->at_head == Head::kOpen)
            advance();
        set_mark(open_slot(), Mark::first(zeros));
        state_->at_head = Head::kOpen;
        ++state_->segments;
    }

    /// Opens the step that context steps were waiting for.
    void continue_context() noexcept { state_->at_head = Head::kOpen; }

    /// Completes the open step as an acted one and opens the next of its segment.
    void act(bool terminated, bool truncated) noexcept {
        const std::uint32_t flags = Mark::kActed | (terminated ? Mark::kTerminated : 0U) |
                                    (truncated ? Mark::kTruncated : 0U);
        acted_.insert(open_slot() - first_);
        ++state_->acted;
        state_->may_drop = 0;
        complete(flags);
    }

    /// What make_room(), act() and end() do together for the usual step, which continues the open
    /// one and needs no hidden steps, if the oldest step is all that has to go: `retire(slot)` is
    /// called for it. Returns false otherwise, and has changed nothing.
    template <class Retire>
    bool
    try_append(bool terminated, bool truncated, std::int64_t capacity, Retire &&retire) noexcept {
        StreamState s = *state_; // a copy: a store of bytes might change anything else
        const bool is_full = s.acted == capacity;
        const std::size_t oldest = slot(s.tail) - first_;
        if (lookback_ != 0 || s.head + 1 - s.tail - (is_full ? 1 : 0) >= slots_ ||
            (is_full && !acted_.test(oldest)))
            return false;
        const auto open = static_cast<std::size_t>(s.head_slot);
        s.head_slot = s.head_slot + 1 == slots_ ? 0 : s.head_slot + 1;
        const Mark before = mark(first_ + open);
        const std::uint32_t ended =
            (terminated ? Mark::kTerminated : 0U) | (truncated ? Mark::kTruncated : 0U);
        set_mark(first_ + open, {before.bits | Mark::kActed | ended});
        set_mark(first_ + static_cast<std::size_t>(s.head_slot), {before.next().bits | ended});
        s.may_drop = ended != 0 ? 1 : s.may_drop;
        ++s.head;
        if (is_full) {
            ++s.tail;
            s.has_evicted = 1;
            acted_.erase(oldest);
            retire(first_ + oldest);
        } else {
            ++s.acted;
        }
        acted_.insert(open);
        *state_ = s;
        return true;
    }

    /// As many calls of act() for steps that do not end, whose slots must follow one
    /// another and be followed by the next open step's.
    void act_run(std::size_t count) noexcept {
        acted_.insert_run(open_slot() - first_, count);
        state_->acted += static_cast<std::int64_t>(count);
        Mark mark = this->mark(open_slot());
        std::byte *at = marks_.at(open_slot());
        for (std::size_t i = 0; i < count; ++i, at += marks_.stride) {
            const std::uint32_t acted = mark.bits | Mark::kActed;
            std::memcpy(at, &acted, sizeof acted);
            mark = mark.next();
        }
        std::memcpy(at, &mark, sizeof mark);
        state_->head += static_cast<std::int64_t>(count);
        state_->head_slot += static_cast<std::int64_t>(count);
    }

    /// How many steps act_run() takes before the ring wraps around, without any step popped.
    [[nodiscard]] std::size_t longest_run() const noexcept {
        const std::int64_t free = slots_ - 1 - (state_->head - oldest_needed());
        return static_cast<std::size_t>(
            std::max<std::int64_t>(0, std::min(slots_ - 1 - state_->head_slot, free)));
    }

    /// Completes the open step as a hidden one and opens the next of its segment.
    void complete_as_hidden() noexcept { complete(Mark::kHidden); }

    /// Completes the open step as a context step; the next observation continues it.
    void complete_as_context() noexcept {
        complete(Mark::kContext);
        state_->at_head = Head::kExpected;
    }

    /// Completes the open step as a context step inside its segment, and opens the next one.
    void complete_as_inner_context() noexcept {
        complete(Mark::kContext);
        state_->has_inner_context = 1;
        may_pass_ = true;
    }

    /// Says that the episode ended with the open step: nothing continues it.
    void end(bool terminated, bool truncated) noexcept {
        const std::uint32_t ended =
            (terminated ? Mark::kTerminated : 0U) | (truncated ? Mark::kTruncated : 0U);
        set_mark(open_slot(), {mark(open_slot()).bits | ended});
        state_->may_drop = 1;
    }

    /// The slot of the observation with which the episode ended, if a row of its reset may still be
    /// dropped and the observation is held.
    [[nodiscard]] std::optional<std::size_t> ended_slot() const noexcept {
        const std::int64_t t = state_->head + 1 - static_cast<std::int64_t>(state_->may_drop);
        if (state_->may_drop == 0 || t < state_->tail)
            return std::nullopt;
        return slot(t);
    }

    /// The reset after an episode's end is known: no second row of it is dropped.
    void drop_reset() noexcept { state_->may_drop = 0; }

    /// Calls `visit(t, slot)` for each acted step that is held, oldest first. O(steps held).
    template <class Visit>
    void for_each_acted(Visit &&visit) const {
        for (std::int64_t t = state_->tail; t < state_->head; ++t) {
            const std::size_t at = slot(t);
            if (acted_.test(at - first_))
                visit(t, at);
        }
    }

    /// Forgets every step. Time goes on, so that indices given out before are stale. O(slots).
    void clear() noexcept {
        if (state_->at_head == Head::kOpen)
            advance();
        acted_.clear();
        state_->tail = state_->head;
        state_->acted = 0;
        state_->segments = 0;
        state_->at_head = Head::kNothing;
        state_->has_evicted = 0;
        state_->may_drop = 0;
        state_->has_inner_context = 0;
        may_pass_ = lookback_ != 0;
    }

    /// The time of the oldest step whose slot may not be reused.
    [[nodiscard]] std::int64_t oldest_needed() const noexcept {
        if (lookback_ == 0 || (state_->tail == state_->head && state_->at_head == Head::kNothing))
            return state_->tail;
        const auto position = static_cast<std::int64_t>(mark(slot(state_->tail)).position());
        return state_->tail - std::min(lookback_, position);
    }

    /// The cursors are ones that a ring of this size can have.
    [[nodiscard]] bool has_sane_cursors() const noexcept {
        const StreamState &s = *state_;
        constexpr std::int64_t end_of_time = std::int64_t{1}
                                             << 40; // 34,000 years of a step a second
        return s.tail >= 0 && s.tail <= s.head && s.head < end_of_time &&
               s.head - s.tail < slots_ && s.head_slot >= 0 && s.head_slot < slots_ &&
               s.acted >= 0 && s.acted <= s.head - s.tail && s.at_head <= Head::kExpected;
    }

    /// Takes the cursors of a saved stream.
    void restore(const StreamState &state) noexcept {
        *state_ = state;
        may_pass_ = lookback_ != 0 || state.has_inner_context != 0;
    }

    /// Hides the context of a snapshot of format 1: in a ring of stacks, what it calls context are
    /// hidden steps. O(steps held).
    void hide_context(std::int64_t oldest) noexcept {
        for (std::int64_t t = oldest; t < state_->head; ++t) {
            const Mark here = mark(slot(t));
            if (here.is_context())
                set_mark(slot(t), {(here.bits & ~Mark::kContext) | Mark::kHidden});
        }
    }

    /// Reads off the marks which steps are acted; the cursors must be sane. O(slots).
    void recover_acted() noexcept {
        acted_.clear();
        for (std::int64_t t = state_->tail; t < state_->head; ++t)
            if (mark(slot(t)).acted())
                acted_.insert(slot(t) - first_);
    }

    /// Cursors, marks and the set of acted steps agree. O(slots).
    [[nodiscard]] bool is_valid() const noexcept;

  private:
    void set_mark(std::size_t slot, Mark mark) noexcept {
        std::memcpy(marks_.at(slot), &mark, sizeof mark);
    }

    void complete(std::uint32_t flags) noexcept {
        const Mark before = mark(open_slot());
        set_mark(open_slot(), {before.bits | flags});
        advance();
        set_mark(open_slot(), before.next());
    }

    void advance() noexcept {
        ++state_->head;
        state_->head_slot = state_->head_slot + 1 == slots_ ? 0 : state_->head_slot + 1;
        state_->may_drop += state_->may_drop != 0 ? 1 : 0;
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
    std::int64_t lookback_;
    bool may_pass_; // there may be steps between two decisions
};

inline bool StepRing::is_valid() const noexcept {
    const StreamState &s = *state_;
    if (!has_sane_cursors() || !acted_.is_valid() ||
        static_cast<std::int64_t>(acted_.count()) != s.acted)
        return false;
    for (std::int64_t t = s.tail; t < s.head; ++t) {
        const Mark here = mark(slot(t));
        if (here.acted() != is_acted(t) || here.acted() + here.is_context() + here.hidden() > 1)
            return false;
        const bool last = t + 1 == s.head;
        if (!here.acted() || (last && s.at_head == Head::kNothing))
            continue;
        // After an acted step comes the next of its segment, or a new segment if it is broken.
        const Mark after = mark(slot(t + 1));
        if (after.position() != (here.broken() ? 0 : here.next().position()) ||
            (here.ended() && after.acted()))
            return false;
    }
    return s.head - oldest_needed() < slots_;
}

} // namespace dqn_fast
