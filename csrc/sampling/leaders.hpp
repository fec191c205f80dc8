// SPDX-License-Identifier: MIT
#pragma once

#include "sampling/random.hpp"
#include "storage/arena.hpp"
#include "stream/bit_set.hpp"
#include "stream/rings.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dqn_fast {

/// The first held acted step of each segment: what is drawn, and carries mass, where segments are
/// drawn rather than steps. Every slot here is one of the memory.
///
/// An acted step belongs to the nearest leader at or before it, so that the acted steps of a
/// segment are those from its leader up to the next one, around the ring.
class Leaders {
  public:
    /// `slots` are those of one stream.
    Leaders(std::size_t streams, std::size_t slots, Layout &layout)
        : streams_(streams), slots_(slots),
          newest_offset_(layout.reserve(streams * sizeof(std::int64_t))) {
        for (std::size_t i = 0; i < streams; ++i)
            offsets_.push_back(layout.reserve(BitSet::bytes(slots), sizeof(std::uint64_t)));
    }

    /// Takes the memory that the constructor reserved, zeroed.
    void attach(std::byte *arena) {
        newest_ = reinterpret_cast<std::int64_t *>(arena + newest_offset_);
        for (const std::size_t offset : offsets_)
            sets_.emplace_back(arena + offset, slots_);
        clear();
    }

    /// The next acted step of this stream leads a segment.
    void begin_segment(std::size_t stream) noexcept { newest_[stream] = kNone; }

    /// Takes an acted step of the newest segment of its stream. Returns the leader of that segment:
    /// the step itself if it is the first that is held.
    std::size_t add(std::size_t slot) noexcept {
        std::int64_t &newest = newest_[slot / slots_];
        if (newest == kNone) {
            newest = static_cast<std::int64_t>(slot);
            sets_[slot / slots_].insert(slot % slots_);
        }
        return static_cast<std::size_t>(newest);
    }

    /// Forgets an acted step that was just evicted. If it was a leader, returns the step that leads
    /// now, if any acted step of its segment is held. O(steps between them).
    std::optional<std::size_t> evict(const StepRing &ring, std::size_t slot) noexcept {
        BitSet &set = sets_[slot / slots_];
        if (!set.test(slot % slots_))
            return std::nullopt;
        set.erase(slot % slots_);
        const std::optional<std::size_t> next = next_acted(ring, slot);
        if (next)
            set.insert(*next % slots_);
        std::int64_t &newest = newest_[slot / slots_];
        if (newest == static_cast<std::int64_t>(slot))
            newest = next ? static_cast<std::int64_t>(*next) : kNone;
        return next;
    }

    /// The leader of a held acted step's segment. O(slots / 4096).
    [[nodiscard]] std::size_t leader_of(std::size_t slot) const noexcept {
        const BitSet &set = sets_[slot / slots_];
        const std::size_t rank = set.rank(slot % slots_ + 1);
        const std::size_t leader = set.select((rank == 0 ? set.count() : rank) - 1);
        return slot / slots_ * slots_ + leader;
    }

    /// Segments of which an acted step is held. O(slots / 4096).
    [[nodiscard]] std::size_t count() const noexcept {
        std::size_t total = 0;
        for (const BitSet &set : sets_)
            total += set.count();
        return total;
    }

    /// Draws leaders, each with the same probability, with replacement; there must be one.
    void draw(Random &random, std::span<std::int64_t> slots) {
        counts_.clear();
        std::size_t total = 0;
        for (const BitSet &set : sets_) {
            counts_.push_back(set.count());
            total += counts_.back();
        }
        for (std::int64_t &slot : slots) {
            auto rank = static_cast<std::size_t>(random.below(total));
            std::size_t stream = 0;
            for (; rank >= counts_[stream]; ++stream)
                rank -= counts_[stream];
            slot = static_cast<std::int64_t>(stream * slots_ + sets_[stream].select(rank));
        }
    }

    /// Draws one of the held acted steps that a leader leads, each with the same probability.
    /// O(slots / 4096).
    [[nodiscard]] std::size_t
    draw_step(const StepRing &ring, std::size_t leader, Random &random) const {
        const BitSet &set = sets_[leader / slots_], &acted = ring.acted();
        const std::size_t rank = set.rank(leader % slots_), leaders = set.count();
        const std::size_t next = set.select(rank + 1 == leaders ? 0 : rank + 1);
        const std::size_t held = acted.count();
        const std::size_t first = acted.rank(leader % slots_), end = acted.rank(next);
        const std::size_t count = end > first ? end - first : held - first + end;
        return leader / slots_ * slots_ +
               acted.select((first + static_cast<std::size_t>(random.below(count))) % held);
    }

    /// Finds the leaders of all rings. O(slots).
    void recover(const Rings &rings) {
        clear();
        for (const StepRing &ring : rings)
            for (std::int64_t t = ring.state().tail; t < ring.state().head; ++t) {
                const std::size_t slot = ring.slot(t);
                if (ring.mark(slot).position() == 0)
                    begin_segment(slot / slots_);
                if (ring.is_acted(t))
                    add(slot);
            }
        for (std::size_t i = 0; i < streams_; ++i) { // the open step may begin a segment
            const StepRing &ring = rings[i];
            if (ring.state().at_head == Head::kNothing ||
                ring.mark(ring.open_slot()).position() == 0)
                begin_segment(i);
        }
    }

    void clear() noexcept {
        for (std::size_t i = 0; i < streams_; ++i) {
            sets_[i].clear();
            begin_segment(i);
        }
    }

    [[nodiscard]] bool test(std::size_t slot) const noexcept {
        return sets_[slot / slots_].test(slot % slots_);
    }

    /// Every segment with a held acted step has one leader, its first. O(slots).
    [[nodiscard]] bool is_valid(const Rings &rings) const noexcept;

  private:
    static constexpr std::int64_t kNone = -1;

    // The next acted step of a segment, behind one that need not be held any more.
    [[nodiscard]] static std::optional<std::size_t> next_acted(const StepRing &ring,
                                                               std::size_t slot) noexcept {
        for (std::int64_t t = ring.time(slot) + 1; t < ring.state().head; ++t) {
            slot = ring.next_slot(slot);
            if (ring.mark(slot).position() == 0)
                break;
            if (ring.is_acted(t))
                return slot;
        }
        return std::nullopt;
    }

    std::size_t streams_;
    std::size_t slots_; // of one stream
    std::size_t newest_offset_;
    std::vector<std::size_t> offsets_;
    std::int64_t *newest_ = nullptr; // leader of each stream's newest segment
    std::vector<BitSet> sets_;
    std::vector<std::size_t> counts_; // scratch
};

inline bool Leaders::is_valid(const Rings &rings) const noexcept {
    for (std::size_t i = 0; i < streams_; ++i) {
        const StepRing &ring = rings[i];
        const StreamState &s = ring.state();
        std::size_t leaders = 0;
        bool led = false; // the segment has a leader
        for (std::int64_t t = s.tail; t < s.head; ++t) {
            const std::size_t slot = ring.slot(t);
            led = led && ring.mark(slot).position() != 0;
            const bool leads = ring.is_acted(t) && !led;
            if (leads != test(slot))
                return false;
            leaders += leads ? 1 : 0;
            led = led || leads;
        }
        if (!sets_[i].is_valid() || sets_[i].count() != leaders)
            return false;
    }
    return true;
}

} // namespace dqn_fast
