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

    /// Fills everything but the weights. `ring_of(slot)` is the ring that a slot belongs to.
    template <class RingOf>
    void copy(std::span<const std::int64_t> slots,
              std::size_t n_step,
              double gamma,
              RingOf &&ring_of,
              const TransitionBatch &out) {
        last_slots_.resize(slots.size());
        // In blocks that stay in the nearest cache, two of them on their way.
        for (std::size_t first = 0; first < slots.size(); first += kBlock) {
            const Rows rows{first, std::min(first + kBlock, slots.size())};
            if (first + 2 * kBlock < slots.size())
                prefetch_block(slots.subspan(first + 2 * kBlock), n_step);
            if (schema_.reward_is_double())
                resolve<double>(slots, rows, n_step, gamma, ring_of, out);
            else
                resolve<float>(slots, rows, n_step, gamma, ring_of, out);
            for (std::size_t i = 0; i < schema_.observations(); ++i) {
                gather_observation(i, slots.data(), rows, ring_of, out.fields[i]);
                gather_observation(i, last_slots_.data(), rows, ring_of, out.next_obs[i]);
            }
            for (std::size_t i = schema_.action(); i < schema_.fields().size(); ++i)
                if (i != schema_.reward())
                    gather(store_.column(i), slots.data(), rows, out.fields[i]);
        }
    }

  private:
    static constexpr std::size_t kBlock = 32; // rows
    static constexpr std::size_t kLargestFetch =
        1024; // bytes a row; the processor sees what follows

    struct Rows {
        std::size_t first, end;
    };

    void prefetch_block(std::span<const std::int64_t> slots, std::size_t n_step) const noexcept {
        const std::size_t record = store_.marks().stride;
        const std::size_t steps = std::min(n_step, kLargestFetch / record) + 1;
        for (std::size_t i = 0; i < std::min(kBlock, slots.size()); ++i)
            prefetch_range(
                store_.record(static_cast<std::size_t>(slots[i])), // beyond the end is harmless
                std::min(steps * record, kLargestFetch));
    }

    // Walks each transition to its end: return, discount, flags, and where next_obs lies.
    template <class Real, class RingOf>
    void resolve(std::span<const std::int64_t> slots,
                 Rows rows,
                 std::size_t n_step,
                 double gamma,
                 RingOf &&ring_of,
                 const TransitionBatch &out) {
        const Column &rewards = store_.column(schema_.reward());
        auto *returns = reinterpret_cast<Real *>(out.fields[schema_.reward()]);
        auto *discounts = reinterpret_cast<Real *>(out.discount);
        for (std::size_t i = rows.first; i < rows.end; ++i) {
            auto slot = static_cast<std::size_t>(slots[i]);
            const StepRing &ring = ring_of(slot);
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
            last_slots_[i] = static_cast<std::int64_t>(slot);
            returns[i] = static_cast<Real>(sum);
            discounts[i] = mark.terminated() ? Real{0} : static_cast<Real>(discount);
            out.terminated[i] = mark.terminated();
            out.truncated[i] = mark.truncated();
        }
    }

    template <class RingOf>
    void gather_observation(std::size_t i,
                            const std::int64_t *slots,
                            Rows rows,
                            RingOf &&ring_of,
                            std::byte *to) const {
        if (!observations_.is_stack(i))
            return gather(store_.column(i), slots, rows, to);
        const std::size_t nbytes = schema_.fields()[i].stack_bytes();
        for (std::size_t row = rows.first; row < rows.end; ++row) {
            const auto slot = static_cast<std::size_t>(slots[row]);
            observations_.read(i, ring_of(slot), slot, to + row * nbytes);
        }
    }

    static void gather(const Column &from, const std::int64_t *slots, Rows rows, std::byte *to) {
        switch (from.nbytes) { // a copy of constant size is a few moves
        case 1:
            return gather_fixed<1>(from, slots, rows, to);
        case 4:
            return gather_fixed<4>(from, slots, rows, to);
        case 8:
            return gather_fixed<8>(from, slots, rows, to);
        case 16:
            return gather_fixed<16>(from, slots, rows, to);
        case 32:
            return gather_fixed<32>(from, slots, rows, to);
        default:
            for (std::size_t i = rows.first; i < rows.end; ++i)
                std::memcpy(
                    to + i * from.nbytes, from.at(static_cast<std::size_t>(slots[i])), from.nbytes);
        }
    }

    template <std::size_t N>
    static void
    gather_fixed(const Column &from, const std::int64_t *slots, Rows rows, std::byte *to) {
        for (std::size_t i = rows.first; i < rows.end; ++i)
            std::memcpy(to + i * N, from.at(static_cast<std::size_t>(slots[i])), N);
    }

    const Schema &schema_;
    const StepStore &store_;
    const Observations &observations_;
    std::vector<std::int64_t> last_slots_;
};

} // namespace dqn_fast
