// SPDX-License-Identifier: MIT
#include "priority_index.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace dqn_fast {

namespace {

// In the arena's header, where a memory has the digest of its fields: "dqnindex", little-endian.
constexpr std::uint64_t kDigest = 0x7865646e696e7164U;

[[noreturn]] void throw_out_of_range(const char *name, std::int64_t got, const char *expected) {
    throw std::out_of_range(std::string(name) + ": got " + std::to_string(got) + ", expected " +
                            expected);
}

} // namespace

PriorityIndex::PriorityIndex(std::size_t capacity,
                             std::uint64_t seed,
                             const PriorityOptions &options)
    : capacity_(capacity), most_given_(std::min(std::numeric_limits<std::int64_t>::max() >> 1,
                                                std::numeric_limits<std::int64_t>::max() /
                                                    static_cast<std::int64_t>(capacity))),
      header_offset_(layout_.reserve(sizeof(ArenaHeader))),
      priorities_(options, kernels_, capacity, layout_) {
    const std::size_t random = layout_.reserve(sizeof(Random));
    const std::size_t state = layout_.reserve(sizeof(IndexState));
    const std::size_t leaves = layout_.reserve(sizeof(Leaf) * capacity);

    arena_.emplace(Arena::anonymous(layout_.size()));
    std::byte *arena = arena_->data();
    header_ = new (arena + header_offset_) ArenaHeader(header());
    priorities_.attach(arena);
    random_ = reinterpret_cast<Random *>(arena + random);
    random_->seed(seed);
    state_ = reinterpret_cast<IndexState *>(arena + state);
    leaves_ = reinterpret_cast<Leaf *>(arena + leaves);
}

ArenaHeader PriorityIndex::header() const {
    ArenaHeader header;
    header.arena_bytes = layout_.size();
    header.schema_digest = kDigest;
    header.streams = 1;
    header.capacity = header.slots = capacity_;
    header.has_priorities = 1;
    header.has_min_tree = priorities_.has_min_tree() ? 1 : 0;
    return header;
}

void PriorityIndex::add(const std::int64_t *at,
                        std::span<const double> priorities,
                        std::span<std::int64_t> ids) {
    const std::size_t count = ids.size();
    if (count > capacity_)
        throw std::invalid_argument((at == nullptr ? "n: got " : "at: got ") +
                                    std::to_string(count) + (at == nullptr ? "" : " leaves") +
                                    ", expected at most " + std::to_string(capacity_) +
                                    ", the capacity");
    chosen_.resize(count);
    auto next = static_cast<std::size_t>(state_->cursor);
    for (std::size_t i = 0; i < count; ++i) {
        chosen_[i] = at == nullptr ? static_cast<std::int64_t>(next) : at[i];
        next = next + 1 == capacity_ ? 0 : next + 1;
    }
    require_free(chosen_);
    std::span<const double> masses;
    if (!priorities.empty())
        masses = priorities_.masses_of("priority", priorities);

    for (std::size_t i = 0; i < count; ++i) {
        const auto leaf = static_cast<std::size_t>(chosen_[i]);
        if (!leaves_[leaf].is_held())
            ++state_->held;
        ids[i] = id_of(leaf, leaves_[leaf].give());
        if (!masses.empty())
            priorities_.note_largest(priorities[i]);
        priorities_.set_mass(leaf, masses.empty() ? priorities_.new_mass() : masses[i]);
        state_->used = std::max(state_->used, chosen_[i] + 1);
    }
    priorities_.refresh();
    if (at == nullptr)
        state_->cursor = static_cast<std::int64_t>(next);
}

void PriorityIndex::require_free(std::span<const std::int64_t> leaves) {
    bool ascends = true;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        if (leaves[i] < 0 || static_cast<std::size_t>(leaves[i]) >= capacity_)
            throw_out_of_range("at", leaves[i], "leaves of at least 0 and below the capacity");
        if (leaves_[leaves[i]].given() >= most_given_)
            throw std::invalid_argument("at: got " + std::to_string(leaves[i]) +
                                        ", expected a leaf whose ids are not used up");
        ascends = ascends && (i == 0 || leaves[i - 1] < leaves[i]);
    }
    if (ascends) // the usual case, in which none comes twice
        return;
    sorted_.assign(leaves.begin(), leaves.end());
    std::sort(sorted_.begin(), sorted_.end());
    const auto twice = std::adjacent_find(sorted_.begin(), sorted_.end());
    if (twice != sorted_.end())
        throw std::invalid_argument("at: got " + std::to_string(*twice) +
                                    " twice, expected each leaf once");
}

void PriorityIndex::draw(double beta, std::span<std::int64_t> ids, float *weights) {
    if (size() == 0)
        throw std::invalid_argument("sample: got an empty index, expected an id in it");
    if (!(priorities_.sum().total() > 0.0))
        throw std::invalid_argument("sample: got only priorities of zero, expected a positive one");
    sampler_.draw(priorities_, *random_, ids);
    sampler_.weigh(priorities_, ids, size(), beta, weights);
    for (std::int64_t &id : ids) // so far its leaf
        id = newest_id(static_cast<std::size_t>(id));
}

