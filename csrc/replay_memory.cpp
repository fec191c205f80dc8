// SPDX-License-Identifier: MIT
#include "replay_memory.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace dqn_fast {

namespace {

// Steps that hold no transition, besides the reserve: the final step before a break, the open one,
// one that no operation leaves free, and what a stack looks back on: before the oldest step, and
// before the observations on both sides of a break.
std::size_t spare_slots(const Schema &schema) { return 3 + 3 * schema.lookback(); }

// Steps of up to this many bytes get a reserve as large as the capacity, so that even a stream of
// unrelated transitions, each with a final step of its own, keeps its full capacity.
constexpr std::size_t kSmallStep = 256;

std::size_t slots_of(const Geometry &geometry, const Schema &schema) {
    const double reserve =
        geometry.reserve.value_or(schema.step_bytes() <= kSmallStep ? 1.0 : 1.0 / 32.0);
    const auto extra = std::ceil(static_cast<double>(geometry.capacity) * reserve);
    const double slots =
        (static_cast<double>(geometry.capacity) + extra) * static_cast<double>(geometry.streams);
    const double bytes = slots * static_cast<double>(schema.step_bytes() + 64);
    if (bytes > 0x1p60) // so that the sizes below do not overflow
        throw OutOfMemory(bytes);
    return geometry.capacity + static_cast<std::size_t>(extra) + spare_slots(schema);
}

} // namespace

ReplayMemory::ReplayMemory(Schema schema,
                           const Geometry &geometry,
                           std::uint64_t seed,
                           const std::optional<PriorityOptions> &priorities)
    : schema_(std::move(schema)), geometry_(geometry), slots_(slots_of(geometry_, schema_)),
      header_offset_(layout_.reserve(sizeof(ArenaHeader))),
      store_(schema_, slots_ * geometry_.streams, layout_), observations_(schema_, store_),
      transitions_(schema_, store_, observations_), sequences_(schema_, store_, observations_),
      segments_(schema_, store_, observations_), row_(schema_.fields().size()),
      next_row_(schema_.observations()) {
    for (const Field &field : schema_.fields())
        row_bytes_.push_back(field.stack_bytes());
    const std::size_t all_slots = slots_ * geometry_.streams;
    if (priorities)
        priorities_.emplace(*priorities, kernels_, all_slots, layout_);
    const std::size_t random = layout_.reserve(sizeof(Random));
    const std::size_t counters = layout_.reserve(sizeof(Counters));
    const std::size_t streams = layout_.reserve(sizeof(StreamState) * geometry_.streams);
    std::vector<std::size_t> acted;
    for (std::size_t i = 0; i < geometry_.streams; ++i)
        acted.push_back(layout_.reserve(BitSet::bytes(slots_), sizeof(std::uint64_t)));

    if (geometry_.draws_segments)
        leaders_.emplace(geometry_.streams, slots_, layout_);

    arena_.emplace(Arena::anonymous(layout_.size()));
    std::byte *arena = arena_->data();
    header_ = new (arena + header_offset_) ArenaHeader(header());
    store_.attach(arena);
    if (priorities_)
        priorities_->attach(arena);
    if (leaders_)
        leaders_->attach(arena);
    random_ = reinterpret_cast<Random *>(arena + random);
    random_->seed(seed);
    counters_ = reinterpret_cast<Counters *>(arena + counters);
    auto *states = reinterpret_cast<StreamState *>(arena + streams);
    std::vector<StepRing> rings;
    for (std::size_t i = 0; i < geometry_.streams; ++i)
        rings.emplace_back(states + i,
                           store_.marks(),
                           BitSet(arena + acted[i], slots_),
                           i * slots_,
                           slots_,
                           schema_.lookback());
    rings_.emplace(std::move(rings), slots_);
}

ArenaHeader ReplayMemory::header() const {
    ArenaHeader header;
    header.arena_bytes = layout_.size();
    header.schema_digest = schema_.digest();
    header.streams = geometry_.streams;
    header.capacity = geometry_.capacity;
    header.slots = slots_;
    header.has_priorities = priorities_.has_value() ? 1 : 0;
    header.has_min_tree = priorities_ && priorities_->has_min_tree() ? 1 : 0;
    header.draws_segments = leaders_ ? 1 : 0;
    return header;
}

std::size_t ReplayMemory::held_slot(std::int64_t index) const {
    const Rings::Step step = rings_->find(index);
    if (index < 0 || !step.is_acted())
        throw std::out_of_range("indices: got " + std::to_string(index) +
                                ", expected indices of transitions that are held");
    return step.slot();
}

std::int64_t ReplayMemory::newest() const noexcept {
    const StepRing &ring = (*rings_)[0];
    for (std::int64_t t = ring.state().head; t-- > ring.state().tail;)
        if (ring.is_acted(t))
            return t * static_cast<std::int64_t>(rings_->size());
    return -1;
}

