// SPDX-License-Identifier: MIT
#pragma once

#include "stream/step_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace dqn_fast {

/// The rings of all streams, one after another in the slots of a memory, and the names of their
/// steps: the index of the step at time t of a stream is t * streams + stream, for ever.
class Rings {
  public:
    /// `slots` are those of one ring.
    Rings(std::vector<StepRing> rings, std::size_t slots) noexcept
        : rings_(std::move(rings)), count_(rings_.size()), slots_(slots) {}

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] auto begin() noexcept { return rings_.begin(); }
    [[nodiscard]] auto end() noexcept { return rings_.end(); }
    [[nodiscard]] auto begin() const noexcept { return rings_.begin(); }
    [[nodiscard]] auto end() const noexcept { return rings_.end(); }
    [[nodiscard]] StepRing &operator[](std::size_t stream) noexcept { return rings_[stream]; }
    [[nodiscard]] const StepRing &operator[](std::size_t stream) const noexcept {
        return rings_[stream];
    }

    /// The ring that a slot belongs to. O(1), as everything here.
    [[nodiscard]] const StepRing &of(std::size_t slot) const noexcept {
        return count_ == 1 ? rings_[0] : rings_[slot / slots_];
    }

    /// The index of the step in a slot.
    [[nodiscard]] std::int64_t index_of(std::size_t slot) const noexcept {
        const auto one = static_cast<std::int64_t>(slot);
        std::int64_t index = 0;
        name({&one, 1}, &index);
        return index;
    }

    /// The indices of the steps in these slots. O(slots).
    void name(std::span<const std::int64_t> slots, std::int64_t *indices) const noexcept {
        if (count_ == 1)
            return rings_[0].times(slots, indices);
        const std::size_t count = count_, of_one = slots_; // a store might change the members
        const StepRing *const rings = rings_.data();
        for (std::size_t i = 0; i < slots.size(); ++i) {
            const auto slot = static_cast<std::size_t>(slots[i]);
            const std::size_t stream = slot / of_one;
            indices[i] = rings[stream].time(slot) * static_cast<std::int64_t>(count) +
                         static_cast<std::int64_t>(stream);
        }
    }

    struct Step {
        std::int64_t t;
        const StepRing &ring;

        [[nodiscard]] bool is_acted() const noexcept { return ring.is_acted(t); }
        [[nodiscard]] std::size_t slot() const noexcept { return ring.slot(t); }
        /// The stream has got so far: the index was given out, or could have been.
        [[nodiscard]] bool is_past() const noexcept { return t >= 0 && t < ring.state().head; }
    };

    /// The step that an index names, which need not be held.
    [[nodiscard]] Step find(std::int64_t index) const noexcept {
        if (count_ == 1 || index < 0) // the former spares two divisions
            return {index, rings_[0]};
        const auto streams = static_cast<std::int64_t>(count_);
        return {index / streams, rings_[static_cast<std::size_t>(index % streams)]};
    }

    /// Acted steps that are held. O(streams).
    [[nodiscard]] std::int64_t acted() const noexcept {
        std::int64_t total = 0;
        for (const StepRing &ring : rings_)
            total += ring.state().acted;
        return total;
    }

  private:
    std::vector<StepRing> rings_;
    std::size_t count_; // of rings_; its size() takes a division of pointers
    std::size_t slots_;
};

} // namespace dqn_fast
