// SPDX-License-Identifier: MIT
#pragma once

#include "stream/observations.hpp"
#include "stream/rings.hpp"
#include "views/frame_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace dqn_fast {

/// Copies the frames of observations, each of a row's once: an observation and the one n steps
/// later share most of them, and a stack at a segment's start shows its first one several times.
class FrameCopy {
  public:
    explicit FrameCopy(const Observations &observations) noexcept : observations_(observations) {}

    /// Copies field `i` of a batch: the observations in `slots`, one for each row, and the ones in
    /// `next_slots` of the same streams. O(bytes of the frames + rows * frames^2).
    void copy(const Rings &rings,
              std::size_t i,
              std::span<const std::int64_t> slots,
              std::span<const std::int64_t> next_slots,
              const FrameBatch &out) {
        const std::size_t frames = observations_.frames(i);
        count_ = 0;
        for (std::size_t row = 0; row < slots.size(); ++row) {
            const StepRing &ring = rings.of(static_cast<std::size_t>(slots[row]));
            placed_.clear();
            const auto name = [&](std::int64_t of, std::int64_t *index) {
                const auto slot = static_cast<std::size_t>(of);
                for (std::size_t j = 0; j < frames; ++j)
                    index[row * frames + j] =
                        place(i, observations_.frame(i, ring, slot, frames - 1 - j), out.frames[i]);
            };
            name(slots[row], out.frame_index[i]);
            name(next_slots[row], out.next_frame_index[i]);
        }
    }

  private:
    struct Placed {
        const std::byte *from; // null: zeros
        std::int64_t number;
    };

    // The number of a frame of this row, which is copied if it is a new one.
    std::int64_t place(std::size_t i, const std::byte *from, std::byte *frames) {
        for (const Placed &one : placed_)
            if (one.from == from)
                return one.number;
        const std::size_t bytes = observations_.column(i).nbytes;
        const std::int64_t number = count_++;
        std::byte *const to = frames + static_cast<std::size_t>(number) * bytes;
        if (from != nullptr)
            std::memcpy(to, from, bytes);
        else
            std::memset(to, 0, bytes);
        placed_.push_back({from, number});
        return number;
    }

    const Observations &observations_;
    std::int64_t count_ = 0;     // frames of the batch so far
    std::vector<Placed> placed_; // of the row
};

} // namespace dqn_fast
