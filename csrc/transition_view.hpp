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

    /// Fills everything but the weights. `ring_of(slot)` is the ring that a slot belongs to.
    template <class RingOf>
    void copy(std::span<const std::int64_t> slots,
              std::size_t n_step,
              double gamma,
              RingOf &&ring_of,
              const TransitionBatch &out) {
        const Column &marks = store_.marks();
        for (const std::int64_t slot : slots) {
            prefetch(marks.at(static_cast<std::size_t>(slot)));
            prefetch(marks.at(static_cast<std::size_t>(slot) + 1)); // one past the end is harmless
        }
        last_slots_.resize(slots.size());
        if (schema_.reward_is_double())
            resolve<double>(slots, n_step, gamma, ring_of, out);
        else
            resolve<float>(slots, n_step, gamma, ring_of, out);
        for (std::size_t i = 0; i < schema_.observations(); ++i) {
            gather_observation(i, slots, ring_of, out.fields[i]);
            gather_observation(i, last_slots_, ring_of, out.next_obs[i]);
        }
        for (std::size_t i = schema_.action(); i < schema_.fields().size(); ++i)
            if (i != schema_.reward())
                gather(store_.column(i), slots, out.fields[i]);
    }

  private:
    // Walks each transition to its end: return, discount, flags, and where next_obs lies.
    template <class Real, class RingOf>
    void resolve(std::span<const std::int64_t> slots,
                 std::size_t n_step,
                 double gamma,
                 RingOf &&ring_of,
                 const TransitionBatch &out) {
        const Column &rewards = store_.column(schema_.reward());
        auto *returns = reinterpret_cast<Real *>(out.fields[schema_.reward()]);
        auto *discounts = reinterpret_cast<Real *>(out.discount);
        for (std::size_t i = 0; i < slots.size(); ++i) {
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
                            std::span<const std::int64_t> slots,
                            RingOf &&ring_of,
                            std::byte *to) const {
        if (!observations_.is_stack(i))
            return gather(store_.column(i), slots, to);
        const std::size_t nbytes = schema_.fields()[i].stack_bytes();
        for (std::size_t row = 0; row < slots.size(); ++row) {
            const auto slot = static_cast<std::size_t>(slots[row]);
            observations_.read(i, ring_of(slot), slot, to + row * nbytes);
        }
    }

    static void gather(const Column &from, std::span<const std::int64_t> slots, std::byte *to) {
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
            for (std::size_t i = 0; i < slots.size(); ++i)
                std::memcpy(
                    to + i * from.nbytes, from.at(static_cast<std::size_t>(slots[i])), from.nbytes);
        }
    }

    template <std::size_t N>
    static void
    gather_fixed(const Column &from, std::span<const std::int64_t> slots, std::byte *to) {
        for (std::size_t i = 0; i < slots.size(); ++i)
            std::memcpy(to + i * N, from.at(static_cast<std::size_t>(slots[i])), N);
    }

    const Schema &schema_;
    const StepStore &store_;
    const Observations &observations_;
    std::vector<std::int64_t> last_slots_;
};

} // namespace dqn_fast
