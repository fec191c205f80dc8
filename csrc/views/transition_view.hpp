// SPDX-License-Identifier: MIT
#pragma once

#include "sampling/draws.hpp"
#include "views/frame_batch.hpp"
#include "views/frame_copy.hpp"
#include "views/gather.hpp"
#include "views/returns.hpp"
#include "views/transition_batch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace dqn_fast {

/// Copies n-step transitions out of the rings.
///
/// The transition of step t spans k steps: n, or fewer where its segment or the recording ends.
/// It is clipped, never rejected, and a function of the stored steps, t, n and gamma alone.
class TransitionView {
  public:
    TransitionView(const Schema &schema,
                   const StepStore &store,
                   const Observations &observations) noexcept
        : schema_(schema), store_(store), observations_(observations), frames_(observations) {}

    /// Fills every array of `out`, which has a row for each draw. O(draws * n_step).
    void copy(const Draws &draws,
              const Rings &rings,
              const TransitionOptions &options,
              const TransitionBatch &out) {
        std::copy(draws.weights.begin(), draws.weights.end(), out.weights);
        std::copy(draws.indices.begin(), draws.indices.end(), out.indices);
        last_slots_.resize(draws.size());
        const std::int64_t *const slots = draws.slots.data();
        gather::for_each_block(store_, draws.slots, options.n_step, [&](gather::Rows rows) {
            if (schema_.reward_is_double())
                resolve<double>(slots, rows, rings, options, out);
            else
                resolve<float>(slots, rows, rings, options, out);
            for (std::size_t i = 0; i < out.next_obs.size(); ++i) {
                gather::observation(observations_, rings, i, slots, rows, out.fields[i]);
                gather::observation(
                    observations_, rings, i, last_slots_.data(), rows, out.next_obs[i]);
            }
            for (std::size_t i = schema_.action(); i < schema_.fields().size(); ++i)
                if (i != schema_.reward())
                    gather::field(store_.column(i), slots, rows, out.fields[i]);
        });
    }

    /// The same, with the frames of the observations instead of their stacks.
    void copy(const Draws &draws,
              const Rings &rings,
              const TransitionOptions &options,
              const FrameBatch &out) {
        copy(draws, rings, options, out.rest); // which has no observations
        for (std::size_t i = 0; i < schema_.observations(); ++i)
            frames_.copy(rings, i, draws.slots, last_slots_, out);
    }

  private:
    // Walks each transition to its end: return, discount, flags, and where next_obs lies.
    template <class Real>
    void resolve(const std::int64_t *slots,
                 gather::Rows rows,
                 const Rings &rings,
                 TransitionOptions options, // by value: a store of bytes might change a reference's
                 const TransitionBatch &out) {
        const Column rewards = store_.column(schema_.reward());
        bool *const terminated = out.terminated, *const truncated = out.truncated;
        auto *returns = reinterpret_cast<Real *>(out.fields[schema_.reward()]);
        auto *discounts = reinterpret_cast<Real *>(out.discount);
        for (std::size_t i = rows.first; i < rows.end; ++i) {
            auto slot = static_cast<std::size_t>(slots[i]);
            const StepRing &ring = rings.of(slot);
            double sum = -0.0, discount = 1.0; // -0.0 + r is r, whatever its sign
            Mark mark = ring.mark(slot);
            for (std::size_t k = 1;; ++k) {
                Real reward;
                std::memcpy(&reward, rewards.at(slot), sizeof reward);
                sum += discount * static_cast<double>(reward);
                discount *= options.gamma;
                slot = ring.next_decision(slot);
                if (k == options.n_step || mark.ended() || mark.broken())
                    break;
                const Mark next = ring.mark(slot);
                if (!next.acted())
                    break; // final, or still open
                mark = next;
            }
            last_slots_[i] = static_cast<std::int64_t>(slot);
            returns[i] = static_cast<Real>(sum);
            discounts[i] = mark.terminated() ? Real{0} : static_cast<Real>(discount);
            terminated[i] = mark.terminated();
            truncated[i] = mark.truncated();
        }
    }

    const Schema &schema_;
    const StepStore &store_;
    const Observations &observations_;
    FrameCopy frames_;
    std::vector<std::int64_t> last_slots_; // scratch
};

} // namespace dqn_fast