std::vector<std::int64_t> ReplayMemory::indices() const {
    std::vector<std::int64_t> found;
    found.reserve(static_cast<std::size_t>(size()));
    for (const StepRing &ring : *rings_)
        ring.for_each_acted(
            [&](std::int64_t, std::size_t slot) { found.push_back(rings_->index_of(slot)); });
    return found;
}

std::vector<double> ReplayMemory::masses(std::span<const std::int64_t> indices) const {
    std::vector<double> found;
    found.reserve(indices.size());
    for (const std::int64_t index : indices)
        found.push_back(priorities_->mass(carrier_of(held_slot(index))));
    return found;
}

std::vector<std::int64_t> ReplayMemory::successors(std::span<const std::int64_t> indices) const {
    std::vector<std::int64_t> found;
    found.reserve(indices.size());
    for (const std::int64_t index : indices) {
        const std::size_t slot = held_slot(index);
        const StepRing &ring = rings_->of(slot);
        const Mark mark = ring.mark(slot);
        const std::size_t next = ring.next_decision(slot);
        const bool goes_on = !mark.ended() && !mark.broken() && ring.mark(next).acted();
        found.push_back(goes_on ? rings_->index_of(next) : -1);
    }
    return found;
}

namespace {

// Steps in [tail, head) whose mark has a flag.
std::int64_t marked(const Rings &rings, std::uint32_t flag) noexcept {
    std::int64_t count = 0;
    for (const StepRing &ring : rings)
        for (std::int64_t t = ring.state().tail; t < ring.state().head; ++t)
            count += (ring.mark(ring.slot(t)).bits & flag) != 0 ? 1 : 0;
    return count;
}

} // namespace

std::int64_t ReplayMemory::hidden() const noexcept { return marked(*rings_, Mark::kHidden); }

std::int64_t ReplayMemory::context() const noexcept { return marked(*rings_, Mark::kContext); }

std::int64_t ReplayMemory::update_priorities(std::span<const std::int64_t> indices,
                                             std::span<const double> priorities) {
    for (const std::int64_t index : indices) {
        const Rings::Step step = rings_->find(index);
        if (!step.is_past())
            throw std::out_of_range("indices: got " + std::to_string(index) +
                                    ", expected indices that sample() has given out");
        if (step.is_acted())
            priorities_->prefetch_mass(step.slot());
    }
    const std::span<const double> masses = priorities_->masses_of("priorities", priorities);
    std::int64_t stale = 0;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const Rings::Step step = rings_->find(indices[i]);
        if (!step.is_acted()) {
            ++stale;
            continue;
        }
        priorities_->note_largest(priorities[i]);
        priorities_->set_mass(carrier_of(step.slot()), masses[i]);
    }
    priorities_->refresh();
    counters_->stale_updates += stale;
    return stale;
}

void ReplayMemory::clear() {
    for (StepRing &ring : *rings_)
        ring.clear();
    if (leaders_)
        leaders_->clear();
    if (priorities_)
        priorities_->clear();
    *counters_ = {0, 0, 0, counters_->stale_updates, 0};
}

std::int64_t ReplayMemory::size() const noexcept { return counters_->added - counters_->evicted; }

bool ReplayMemory::is_full() const noexcept {
    return std::all_of(rings_->begin(), rings_->end(), [this](const StepRing &ring) {
        return ring.state().has_evicted != 0 ||
               ring.state().acted == static_cast<std::int64_t>(geometry_.capacity);
    });
}

std::int64_t ReplayMemory::segments() const noexcept {
    std::int64_t total = 0;
    for (const StepRing &ring : *rings_)
        total += ring.state().segments;
    return total;
}

std::int64_t ReplayMemory::steps() const noexcept {
    std::int64_t total = 0;
    for (const StepRing &ring : *rings_)
        total +=
            ring.state().head - ring.state().tail + (ring.state().at_head == Head::kOpen ? 1 : 0);
    return total;
}

bool ReplayMemory::is_valid() const noexcept {
    if (*header_ != header())
        return false;
    std::int64_t held = 0;
    for (const StepRing &ring : *rings_) {
        if (!ring.is_valid())
            return false;
        held += ring.state().acted;
    }
    if (held != size() || (leaders_ && !leaders_->is_valid(*rings_)))
        return false;
    if (!priorities_)
        return true;
    if (!priorities_->is_valid())
        return false;
    // Nothing but an acted step can be drawn, or a leader.
    for (const StepRing &ring : *rings_)
        for (std::size_t i = 0; i < slots_; ++i) {
            const std::size_t slot = ring.first_slot() + i;
            const bool carries = leaders_ ? leaders_->test(slot) : ring.acted().test(i);
            if (priorities_->mass(slot) > 0.0 && !carries)
                return false;
        }
    return true;
}

} // namespace dqn_fast
