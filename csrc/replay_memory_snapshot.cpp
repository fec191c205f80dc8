// SPDX-License-Identifier: MIT
// How a replay memory is saved and restored; the container is snapshot.hpp's.
#include "replay_memory.hpp"

#include <algorithm>

namespace dqn_fast {

template <class Visit>
void ReplayMemory::visit_runs(const StepRing &ring, std::int64_t oldest, Visit &&visit) const {
    const std::size_t first = ring.slot(oldest), last = ring.open_slot();
    if (first <= last) {
        visit(first, last + 1);
        return;
    }
    visit(first, ring.first_slot() + slots_);
    visit(ring.first_slot(), last + 1);
}

void ReplayMemory::save(snapshot::Writer &writer) const {
    const auto put = [&writer](const void *data, std::size_t bytes) { writer.put(data, bytes); };
    put(random_, sizeof *random_);
    put(counters_, sizeof *counters_);
    if (priorities_) {
        const double largest = priorities_->largest();
        put(&largest, sizeof largest);
    }
    for (const StepRing &ring : *rings_) {
        const std::int64_t oldest = ring.oldest_needed();
        put(&ring.state(), sizeof ring.state());
        put(&oldest, sizeof oldest);
        visit_runs(ring, oldest, [&](std::size_t first, std::size_t last) {
            store_.visit(first, last, put);
            if (priorities_)
                put(priorities_->masses(first, last).data(), (last - first) * sizeof(double));
        });
    }
}

void ReplayMemory::restore(snapshot::Reader &reader) {
    const auto get = [&reader](void *to, std::size_t bytes) { reader.get(to, bytes); };
    const auto require = [](bool holds) {
        if (!holds)
            throw std::invalid_argument(
                "saved buffer: got parts that contradict each other, expected a whole one");
    };
    get(random_, sizeof *random_);
    get(counters_, sizeof *counters_);
    require(counters_->evicted >= 0 && counters_->evicted <= counters_->added);
    if (priorities_) {
        double largest = 0;
        get(&largest, sizeof largest);
        priorities_->restore_largest(largest);
    }
    for (StepRing &ring : *rings_) {
        StreamState state{};
        std::int64_t oldest = 0;
        get(&state, sizeof state);
        get(&oldest, sizeof oldest);
        ring.restore(state);
        require(ring.has_sane_cursors() && oldest <= state.tail && oldest >= 0 &&
                state.head - oldest < static_cast<std::int64_t>(slots_));
        visit_runs(ring, oldest, [&](std::size_t first, std::size_t last) {
            store_.visit(first, last, get);
            if (!priorities_)
                return;
            std::vector<double> masses(last - first);
            get(masses.data(), masses.size() * sizeof(double));
            require(std::all_of(masses.begin(), masses.end(), Priorities::is_mass));
            for (std::size_t slot = first; slot < last; ++slot)
                priorities_->set_mass(slot, masses[slot - first]);
        });
        if (reader.version() < 2 && schema_.lookback() > 0)
            ring.hide_context(oldest);
        ring.recover_acted();
    }
    if (leaders_)
        leaders_->recover(*rings_);
    if (priorities_)
        priorities_->refresh();
    require(is_valid());
}

} // namespace dqn_fast
