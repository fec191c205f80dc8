// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace dqn_fast {

/// A set of slots with rank-select, as a view of zeroed memory: one bit a slot, and a count for
/// each block of 4,096 slots, so that `select` reads little even in a ring of millions.
class BitSet {
  public:
    static constexpr std::size_t kBlockWords = 64;

    static constexpr std::size_t bytes(std::size_t slots) noexcept {
        return (words(slots) + blocks(slots)) * sizeof(std::uint64_t);
    }

    BitSet(std::byte *memory, std::size_t slots) noexcept
        : words_(reinterpret_cast<std::uint64_t *>(memory)), counts_(words_ + words(slots)),
          slots_(slots) {}

    [[nodiscard]] bool test(std::size_t slot) const noexcept {
        return (words_[slot / 64] >> (slot % 64) & 1) != 0;
    }

    /// The slot must not be in the set.
    void insert(std::size_t slot) noexcept {
        words_[slot / 64] |= std::uint64_t{1} << (slot % 64);
        ++counts_[slot / (64 * kBlockWords)];
    }

    /// `count` slots from `slot` on, none of which may be in the set.
    void insert_run(std::size_t slot, std::size_t count) noexcept {
        while (count > 0) {
            const std::size_t bit = slot % 64, bits = count < 64 - bit ? count : 64 - bit;
            words_[slot / 64] |= (~std::uint64_t{0} >> (64 - bits)) << bit;
            counts_[slot / (64 * kBlockWords)] += bits;
            slot += bits;
            count -= bits;
        }
    }

    /// The slot must be in the set.
    void erase(std::size_t slot) noexcept {
        words_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
        --counts_[slot / (64 * kBlockWords)];
    }

    /// How many members are smaller than `slot`. O(slots / 4096).
    [[nodiscard]] std::size_t rank(std::size_t slot) const noexcept {
        const std::size_t word = slot / 64, block = word / kBlockWords;
        std::size_t total = 0;
        for (std::size_t i = 0; i < block; ++i)
            total += counts_[i];
        for (std::size_t i = block * kBlockWords; i < word; ++i)
            total += static_cast<std::size_t>(std::popcount(words_[i]));
        const std::uint64_t below = (std::uint64_t{1} << (slot % 64)) - 1;
        return slot % 64 == 0
                   ? total
                   : total + static_cast<std::size_t>(std::popcount(words_[word] & below));
    }

    /// The member with `rank` smaller ones; `rank` must be below count(). O(slots / 4096).
    [[nodiscard]] std::size_t select(std::size_t rank) const noexcept {
        std::size_t block = 0;
        while (rank >= counts_[block])
            rank -= counts_[block++];
        std::size_t word = block * kBlockWords;
        while (rank >= static_cast<std::size_t>(std::popcount(words_[word])))
            rank -= static_cast<std::size_t>(std::popcount(words_[word++]));
        std::uint64_t bits = words_[word];
        while (rank-- > 0)
            bits &= bits - 1; // drops the lowest member
        return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    }

    /// O(slots / 4096).
    [[nodiscard]] std::size_t count() const noexcept {
        std::size_t total = 0;
        for (std::size_t block = 0; block < blocks(slots_); ++block)
            total += counts_[block];
        return total;
    }

    void clear() noexcept {
        for (std::size_t i = 0; i < words(slots_) + blocks(slots_); ++i)
            words_[i] = 0;
    }

    /// Every block's count is the number of its bits.
    [[nodiscard]] bool is_valid() const noexcept {
        for (std::size_t block = 0; block < blocks(slots_); ++block) {
            std::size_t bits = 0;
            for (std::size_t i = 0; i < kBlockWords; ++i)
                bits += static_cast<std::size_t>(std::popcount(words_[block * kBlockWords + i]));
            if (bits != counts_[block])
                return false;
        }
        return true;
    }

  private:
    static constexpr std::size_t blocks(std::size_t slots) noexcept {
        return (slots + 64 * kBlockWords - 1) / (64 * kBlockWords);
    }
    static constexpr std::size_t words(std::size_t slots) noexcept {
        return blocks(slots) * kBlockWords;
    }

    std::uint64_t *words_;
    std::uint64_t *counts_;
    std::size_t slots_;
};

} // namespace dqn_fast
