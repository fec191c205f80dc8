// SPDX-License-Identifier: MIT
#include "replay_memory.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

namespace dqn_fast {

namespace {

// Steps that hold no transition, besides the reserve: the final step before a break, the open one,
// and one that no operation leaves free.
constexpr std::size_t kSpareSlots = 3;

// Steps of up to this many bytes get a reserve as large as the capacity, so that even a stream of
// unrelated transitions, each with a final step of its own, keeps its full capacity.
constexpr std::size_t kSmallStep = 256;

std::size_t slots_of(const Geometry &geometry, const Schema &schema) {
    const double reserve =
        geometry.reserve.value_or(schema.step_bytes() <= kSmallStep ? 1.0 : 1.0 / 32.0);
    const auto extra = std::ceil(static_cast<double>(geometry.capacity) * reserve);
    const double slots =
        (static_cast<double>(geometry.capacity) + extra) * static_cast<double>(geometry.streams);
    if (slots * static_cast<double>(schema.step_bytes() + 64) > 0x1p60)
        throw std::bad_alloc(); // and the sizes below do not overflow
    return geometry.capacity + static_cast<std::size_t>(extra) + kSpareSlots;
}

} // namespace

ReplayMemory::ReplayMemory(Schema schema,
                           const Geometry &geometry,
                           std::uint64_t seed,
                           const std::optional<PriorityOptions> &priorities)
    : schema_(std::move(schema)), geometry_(geometry), slots_(slots_of(geometry_, schema_)),
      store_(schema_, slots_ * geometry_.streams, layout_), transitions_(schema_, store_),
      row_(schema_.fields().size()), next_row_(schema_.observations()) {
    const std::size_t all_slots = slots_ * geometry_.streams;
    if (priorities)
        priorities_.emplace(*priorities, all_slots, layout_);
    const std::size_t random = layout_.reserve(sizeof(Random));
    const std::size_t counters = layout_.reserve(sizeof(Counters));
    const std::size_t streams = layout_.reserve(sizeof(StreamState) * geometry_.streams);
    std::vector<std::size_t> acted;
    for (std::size_t i = 0; i < geometry_.streams; ++i)
        acted.push_back(layout_.reserve(BitSet::bytes(slots_), sizeof(std::uint64_t)));

    arena_.emplace(layout_.size());
    std::byte *arena = arena_->data();
    store_.attach(arena);
    if (priorities_)
        priorities_->attach(arena);
    random_ = reinterpret_cast<Random *>(arena + random);
    random_->seed(seed);
    counters_ = reinterpret_cast<Counters *>(arena + counters);
    auto *states = reinterpret_cast<StreamState *>(arena + streams);
    for (std::size_t i = 0; i < geometry_.streams; ++i)
        rings_.emplace_back(
            states + i, store_.marks(), BitSet(arena + acted[i], slots_), i * slots_, slots_);
}

void ReplayMemory::add(const StepBatch &batch) {
    std::span<const double> masses;
    if (batch.priority != nullptr)
        masses = priorities_->masses_of("priority", {batch.priority, batch.rows * batch.streams});
    for (std::size_t row = 0; row < batch.rows; ++row)
        for (std::size_t i = 0; i < batch.streams; ++i) {
            const std::size_t at = row * batch.streams + i;
            if (batch.mask != nullptr && batch.mask[at] == 0)
                continue;
            const std::size_t slot = add_step(batch, at, batch.first_stream + i);
            if (!priorities_)
                continue;
            if (!masses.empty())
                priorities_->see(batch.priority[at]);
            priorities_->set_mass(slot, masses.empty() ? priorities_->new_mass() : masses[at]);
        }
    if (priorities_)
        priorities_->refresh();
}

std::size_t ReplayMemory::add_step(const StepBatch &batch, std::size_t row, std::size_t stream) {
    StepRing &ring = rings_[stream];
    for (std::size_t i = 0; i < row_.size(); ++i)
        row_[i] = batch.fields[i] + row * store_.column(i).nbytes;
    for (std::size_t i = 0; i < next_row_.size(); ++i)
        next_row_[i] = batch.next_obs[i] + row * store_.column(i).nbytes;

    // Whether this step follows from the open one is read off the bytes, not declared.
    const bool joins = !(batch.new_segment != nullptr && batch.new_segment[row] != 0) &&
                       ring.can_continue() &&
                       store_.holds_observation(ring.open_slot(), row_.data());
    const auto capacity = static_cast<std::int64_t>(geometry_.capacity);
    const std::int64_t size_before = ring.state().acted;
    counters_->evicted_early += ring.make_room(joins, capacity, [this](std::size_t slot) {
        if (priorities_)
            priorities_->set_mass(slot, 0.0);
    });
    counters_->evicted += size_before - ring.state().acted;

    if (!joins) {
        ring.begin_segment();
        store_.write_observation(ring.open_slot(), row_.data());
    }
    const std::size_t slot = ring.open_slot();
    for (std::size_t i = schema_.action(); i < row_.size(); ++i)
        store_.write(i, slot, row_[i]);
    ring.act(batch.terminated[row] != 0, batch.truncated != nullptr && batch.truncated[row] != 0);
    store_.write_observation(ring.open_slot(), next_row_.data());
    ++counters_->added;
    return slot;
}

void ReplayMemory::sample(std::size_t batch_size,
                          std::size_t n_step,
                          double gamma,
                          double beta,
                          const TransitionBatch &out) {
    if (size() == 0)
        throw std::invalid_argument("sample: the buffer is empty; expected a transition in it");
    if (priorities_ && !(priorities_->sum().total() > 0.0))
        throw std::invalid_argument("sample: every priority is zero; expected a positive one");
    drawn_.resize(batch_size);
    if (priorities_) {
        prioritized_.draw(*priorities_, *random_, drawn_);
        prioritized_.weigh(*priorities_, drawn_, size(), beta, out.weights);
    } else {
        uniform_.draw(rings_, *random_, drawn_);
        std::fill_n(out.weights, batch_size, 1.0F);
    }
    const auto streams = static_cast<std::int64_t>(rings_.size());
    for (std::size_t i = 0; i < batch_size; ++i) {
        const auto slot = static_cast<std::size_t>(drawn_[i]);
        const StepRing &ring = ring_of(slot);
        out.indices[i] = ring.time(slot) * streams + (&ring - rings_.data());
    }
    transitions_.copy(
        drawn_,
        n_step,
        gamma,
        [this](std::size_t slot) -> const StepRing & { return ring_of(slot); },
        out);
}

ReplayMemory::Step ReplayMemory::locate(std::int64_t index) const noexcept {
    if (rings_.size() == 1) // spares two divisions
        return {index, rings_[0]};
    const auto streams = static_cast<std::int64_t>(rings_.size());
    return {index / streams, rings_[static_cast<std::size_t>(index % streams)]};
}

std::int64_t ReplayMemory::update_priorities(std::span<const std::int64_t> indices,
                                             std::span<const double> priorities) {
    for (const std::int64_t index : indices)
        if (index < 0 || locate(index).t >= locate(index).ring.state().head)
            throw std::out_of_range("indices: got " + std::to_string(index) +
                                    ", expected indices that sample() has given out");
    const std::span<const double> masses = priorities_->masses_of("priorities", priorities);
    std::int64_t stale = 0;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const auto [t, ring] = locate(indices[i]);
        if (!ring.is_acted(t)) {
            ++stale;
            continue;
        }
        priorities_->see(priorities[i]);
        priorities_->set_mass(ring.slot(t), masses[i]);
    }
    priorities_->refresh();
    counters_->stale_updates += stale;
    return stale;
}

