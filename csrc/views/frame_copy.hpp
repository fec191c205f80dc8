// SPDX-License-Identifier: MIT
#pragma once

#include "stream/observations.hpp"
#include "stream/rings.hpp"
#include "views/frame_batch.hpp"
#include "views/gather.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace dqn_fast {

/// Copies the frames of observations, each of a row's once: an observation and the one n steps
/// later share most of them, and a stack at a segment's start shows its first one several times.
class FrameCopy {
  public:
    explicit FrameCopy(const Observations &observations) noexcept : observations_(observations) {}

    /// Begins a batch; it has so many observation fields.
    void begin(std::size_t fields) { counts_.assign(fields, 0); }

    /// Copies field `i` of rows that follow those before: the observations in `slots`, and the ones
    /// in `next_slots` of the same streams. O(bytes of the frames + frames^2).
    void copy(const Rings &rings,
              std::size_t i,
              const std::int64_t *slots,
              const std::int64_t *next_slots,
              gather::Rows rows,
              const FrameBatch &out) {
        const std::size_t frames = observations_.frames(i);
        for (std::size_t row = rows.first; row < rows.end; ++row) {
            const StepRing &ring = rings.of(static_cast<std::size_t>(slots[row]));
            placed_.clear();
            const auto name = [&](const std::int64_t *of, std::int64_t *index) {
                const auto slot = static_cast<std::size_t>(of[row]);
                for (std::size_t j = 0; j < frames; ++j)
                    index[row * frames + j] =
                        place(i, observations_.frame(i, ring, slot, frames - 1 - j), out.frames[i]);
            };
            name(slots, out.frame_index[i]);
            name(next_slots, out.next_frame_index[i]);
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
        const std::int64_t number = counts_[i]++;
        std::byte *const to = frames + static_cast<std::size_t>(number) * bytes;
        if (from != nullptr)
            std::memcpy(to, from, bytes);
        else
            std::memset(to, 0, bytes);
        placed_.push_back({from, number});
        return number;
    }

    const Observations &observations_;
    std::vector<std::int64_t> counts_; // frames of the batch so far, by observation field
    std::vector<Placed> placed_;       // of the row
};

} // namespace dqn_fast
