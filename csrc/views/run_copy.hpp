// SPDX-License-Identifier: MIT
#pragma once

#include "stream/observations.hpp"
#include "stream/rings.hpp"
#include "views/gather.hpp"
#include "views/returns.hpp"
#include "views/step_arrays.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dqn_fast {

/// Copies a run into the arrays of a batch: what views of several steps have in common.
class RunCopy {
  public:
    RunCopy(const Schema &schema, const StepStore &store, const Observations &observations) noexcept
        : schema_(schema), store_(store), observations_(observations) {}

    /// Where in the arrays a run goes, and how many cells it has there.
    struct Place {
        std::size_t step, column;   // the first cell of the run
        std::size_t steps, columns; // cells
        std::int64_t origin;        // what `bootstrap` counts from: the number of the first cell
    };

    /// Fills every cell of a run, of which the first `steps` steps are shown whole; cells behind
    /// them are zero. Returns how many observations are shown: theirs, and those up to the last one
    /// to bootstrap from. O(cells).
    std::size_t copy(const Run &run,
                     std::size_t steps,
                     const Rings &rings,
                     const TransitionOptions &options,
                     const Place &place,
                     const StepArrays &out) {
        returns_.compute(store_, schema_.reward(), schema_.reward_is_double(), run, steps, options);
        const std::size_t shown = resolve_all(run, rings, options, place, steps, out);
        const std::int64_t *const slots = run.slots.data();
        for (std::size_t i = 0; i < schema_.observations(); ++i) {
            const std::size_t bytes = schema_.fields()[i].stack_bytes();
            std::byte *const to = out.fields[i] + place.column * bytes;
            gather::observation(observations_, rings, i, slots, {0, shown}, to);
            std::memset(to + shown * bytes, 0, (place.columns - shown) * bytes);
        }
        for (std::size_t i = schema_.action(); i < schema_.fields().size(); ++i) {
            if (i == schema_.reward())
                continue;
            const Column &column = store_.column(i);
            std::byte *const to = out.fields[i] + place.step * column.nbytes;
            acted_field(run, column, steps, to);
            std::memset(to + steps * column.nbytes, 0, (place.steps - steps) * column.nbytes);
        }
        return shown;
    }

    /// Copies a field of the first steps of a run; zeros where nobody acted.
    static void
    acted_field(const Run &run, const Column &column, std::size_t steps, std::byte *to) noexcept {
        gather::field(column, run.slots.data(), {0, steps}, to);
        for (std::size_t i = 0; i < steps; ++i)
            if (!run.marks[i].acted())
                std::memset(to + i * column.nbytes, 0, column.nbytes);
    }

    [[nodiscard]] const Returns &returns() const noexcept { return returns_; }

  private:
    /// The indices of one stream's steps: what Rings::index_of gives, without its divisions.
    class Stamp {
      public:
        Stamp(const Rings &rings, std::size_t slot)
            : ring_(rings.of(slot)), streams_(static_cast<std::int64_t>(rings.size())),
              stream_(rings.index_of(slot) - ring_.time(slot) * streams_) {}

        [[nodiscard]] std::int64_t index_of(std::size_t slot) const noexcept {
            return ring_.time(slot) * streams_ + stream_;
        }

      private:
        const StepRing &ring_;
        std::int64_t streams_, stream_;
    };

    std::size_t resolve_all(const Run &run,
                            const Rings &rings,
                            const TransitionOptions &options,
                            const Place &place,
                            std::size_t steps,
                            const StepArrays &out) {
        return schema_.reward_is_double() ? resolve<double>(run, rings, options, place, steps, out)
                                          : resolve<float>(run, rings, options, place, steps, out);
    }

    // Returns, discounts, flags, and where to bootstrap from.
    template <class Real>
    std::size_t resolve(const Run &run,
                        const Rings &rings,
                        const TransitionOptions &options,
                        const Place &place,
                        std::size_t steps,
                        const StepArrays &out) {
        auto *const returns = reinterpret_cast<Real *>(out.fields[schema_.reward()]) + place.step;
        auto *const discounts = reinterpret_cast<Real *>(out.discount) + place.step;
        bool *const terminated = out.terminated + place.step;
        bool *const truncated = out.truncated + place.step;
        bool *const acted = out.acted + place.step;
        std::int64_t *const bootstrap = out.bootstrap + place.step;
        std::int64_t *const indices = out.step_indices + place.step;
        const auto clear = [&](std::size_t first, std::size_t end) {
            std::fill(returns + first, returns + end, Real{0});
            std::fill(discounts + first, discounts + end, Real{0});
            std::fill(terminated + first, terminated + end, false);
            std::fill(truncated + first, truncated + end, false);
        };
        const auto unname = [&](std::size_t first, std::size_t end) {
            std::fill(acted + first, acted + end, false);
            std::fill(indices + first, indices + end, std::int64_t{-1});
        };
        for (std::size_t i = 0; i < steps; ++i) {
            bootstrap[i] = place.origin + static_cast<std::int64_t>(i);
            if (!run.marks[i].acted()) {
                clear(i, i + 1);
                unname(i, i + 1);
            }
        }
        clear(steps, place.steps);
        unname(steps, place.steps);
        std::fill(bootstrap + steps, bootstrap + place.steps, std::int64_t{0});
        std::size_t shown = steps;
        const auto &transitions = returns_.transitions();
        const Stamp stamp(rings, static_cast<std::size_t>(run.slots.front()));
        for (std::size_t j = 0; j < transitions.size(); ++j) {
            const Returns::Transition &one = transitions[j];
            acted[one.step] = true;
            indices[one.step] = stamp.index_of(static_cast<std::size_t>(run.slots[one.step]));
            if (one.bootstrap == Returns::kNowhere) {
                clear(one.step, one.step + 1);
                continue;
            }
            returns[one.step] = static_cast<Real>(returns_.sum(j));
            discounts[one.step] = one.last.terminated()
                                      ? Real{0}
                                      : static_cast<Real>(returns_.discount(j, options.n_step));
            terminated[one.step] = one.last.terminated();
            truncated[one.step] = one.last.truncated();
            bootstrap[one.step] = place.origin + static_cast<std::int64_t>(one.bootstrap);
            shown = std::max(shown, one.bootstrap + 1);
        }
        return shown;
    }

    const Schema &schema_;
    const StepStore &store_;
    const Observations &observations_;
    Returns returns_; // scratch
};

} // namespace dqn_fast