void ReplayMemory::clear() {
    for (StepRing &ring : rings_)
        ring.clear();
    if (priorities_)
        priorities_->clear();
    *counters_ = {0, 0, 0, counters_->stale_updates};
}

std::int64_t ReplayMemory::size() const noexcept { return counters_->added - counters_->evicted; }

bool ReplayMemory::is_full() const noexcept {
    return std::all_of(rings_.begin(), rings_.end(), [this](const StepRing &ring) {
        return ring.state().has_evicted != 0 ||
               ring.state().acted == static_cast<std::int64_t>(geometry_.capacity);
    });
}

std::int64_t ReplayMemory::segments() const noexcept {
    std::int64_t total = 0;
    for (const StepRing &ring : rings_)
        total += ring.state().segments;
    return total;
}

bool ReplayMemory::is_valid() const noexcept {
    std::int64_t held = 0;
    for (const StepRing &ring : rings_) {
        if (!ring.is_valid())
            return false;
        held += ring.state().acted;
    }
    if (held != size())
        return false;
    if (!priorities_)
        return true;
    if (!priorities_->is_valid())
        return false;
    // Nothing but an acted step can be drawn.
    for (const StepRing &ring : rings_)
        for (std::size_t slot = 0; slot < slots_; ++slot)
            if (priorities_->mass(ring.first_slot() + slot) > 0.0 && !ring.acted().test(slot))
                return false;
    return true;
}

} // namespace dqn_fast
