// SPDX-License-Identifier: MIT
#include "sampling/slot_set.hpp"

#include "check.hpp"
#include "sampling/random.hpp"

#include <algorithm>
#include <set>

using namespace dqn_fast;

namespace {

void it_takes_each_slot_once() {
    Random random{};
    random.seed(1);
    SlotSet set;
    for (const std::size_t count : {1U, 2U, 7U, 8U, 1000U, 3U}) // used again: smaller and larger
        for (const std::uint64_t bound : {1U, 5U, 4000U}) {
            set.reset(count);
            std::set<std::int64_t> twin;
            while (twin.size() < std::min<std::size_t>(count, bound)) {
                const auto slot = static_cast<std::int64_t>(random.below(bound));
                CHECK(set.insert(slot) == twin.insert(slot).second);
            }
            for (const std::int64_t slot : twin)
                CHECK(!set.insert(slot));
        }
}

void slots_that_meet_in_the_table_are_told_apart() {
    SlotSet set;
    set.reset(512);
    for (std::int64_t i = 0; i < 512; ++i) // far apart, and as many as there is room for
        CHECK(set.insert(i << 40));
    for (std::int64_t i = 0; i < 512; ++i)
        CHECK(!set.insert(i << 40));
}

} // namespace

int main() {
    it_takes_each_slot_once();
    slots_that_meet_in_the_table_are_told_apart();
}
