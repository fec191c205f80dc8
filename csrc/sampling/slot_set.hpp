// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dqn_fast {

/// A small set of slots: a hash table with open addressing, kept so that nothing is allocated
/// twice.
class SlotSet {
  public:
    /// Empties the set and makes room for `count` slots.
    void reset(std::size_t count) {
        const auto bits = static_cast<int>(std::bit_width(2 * count + 1)); // at most half full
        shift_ = 64 - bits;
        table_.assign(std::size_t{1} << bits, kEmpty);
    }

    /// Returns whether the slot was not in the set yet.
    bool insert(std::int64_t slot) noexcept {
        // Fibonacci hashing (Knuth, 1973): neighbouring slots land far apart.
        std::size_t at = (static_cast<std::uint64_t>(slot) * 0x9e3779b97f4a7c15U) >> shift_;
        for (; table_[at] != kEmpty; at = (at + 1) & (table_.size() - 1))
            if (table_[at] == slot)
                return false;
        table_[at] = slot;
        return true;
    }

  private:
    static constexpr std::int64_t kEmpty = -1;

    int shift_ = 0;
    std::vector<std::int64_t> table_;
};

} // namespace dqn_fast