void PriorityIndex::require_given(std::span<const std::int64_t> ids) const {
    for (const std::int64_t id : ids) {
        const std::size_t leaf = leaf_of(id);
        if (id < 0 || id > newest_id(leaf))
            throw_out_of_range("ids", id, "ids that add() has given out");
        priorities_.prefetch_mass(leaf);
    }
}

std::int64_t PriorityIndex::update(std::span<const std::int64_t> ids,
                                   std::span<const double> priorities) {
    require_given(ids);
    const std::span<const double> masses = priorities_.masses_of("priorities", priorities);
    std::int64_t stale = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (!is_held(ids[i])) {
            ++stale;
            continue;
        }
        priorities_.note_largest(priorities[i]);
        priorities_.set_mass(leaf_of(ids[i]), masses[i]);
    }
    priorities_.refresh();
    return stale;
}

std::int64_t PriorityIndex::remove(std::span<const std::int64_t> ids) {
    require_given(ids);
    std::int64_t stale = 0;
    for (const std::int64_t id : ids) {
        if (!is_held(id)) {
            ++stale;
            continue;
        }
        leaves_[leaf_of(id)].let_go();
        priorities_.set_mass(leaf_of(id), 0.0);
        --state_->held;
    }
    priorities_.refresh();
    return stale;
}

void PriorityIndex::clear() noexcept {
    std::for_each(leaves_, leaves_ + state_->used, [](Leaf &leaf) { leaf.let_go(); });
    state_->held = 0;
    priorities_.clear();
}

void PriorityIndex::ids_at(std::span<const std::int64_t> leaves, std::int64_t *ids) const {
    for (const std::int64_t leaf : leaves)
        if (leaf < 0 || static_cast<std::size_t>(leaf) >= capacity_)
            throw_out_of_range("leaves", leaf, "leaves of at least 0 and below the capacity");
    for (const std::int64_t leaf : leaves)
        *ids++ = leaves_[leaf].is_held() ? newest_id(static_cast<std::size_t>(leaf)) : -1;
}

void PriorityIndex::masses(std::span<const std::int64_t> ids, double *masses) const {
    for (const std::int64_t id : ids) {
        if (id < 0 || !is_held(id))
            throw_out_of_range("ids", id, "ids that are held");
        *masses++ = priorities_.mass(leaf_of(id));
    }
}

void PriorityIndex::save(snapshot::Writer &writer) const {
    const auto used = static_cast<std::size_t>(state_->used);
    const double largest = priorities_.largest();
    writer.put(random_, sizeof *random_);
    writer.put(state_, sizeof *state_);
    writer.put(&largest, sizeof largest);
    writer.put(leaves_, used * sizeof(Leaf));
    writer.put(priorities_.masses(0, used).data(), used * sizeof(double));
}

void PriorityIndex::restore(snapshot::Reader &reader) {
    const auto require = [](bool holds) {
        if (!holds)
            throw std::invalid_argument(
                "saved buffer: got parts that contradict each other, expected a whole one");
    };
    double largest = 0.0;
    reader.get(random_, sizeof *random_);
    reader.get(state_, sizeof *state_);
    reader.get(&largest, sizeof largest);
    priorities_.restore_largest(largest);
    require(state_->used >= 0 && static_cast<std::size_t>(state_->used) <= capacity_);
    const auto used = static_cast<std::size_t>(state_->used);
    reader.get(leaves_, used * sizeof(Leaf));
    std::vector<double> masses(used);
    reader.get(masses.data(), used * sizeof(double));
    require(std::all_of(masses.begin(), masses.end(), Priorities::is_mass));
    for (std::size_t leaf = 0; leaf < used; ++leaf)
        priorities_.set_mass(leaf, masses[leaf]);
    priorities_.refresh();
    require(is_valid());
}

bool PriorityIndex::is_valid() const noexcept {
    std::int64_t held = 0;
    for (std::size_t leaf = 0; leaf < capacity_; ++leaf) {
        const Leaf &one = leaves_[leaf];
        const bool was_used = leaf < static_cast<std::size_t>(state_->used);
        // Nothing but an id that is held can be drawn, and nothing is held that was not given.
        if (one.given() < 0 || one.given() > most_given_ || (!was_used && one.given() > 0) ||
            (one.is_held() && one.given() == 0) ||
            (!one.is_held() && priorities_.mass(leaf) != 0.0))
            return false;
        held += one.is_held() ? 1 : 0;
    }
    return *header_ == header() && state_->cursor >= 0 &&
           static_cast<std::size_t>(state_->cursor) < capacity_ && held == state_->held &&
           priorities_.is_valid();
}

} // namespace dqn_fast
