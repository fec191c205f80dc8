// SPDX-License-Identifier: MIT
#pragma once

#include "observations.hpp"
#include "prefetch.hpp"
#include "step_ring.hpp"
#include "step_store.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace dqn_fast {

/// Where the rows of a batch of transitions go; every array has one row for each drawn slot.
struct TransitionBatch {
    std::vector<std::byte *> fields;   // by field of the schema; the reward's is the n-step return
    std::vector<std::byte *> next_obs; // by observation field
    bool *terminated = nullptr;
    bool *truncated = nullptr;
    std::byte *discount = nullptr; // of the reward's type
    float *weights = nullptr;
    std::int64_t *indices = nullptr;
};

/// Copies n-step transitions out of the ring.
///
/// The transition of step t spans k steps: n, or fewer where its segment or the recording ends.
/// It is clipped, never rejected, and a function of the stored steps, t, n and gamma alone.
class TransitionView {
  public:
    TransitionView(const Schema &schema,
                   const StepStore &store,
                   const Observations &observations) noexcept
        : schema_(schema), store_(store), observations_(observations) {}

    /// Asks for the records of the first transitions ahead of `copy`: whoever has work in between
    /// hides the wait for them.
    void prefetch_first(std::span<const std::int64_t> slots, std::size_t n_step) const noexcept {
        prefetch_block(slots, n_step);
        if (slots.size() > kBlock)
            prefetch_block(slots.subspan(kBlock), n_step);
    }

    /// Fills everything but the weights.
    ///
    /// `ring_of(slot)` is the ring that a slot belongs to, `index_of(ring, slot)` the index of the
    /// step in it.
    template <class RingOf, class IndexOf>
    void copy(std::span<const std::int64_t> slots,
              std::size_t n_step,
              double gamma,
              RingOf &&ring_of,
              IndexOf &&index_of,
              const TransitionBatch &out) const {
        std::int64_t last_slots[kBlock];
        // In blocks that stay in the nearest cache, two of them on their way.
        for (std::size_t row = 0; row < slots.size(); row += kBlock) {
            const Slots block = slots.subspan(row, std::min(kBlock, slots.size() - row));
            const Slots last{last_slots, block.size()};
            if (row + 2 * kBlock < slots.size())
                prefetch_block(slots.subspan(row + 2 * kBlock), n_step);
            if (schema_.reward_is_double())
                resolve<double>(block, n_step, gamma, ring_of, index_of, last_slots, row, out);
            else
                resolve<float>(block, n_step, gamma, ring_of, index_of, last_slots, row, out);
            for (std::size_t i = 0; i < schema_.observations(); ++i) {
                gather_observation(i, block, ring_of, row, out.fields[i]);
                gather_observation(i, last, ring_of, row, out.next_obs[i]);
            }
            for (std::size_t i = schema_.action(); i < schema_.fields().size(); ++i)
                if (i != schema_.reward())
                    gather(store_.column(i), block, row, out.fields[i]);
        }
    }

  private:
    static constexpr std::size_t kBlock = 32; // rows
    static constexpr std::size_t kLargestFetch =
        1024; // bytes a row; the processor sees what follows

    using Slots = std::span<const std::int64_t>; // of rows that follow each other

    void prefetch_block(Slots slots, std::size_t n_step) const noexcept {
        const std::size_t record = store_.marks().stride;
        const std::size_t steps = std::min(n_step, kLargestFetch / record) + 1;
        for (std::size_t i = 0; i < std::min(kBlock, slots.size()); ++i)
            prefetch_range(
                store_.record(static_cast<std::size_t>(slots[i])), // beyond the end is harmless
                std::min(steps * record, kLargestFetch));
    }

    // Walks each transition to its end: return, discount, flags, and where next_obs lies.
    template <class Real, class RingOf, class IndexOf>
    void resolve(Slots slots,
                 std::size_t n_step,
                 double gamma,
                 RingOf &&ring_of,
                 IndexOf &&index_of,
                 std::int64_t *last_slots,
                 std::size_t row,
                 const TransitionBatch &out) const {
        const Column &rewards = store_.column(schema_.reward());
        auto *returns = reinterpret_cast<Real *>(out.fields[schema_.reward()]);
        auto *discounts = reinterpret_cast<Real *>(out.discount);
        for (std::size_t i = 0; i < slots.size(); ++i, ++row) {
            auto slot = static_cast<std::size_t>(slots[i]);
            const StepRing &ring = ring_of(slot);
            out.indices[row] = index_of(ring, slot);
            double sum = -0.0, discount = 1.0; // -0.0 + r is r, whatever its sign
            Mark mark = ring.mark(slot);
            for (std::size_t k = 1;; ++k) {
                Real reward;
                std::memcpy(&reward, rewards.at(slot), sizeof reward);
                sum += discount * static_cast<double>(reward);
                discount *= gamma;
                slot = ring.next_slot(slot);
                if (k == n_step || mark.ended() || mark.broken())
                    break;
                const Mark next = ring.mark(slot);
                if (!next.acted())
                    break; // final, or still open
                mark = next;
            }
            if (mark.broken()) // the next observation begins a segment, after its context steps
                while (ring.mark(slot).is_context())
                    slot = ring.next_slot(slot);
            last_slots[i] = static_cast<std::int64_t>(slot);
            returns[row] = static_cast<Real>(sum);
            discounts[row] = mark.terminated() ? Real{0} : static_cast<Real>(discount);
            out.terminated[row] = mark.terminated();
            out.truncated[row] = mark.truncated();
        }
    }

    template <class RingOf>
    void gather_observation(
        std::size_t i, Slots slots, RingOf &&ring_of, std::size_t row, std::byte *to) const {
        if (!observations_.is_stack(i))
            return gather(store_.column(i), slots, row, to);
        const std::size_t nbytes = schema_.fields()[i].stack_bytes();
        for (const std::int64_t slot : slots) {
            const auto at = static_cast<std::size_t>(slot);
            observations_.read(i, ring_of(at), at, to + row++ * nbytes);
        }
    }

    static void gather(const Column &from, Slots slots, std::size_t row, std::byte *to) {
        to += row * from.nbytes;
        switch (from.nbytes) { // a copy of constant size is a few moves
        case 1:
            return gather_fixed<1>(from, slots, to);
        case 4:
            return gather_fixed<4>(from, slots, to);
        case 8:
            return gather_fixed<8>(from, slots, to);
        case 16:
            return gather_fixed<16>(from, slots, to);
        case 32:
            return gather_fixed<32>(from, slots, to);
        default:
            for (const std::int64_t slot : slots) {
                std::memcpy(to, from.at(static_cast<std::size_t>(slot)), from.nbytes);
                to += from.nbytes;
            }
        }
    }

    template <std::size_t N>
    static void gather_fixed(const Column &from, Slots slots, std::byte *to) {
        for (std::size_t i = 0; i < slots.size(); ++i)
            std::memcpy(to + i * N, from.at(static_cast<std::size_t>(slots[i])), N);
    }

    const Schema &schema_;
    const StepStore &store_;
    const Observations &observations_;
};

} // namespace dqn_fast
