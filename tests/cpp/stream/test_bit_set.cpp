// SPDX-License-Identifier: MIT
#include "stream/bit_set.hpp"

#include "check.hpp"
#include "sampling/random.hpp"

#include <set>
#include <vector>

using namespace dqn_fast;

int main() {
    for (const std::size_t slots : {1U, 63U, 64U, 65U, 4096U, 4097U, 10'000U}) {
        std::vector<std::uint64_t> memory(BitSet::bytes(slots) / sizeof(std::uint64_t));
        BitSet bits(reinterpret_cast<std::byte *>(memory.data()), slots);
        std::set<std::size_t> twin;
        Random random;
        random.seed(slots);
        for (int i = 0; i < 2'000; ++i) {
            const std::size_t slot = random.below(slots);
            if (twin.insert(slot).second)
                bits.insert(slot);
            else {
                twin.erase(slot);
                bits.erase(slot);
            }
            CHECK(bits.test(slot) == twin.contains(slot));
            CHECK(bits.count() == twin.size());
            CHECK(bits.is_valid());
        }
        std::size_t rank = 0;
        for (const std::size_t slot : twin) {
            CHECK(bits.rank(slot) == rank);
            CHECK(bits.select(rank++) == slot);
            CHECK(bits.rank(slot + 1) == rank);
        }
        CHECK(bits.rank(slots) == twin.size());
        bits.clear();
        CHECK(bits.count() == 0 && bits.is_valid());
        for (int i = 0; i < 200; ++i) { // runs, of all lengths at all places
            const std::size_t first = random.below(slots);
            const std::size_t count = random.below(slots - first + 1);
            bits.insert_run(first, count);
            for (const std::size_t slot : {first - 1, first, first + count / 2, first + count})
                if (slot < slots)
                    CHECK(bits.test(slot) == (slot >= first && slot < first + count));
            CHECK(bits.count() == count && bits.is_valid());
            bits.clear();
        }
    }
}
