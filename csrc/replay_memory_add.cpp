// SPDX-License-Identifier: MIT
// How steps come into a replay memory: what continues what, what has to go, where it is written.
#include "replay_memory.hpp"

#include "storage/prefetch.hpp"

#include <algorithm>
#include <limits>

namespace dqn_fast {

namespace {

// How far ahead of a stream's steps their memory is asked for. Of many streams the processor
// follows none by itself.
constexpr std::size_t kBytesAhead = 128;
constexpr std::size_t kMassesAhead = 8; // a cache line of them

} // namespace

void ReplayMemory::add(const StepBatch &batch) {
    std::span<const double> masses;
    if (batch.priority != nullptr)
        masses = priorities_->masses_of("priority", {batch.priority, batch.rows * batch.streams});
    for (std::size_t row = 0; row < batch.rows; ++row) {
        for (std::size_t i = 0; i < batch.streams; ++i) {
            const std::size_t at = row * batch.streams + i;
            if (batch.mask != nullptr && batch.mask[at] == 0)
                continue;
            const std::optional<std::size_t> slot = add_step(batch, at, batch.first_stream + i);
            if (slot && leaders_)
                join_segment(*slot, batch, at, masses);
            else if (slot && priorities_)
                set_new_mass(*slot, batch, at, masses);
        }
        if (batch.streams == 1 && batch.mask == nullptr && !leaders_)
            row += add_run(batch, row + 1, masses);
    }
    if (priorities_)
        priorities_->refresh();
}

std::optional<std::size_t>
ReplayMemory::add_step(const StepBatch &batch, std::size_t row, std::size_t stream) {
    StepRing &ring = (*rings_)[stream];
    // What loops read is held by value: a store of bytes might change anything else.
    const auto obs = row_.data(), next_obs = next_row_.data();
    const auto given = batch.fields.data(), next_given = batch.next_obs.data();
    const std::size_t *const bytes = row_bytes_.data();
    for (std::size_t i = 0, count = row_.size(); i < count; ++i)
        obs[i] = given[i] + row * bytes[i];
    for (std::size_t i = 0, count = next_row_.size(); i < count; ++i)
        next_obs[i] = next_given[i] + row * bytes[i];
    const bool terminated = batch.terminated[row] != 0;
    const bool truncated = batch.truncated != nullptr && batch.truncated[row] != 0;
    const bool breaks = batch.new_segment != nullptr && batch.new_segment[row] != 0;

    if (geometry_.drops_resets && ring.state().may_drop != 0 && !breaks) {
        const std::optional<std::size_t> ended = ring.ended_slot();
        if (ended && observations_.holds(ring, *ended, obs)) {
            ring.drop_reset();
            ++counters_->dropped;
            return std::nullopt;
        }
    }
    // Whether this step follows from the open one is read off the bytes, not declared.
    const bool follows =
        !breaks && ring.can_continue() && observations_.holds(ring, ring.open_slot(), obs);
    const bool follows_context = !breaks && ring.is_expecting(); // whatever its bytes
    const bool joins = follows || follows_context;
    const std::size_t moved = observations_.moved(obs, next_obs);
    if (follows && moved == 1 && !leaders_) {
        const std::size_t slot = ring.open_slot();
        const auto capacity = static_cast<std::int64_t>(geometry_.capacity);
        if (ring.try_append(terminated, truncated, capacity, [&](std::size_t oldest) {
                retire(ring, oldest);
                if (priorities_)
                    priorities_->prefetch_mass(oldest + kMassesAhead);
                ++counters_->evicted;
            })) {
            write_step(slot);
            observations_.write(ring.open_slot(), next_obs, 0);
            ++counters_->added;
            prefetch_after(slot);
            return slot;
        }
    }
    const auto here = follows           ? Observations::Beginning{0, false}
                      : follows_context ? after_context(ring, obs)
                                        : observations_.beginning(obs);
    make_room(ring,
              ring.time_after(joins, here.hidden + moved),
              static_cast<std::int64_t>(geometry_.capacity));

    if (!follows) {
        if (follows_context)
            ring.continue_context();
        else
            begin_segment(ring, stream, here.zeros);
        write_after(ring, obs, here.hidden);
    }
    const std::size_t slot = ring.open_slot();
    write_step(slot);
    ring.act(terminated, truncated);
    write_after(ring, next_obs, moved - 1);
    if (terminated || truncated)
        ring.end(terminated, truncated);
    ++counters_->added;
    return slot;
}

void ReplayMemory::join_segment(std::size_t slot,
                                const StepBatch &batch,
                                std::size_t row,
                                std::span<const double> masses) {
    const std::size_t leader = leaders_->add(slot);
    if (priorities_ && (leader == slot || !masses.empty()))
        set_new_mass(leader, batch, row, masses);
}

void ReplayMemory::hand_on(const StepRing &ring, std::size_t slot) {
    const std::optional<std::size_t> heir = leaders_->evict(ring, slot);
    if (priorities_ && heir)
        priorities_->set_mass(*heir, priorities_->mass(slot));
}

void ReplayMemory::prefetch_after(std::size_t slot) const noexcept {
    const std::size_t record = store_.marks().stride;
    prefetch_range(store_.record(slot) + std::max(kBytesAhead, 2 * record), record);
    if (priorities_)
        priorities_->prefetch_mass(slot + kMassesAhead);
}

std::size_t
ReplayMemory::add_run(const StepBatch &batch, std::size_t row, std::span<const double> masses) {
    StepRing &ring = (*rings_)[batch.first_stream];
    if (!ring.can_continue())
        return 0;
    const std::size_t most = std::min({batch.rows - row, ring.longest_run(), geometry_.capacity});
    std::size_t count = 0;
    while (count < most && follows(batch, row + count))
        ++count;
    if (count < 2) // add_step does as well
        return 0;
    const std::size_t slot = ring.open_slot();
    make_room(ring,
              ring.time_after(true, count),
              static_cast<std::int64_t>(geometry_.capacity - count + 1));
    for (std::size_t i = schema_.action(); i < row_bytes_.size(); ++i)
        store_.write_run(i, slot, {batch.fields[i] + row * row_bytes_[i], row_bytes_[i]}, count);
    ring.act_run(count);
    observations_.write_run(slot + 1, batch.next_obs.data(), row, count);
    counters_->added += static_cast<std::int64_t>(count);
    for (std::size_t i = 0; priorities_ && i < count; ++i)
        set_new_mass(slot + i, batch, row + i, masses);
    return count;
}

bool ReplayMemory::follows(const StepBatch &batch, std::size_t row) const noexcept {
    const bool ends =
        batch.terminated[row] != 0 || (batch.truncated != nullptr && batch.truncated[row] != 0);
    const bool breaks = batch.new_segment != nullptr && batch.new_segment[row] != 0;
    return !ends && !breaks &&
           observations_.continues(batch.fields.data(), batch.next_obs.data(), row);
}

void ReplayMemory::make_room(StepRing &ring, std::int64_t opens, std::int64_t capacity) {
    const std::int64_t before = ring.state().acted;
    counters_->evicted_early +=
        ring.make_room(opens, capacity, [&](std::size_t slot) { retire(ring, slot); });
    counters_->evicted += before - ring.state().acted;
}

// Writes `obs` behind the frames of its that no step before it holds: the open step and those after
// it get them and are hidden, and the one that is open then gets the newest.
void ReplayMemory::write_after(StepRing &ring, Observations::Values obs, std::size_t hidden) {
    for (std::size_t age = hidden; age > 0; --age) {
        observations_.write(ring.open_slot(), obs, age);
        ring.complete_as_hidden();
    }
    observations_.write(ring.open_slot(), obs, 0);
}

void ReplayMemory::add_context(const ContextBatch &batch) {
    for (std::size_t row = 0; row < batch.rows; ++row)
        for (std::size_t i = 0; i < batch.streams; ++i) {
            const std::size_t at = row * batch.streams + i;
            if (batch.mask != nullptr && batch.mask[at] == 0)
                continue;
            for (std::size_t field = 0; field < next_row_.size(); ++field)
                next_row_[field] = batch.obs[field] + at * row_bytes_[field];
            add_context_step(next_row_.data(), batch.first_stream + i, batch.continues);
        }
    if (priorities_)
        priorities_->refresh();
}

void ReplayMemory::add_context_step(Observations::Values obs, std::size_t stream, bool continues) {
    constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
    StepRing &ring = (*rings_)[stream];
    if (continues && ring.can_continue()) {
        const std::size_t moved = observations_.moved(ring, ring.open_slot(), obs);
        make_room(ring, ring.time_after(true, moved), no_limit);
        ring.complete_as_inner_context();
        write_after(ring, obs, moved - 1);
        return;
    }
    const bool joins = ring.is_expecting();
    const auto here = joins ? after_context(ring, obs) : observations_.beginning(obs);
    make_room(ring, ring.time_after(joins, here.hidden + 1), no_limit);
    if (joins)
        ring.continue_context();
    else
        begin_segment(ring, stream, here.zeros);
    write_after(ring, obs, here.hidden);
    ring.complete_as_context();
}

Observations::Beginning ReplayMemory::after_context(const StepRing &ring,
                                                    Observations::Values obs) const noexcept {
    const std::size_t last = ring.slot_before(ring.open_slot(), 1);
    return {observations_.moved(ring, last, obs) - 1, false};
}

void ReplayMemory::begin_segment(StepRing &ring, std::size_t stream, bool zeros) {
    ring.begin_segment(zeros);
    if (leaders_)
        leaders_->begin_segment(stream);
}

} // namespace dqn_fast
