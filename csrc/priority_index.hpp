// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/kernels.hpp"
#include "sampling/priorities.hpp"
#include "sampling/prioritized_sampler.hpp"
#include "sampling/random.hpp"
#include "storage/arena.hpp"
#include "storage/arena_header.hpp"
#include "storage/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace dqn_fast {

/// Where the next ids go, and what is held; plain data in the arena.
struct IndexState {
    std::int64_t cursor; // leaf of the next id
    std::int64_t held;   // ids
    std::int64_t used;   // one past the highest leaf that was ever given an id
};

/// The trees of a prioritised memory alone: it draws ids of what is stored elsewhere.
///
/// A leaf holds one id at a time. An id is `generation * capacity + leaf`; the generation counts
/// the ids that its leaf had before, so no id recurs, and one that has left is known as such.
///
/// Every operation below `mutex` needs it held; operations check their arguments before they change
/// anything (std::invalid_argument, std::out_of_range), the generator included.
class PriorityIndex {
  public:
    PriorityIndex(std::size_t capacity, std::uint64_t seed, const PriorityOptions &options);

    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::size_t nbytes() const noexcept { return arena_->size(); }

    [[nodiscard]] std::mutex &mutex() noexcept { return mutex_; }

    [[nodiscard]] std::int64_t size() const noexcept { return state_->held; }
    [[nodiscard]] double largest_priority() const noexcept { return priorities_.largest(); }

    /// Gives ids to the next leaves, `ids.size()` of them, or to the leaves `at`; what they held
    /// leaves. `priorities` has one for each, or is empty: the largest so far. Throws
    /// std::out_of_range for a leaf that is none; std::invalid_argument for more than there are,
    /// for one that comes twice or has no id left, and for a priority that cannot be taken.
    /// O(count log(capacity)).
    void
    add(const std::int64_t *at, std::span<const double> priorities, std::span<std::int64_t> ids);

    /// Draws ids with replacement, and their weights (size() * P)^-beta. Throws
    /// std::invalid_argument if nothing can be drawn. O(count log(capacity)).
    void draw(double beta, std::span<std::int64_t> ids, float *weights);

    /// Gives new priorities to ids that are held; the last of repeated ones wins. Returns how many
    /// were not held. Throws std::out_of_range for an id that was never given out,
    /// std::invalid_argument for a priority that cannot be taken.
    std::int64_t update(std::span<const std::int64_t> ids, std::span<const double> priorities);

    /// Removes ids. Returns how many were not held, repeats included. Throws std::out_of_range for
    /// an id that was never given out.
    std::int64_t remove(std::span<const std::int64_t> ids);

    /// Removes all ids, and forgets the largest priority; cursor, generations and generator stay.
    void clear() noexcept;

    /// Puts the generator where the constructor's seed does.
    void reseed(std::uint64_t seed) noexcept { random_->seed(seed); }

    /// The ids that leaves hold, -1 where they hold none. Throws std::out_of_range for a leaf that
    /// is none.
    void ids_at(std::span<const std::int64_t> leaves, std::int64_t *ids) const;
    /// The masses of ids. Throws std::out_of_range if one is not held.
    void masses(std::span<const std::int64_t> ids, double *masses) const;

    /// Writes the leaves that were used, and the state.
    void save(snapshot::Writer &writer) const;
    /// Restores a snapshot into a new index of the same capacity and options. Throws
    /// std::invalid_argument if it does not fit: discard the index then.
    void restore(snapshot::Reader &reader);

    /// Checks every invariant of every part, exactly. O(capacity).
    [[nodiscard]] bool is_valid() const noexcept;

  private:
    /// The ids that a leaf was given so far; whether it holds the last of them.
    class Leaf {
      public:
        [[nodiscard]] std::int64_t given() const noexcept { return word_ >> 1; }
        [[nodiscard]] bool is_held() const noexcept { return (word_ & 1) != 0; }
        /// The generation of the next id, which it holds from now on.
        std::int64_t give() noexcept {
            const std::int64_t generation = given();
            word_ = ((generation + 1) << 1) | 1;
            return generation;
        }
        void let_go() noexcept { word_ &= ~std::int64_t{1}; }

      private:
        std::int64_t word_;
    };

    [[nodiscard]] ArenaHeader header() const;
    [[nodiscard]] std::size_t leaf_of(std::int64_t id) const noexcept {
        return static_cast<std::size_t>(id) % capacity_;
    }
    [[nodiscard]] std::int64_t id_of(std::size_t leaf, std::int64_t generation) const noexcept {
        return generation * static_cast<std::int64_t>(capacity_) + static_cast<std::int64_t>(leaf);
    }
    /// The id that a leaf was given last.
    [[nodiscard]] std::int64_t newest_id(std::size_t leaf) const noexcept {
        return id_of(leaf, leaves_[leaf].given() - 1);
    }
    [[nodiscard]] bool is_held(std::int64_t id) const noexcept {
        const std::size_t leaf = leaf_of(id);
        return leaves_[leaf].is_held() && newest_id(leaf) == id;
    }
    /// Throws std::out_of_range unless all were given out; asks for their masses.
    void require_given(std::span<const std::int64_t> ids) const;
    /// Throws as add() does.
    void require_free(std::span<const std::int64_t> leaves);

    std::size_t capacity_;
    std::int64_t most_given_; // ids of one leaf, so that none overflows
    const Kernels &kernels_ = Kernels::choose();
    std::mutex mutex_;
    Layout layout_;
    std::size_t header_offset_;
    Priorities priorities_;
    std::optional<Arena> arena_;
    ArenaHeader *header_ = nullptr;
    Random *random_ = nullptr;
    IndexState *state_ = nullptr;
    Leaf *leaves_ = nullptr;
    PrioritizedSampler sampler_;
    std::vector<std::int64_t> chosen_, sorted_; // scratch, kept so that nothing is allocated twice
};

} // namespace dqn_fast
