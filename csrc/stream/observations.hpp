// SPDX-License-Identifier: MIT
#pragma once

#include "storage/copy.hpp"
#include "storage/step_store.hpp"
#include "stream/step_ring.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace dqn_fast {

/// Observations as users see them, stacks of frames, over steps that store one frame each.
///
/// The stack of a step is its own frame and those of the steps before it in its segment; before the
/// segment's first step lie zeros, or copies of its first frame. Any other input is stored so that
/// it still comes back exactly: frames that cannot be derived become hidden steps. A pointer to an
/// observation is one to the whole stack, for each observation field. A field that is no stack is
/// one of one frame. Every operation is O(bytes of an observation).
class Observations {
  public:
    Observations(const Schema &schema, const StepStore &store) : store_(store) {
        for (std::size_t i = 0; i < schema.observations(); ++i) {
            const Field &field = schema.fields()[i];
            stacks_.push_back({field.frames, field.pieces(), field.nbytes() / field.pieces()});
        }
        longest_ = schema.lookback() + 1;
        count_ = stacks_.size();
    }

    using Values = const std::byte *const *;

    /// How a segment begins so that its first observation comes back exactly.
    struct Beginning {
        std::size_t hidden; // steps before it, with the frames that cannot be derived
        bool zeros;         // what lies before those
    };

    /// The shortest beginning; at most the longest stack's frames less one.
    [[nodiscard]] Beginning beginning(Values obs) const noexcept {
        std::size_t hidden = 0;
        for (; hidden + 1 < longest_; ++hidden)
            for (const bool zeros : {false, true})
                if (is_derived(obs, hidden, zeros))
                    return {hidden, zeros};
        return {hidden, false};
    }

    /// By how many frames `next` is `obs` moved on, the fewest that will do: 1 if only its newest
    /// frame is new, and at most the frames of the longest stack, after which everything is.
    [[nodiscard]] std::size_t moved(Values obs, Values next) const noexcept {
        std::size_t frames = 1;
        while (frames < longest_ && !is_moved(obs, next, frames))
            ++frames;
        return frames;
    }

    /// By how many frames `next` is the stored stack of the step in `slot` moved on, in the same
    /// way.
    [[nodiscard]] std::size_t
    moved(const StepRing &ring, std::size_t slot, Values next) const noexcept {
        std::size_t frames = 1;
        while (frames < longest_ && !holds(ring, slot, next, frames))
            ++frames;
        return frames;
    }

