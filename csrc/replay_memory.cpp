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
      store_(schema_, slots_ * geometry_.streams, layout_), observations_(schema_, store_),
      transitions_(schema_, store_, observations_), row_(schema_.fields().size()),
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
        rings_.emplace_back(states + i,
                            store_.marks(),
                            BitSet(arena + acted[i], slots_),
                            i * slots_,
                            slots_,
                            schema_.lookback());
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
        transitions_.prefetch_first(drawn_, n_step);
        prioritized_.weigh(*priorities_, drawn_, size(), beta, out.weights);
        copy_drawn(n_step, gamma, out);
    } else {
        uniform_.draw(rings_, *random_, drawn_);
        copy_unweighted(n_step, gamma, out);
    }
}

void ReplayMemory::sample_distinct(std::size_t batch_size,
                                   std::size_t n_step,
                                   double gamma,
                                   const TransitionBatch &out) {
    if (priorities_)
        throw std::invalid_argument(
            "sample_distinct: this memory has priorities; expected one that samples uniformly");
    require_held(batch_size);
    drawn_.resize(batch_size);
    uniform_.draw_distinct(rings_, *random_, drawn_);
    copy_unweighted(n_step, gamma, out);
}

void ReplayMemory::require_held(std::size_t batch_size) const {
    const auto held = static_cast<std::size_t>(size());
    if (batch_size > held)
        throw std::invalid_argument("batch_size: got " + std::to_string(batch_size) +
                                    ", expected at most " + std::to_string(held) +
                                    ", the transitions held");
}

void ReplayMemory::copy_unweighted(std::size_t n_step, double gamma, const TransitionBatch &out) {
    transitions_.prefetch_first(drawn_, n_step);
    std::fill_n(out.weights, drawn_.size(), 1.0F);
    copy_drawn(n_step, gamma, out);
}

void ReplayMemory::copy_drawn(std::size_t n_step, double gamma, const TransitionBatch &out) {
    const auto streams = static_cast<std::int64_t>(rings_.size());
    for (std::size_t i = 0; i < drawn_.size(); ++i) {
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

void ReplayMemory::read(std::span<const std::int64_t> indices,
                        std::size_t n_step,
                        double gamma,
                        const TransitionBatch &out) {
    drawn_.resize(indices.size());
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (indices[i] < 0 || !locate(indices[i]).ring.is_acted(locate(indices[i]).t))
            throw std::out_of_range("indices: got " + std::to_string(indices[i]) +
                                    ", expected indices of transitions that are held");
        drawn_[i] = static_cast<std::int64_t>(locate(indices[i]).ring.slot(locate(indices[i]).t));
    }
    copy_unweighted(n_step, gamma, out);
}

std::int64_t ReplayMemory::newest() const noexcept {
    const StepRing &ring = rings_.front();
    for (std::int64_t t = ring.state().head; t-- > ring.state().tail;)
        if (ring.is_acted(t))
            return t * static_cast<std::int64_t>(rings_.size());
    return -1;
}

std::vector<std::int64_t> ReplayMemory::held() const {
    std::vector<std::int64_t> indices;
    for (std::size_t stream = 0; stream < rings_.size(); ++stream)
        for (std::int64_t t = rings_[stream].state().tail; t < rings_[stream].state().head; ++t)
            if (rings_[stream].is_acted(t))
                indices.push_back(t * static_cast<std::int64_t>(rings_.size()) +
                                  static_cast<std::int64_t>(stream));
    return indices;
}

std::vector<double> ReplayMemory::held_masses() const {
    std::vector<double> masses;
    for (const std::int64_t index : held())
        masses.push_back(priorities_->mass(locate(index).ring.slot(locate(index).t)));
    return masses;
}

ReplayMemory::Step ReplayMemory::locate(std::int64_t index) const noexcept {
    if (rings_.size() == 1) // spares two divisions
        return {index, rings_[0]};
    const auto streams = static_cast<std::int64_t>(rings_.size());
    return {index / streams, rings_[static_cast<std::size_t>(index % streams)]};
}

std::int64_t ReplayMemory::update_priorities(std::span<const std::int64_t> indices,
                                             std::span<const double> priorities) {
    for (const std::int64_t index : indices) {
        const auto [t, ring] = locate(index);
        if (index < 0 || t >= ring.state().head)
            throw std::out_of_range("indices: got " + std::to_string(index) +
                                    ", expected indices that sample() has given out");
        if (ring.is_acted(t))
            priorities_->prefetch_mass(ring.slot(t));
    }
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
    *counters_ = {0, 0, 0, counters_->stale_updates, 0};
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

std::int64_t ReplayMemory::steps() const noexcept {
    std::int64_t total = 0;
    for (const StepRing &ring : rings_)
        total +=
            ring.state().head - ring.state().tail + (ring.state().at_head == Head::kOpen ? 1 : 0);
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