    /// The stack of the step in `slot` is `obs`, byte for byte.
    [[nodiscard]] bool holds(const StepRing &ring, std::size_t slot, Values obs) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            if (stacks_[i].frames > 1)
                continue;
            if (!same_small(store_.column(i).at(slot), obs[i], stacks_[i].piece))
                return false;
        }
        return longest_ == 1 || holds(ring, slot, obs, 0);
    }

    /// Stores the frame that is `age` steps older than the newest, or the oldest there is.
    void write(std::size_t slot, Values obs, std::size_t age) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            const Stack &s = stacks_[i];
            if (s.frames == 1) {
                store_.write(i, slot, obs[i]);
                continue;
            }
            const std::size_t j = s.frames - 1 - std::min(age, s.frames - 1);
            std::byte *to = store_.column(i).at(slot);
            copy_rows({to, s.piece}, {s.at(obs[i], 0, j), s.stride()}, s.piece, s.pieces);
        }
    }

    /// Stores the newest frames of `count` observations, of rows from `row` on of the arrays `obs`,
    /// in the slots from `slot` on.
    void
    write_run(std::size_t slot, Values obs, std::size_t row, std::size_t count) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            const Stack &s = stacks_[i];
            const std::size_t bytes = s.pieces * s.stride();
            for (std::size_t piece = 0; piece < s.pieces; ++piece)
                copy_rows({store_.column(i).at(slot) + piece * s.piece, store_.column(i).stride},
                          {s.at(obs[i], piece, s.frames - 1) + row * bytes, bytes},
                          s.piece,
                          count);
        }
    }

    /// Row `row` of the arrays `obs` is, byte for byte, what row `row - 1` of the arrays `next_obs`
    /// is, and its next observation is moved on by one frame.
    [[nodiscard]] bool continues(Values obs, Values next_obs, std::size_t row) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            const Stack &s = stacks_[i];
            const std::size_t bytes = s.pieces * s.stride();
            if (!same_small(obs[i] + row * bytes, next_obs[i] + (row - 1) * bytes, bytes) ||
                !is_moved(i, obs[i] + row * bytes, next_obs[i] + row * bytes, 1))
                return false;
        }
        return true;
    }

    /// Copies field `i` of the step in `slot`, the whole stack, to `to`.
    void read(std::size_t i, const StepRing &ring, std::size_t slot, std::byte *to) const noexcept {
        const Stack &s = stacks_[i];
        const Column &column = store_.column(i);
        const std::size_t lookback = s.frames - 1;
        const bool is_run = s.pieces == 1 && column.stride == column.nbytes &&
                            slot - ring.first_slot() >= lookback &&
                            ring.mark(slot).position() >= lookback;
        if (is_run) { // neighbouring frames are neighbours in memory
            std::memcpy(to, column.at(slot - lookback), s.frames * s.piece);
            return;
        }
        if (s.frames == 4 && s.piece == 1) {
            const std::byte *from[4];
            for (std::size_t j = 0; j < 4; ++j)
                from[j] = frame(i, ring, slot, lookback - j);
            if (std::find(from, from + 4, nullptr) == from + 4)
                return interleave(to, from[0], from[1], from[2], from[3], s.pieces);
        }
        for (std::size_t j = 0; j < s.frames; ++j) {
            const std::byte *from = frame(i, ring, slot, lookback - j);
            if (from != nullptr)
                copy_rows({s.at(to, 0, j), s.stride()}, {from, s.piece}, s.piece, s.pieces);
            else
                for (std::size_t piece = 0; piece < s.pieces; ++piece)
                    std::memset(s.at(to, piece, j), 0, s.piece);
        }
    }

    [[nodiscard]] bool is_stack(std::size_t i) const noexcept { return stacks_[i].frames > 1; }
    [[nodiscard]] std::size_t stack_bytes(std::size_t i) const noexcept {
        return stacks_[i].pieces * stacks_[i].stride();
    }
    /// Frames of a stack of field `i`.
    [[nodiscard]] std::size_t frames(std::size_t i) const noexcept { return stacks_[i].frames; }
    /// Where the frames of field `i` lie.
    [[nodiscard]] const Column &column(std::size_t i) const noexcept { return store_.column(i); }
    /// The stored frame `age` steps before `slot`; null for one of zeros.
    [[nodiscard]] const std::byte *
    frame(std::size_t i, const StepRing &ring, std::size_t slot, std::size_t age) const noexcept {
        if (age > 0) {
            const Mark mark = ring.mark(slot);
            if (age > mark.position() && mark.zeros())
                return nullptr;
            slot = ring.slot_before(slot, std::min<std::size_t>(age, mark.position()));
        }
        return store_.column(i).at(slot);
    }

  private:
    struct Stack {
        std::size_t frames;
        std::size_t pieces; // that a frame lies in
        std::size_t piece;  // bytes of one

        // From a piece of a frame to the next one, in a stack.
        [[nodiscard]] std::size_t stride() const noexcept { return frames * piece; }
        template <class Byte>
        Byte *at(Byte *stack, std::size_t n, std::size_t j) const noexcept {
            return stack + (n * frames + j) * piece;
        }
    };

    // The stacks of `obs` are those of the step in `slot`, moved on by so many frames.
    [[nodiscard]] bool
    holds(const StepRing &ring, std::size_t slot, Values obs, std::size_t moved) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            const std::size_t frames = stacks_[i].frames;
            for (std::size_t age = moved; frames > 1 && age < frames; ++age)
                if (!holds_frame(i, frame(i, ring, slot, age - moved), obs[i], frames - 1 - age))
                    return false;
        }
        return true;
    }

    // `next` is `obs` moved on by so many frames: its others are the newest of `obs`.
    [[nodiscard]] bool is_moved(Values obs, Values next, std::size_t frames) const noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            if (!is_moved(i, obs[i], next[i], frames))
                return false;
        return true;
    }

    // `next` is `obs` moved on by so many frames, in field `i`.
    [[nodiscard]] bool is_moved(std::size_t i,
                                const std::byte *obs,
                                const std::byte *next,
                                std::size_t frames) const noexcept {
        const Stack &s = stacks_[i];
        return s.frames <= frames || same_rows({obs + frames * s.piece, s.stride()},
                                               {next, s.stride()},
                                               (s.frames - frames) * s.piece,
                                               s.pieces);
    }

    // A stored frame (null: zeros) equals frame `j` of a stack.
    [[nodiscard]] bool holds_frame(std::size_t i,
                                   const std::byte *stored,
                                   const std::byte *stack,
                                   std::size_t j) const noexcept {
        const Stack &s = stacks_[i];
        if (stored != nullptr)
            return same_rows({stored, s.piece}, {s.at(stack, 0, j), s.stride()}, s.piece, s.pieces);
        for (std::size_t piece = 0; piece < s.pieces; ++piece)
            if (!is_zero(s.at(stack, piece, j), s.piece))
                return false;
        return true;
    }

    static bool is_zero(const std::byte *data, std::size_t bytes) noexcept {
        return std::all_of(data, data + bytes, [](std::byte b) { return b == std::byte{0}; });
    }

    // All frames older than the `hidden` before the newest are zeros, or equal the oldest of those.
    [[nodiscard]] bool is_derived(Values obs, std::size_t hidden, bool zeros) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            const Stack &s = stacks_[i];
            for (std::size_t j = 0; j + 1 + hidden < s.frames; ++j)
                for (std::size_t piece = 0; piece < s.pieces; ++piece) {
                    const std::byte *given = s.at(obs[i], piece, j);
                    const std::byte *first = s.at(obs[i], piece, s.frames - 1 - hidden);
                    if (zeros ? !is_zero(given, s.piece) : std::memcmp(given, first, s.piece) != 0)
                        return false;
                }
        }
        return true;
    }

    const StepStore &store_;
    std::vector<Stack> stacks_;
    std::size_t count_; // of stacks_; its size() takes a division of pointers
    std::size_t longest_;
};

} // namespace dqn_fast
