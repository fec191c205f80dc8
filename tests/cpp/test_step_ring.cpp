// SPDX-License-Identifier: MIT
#include "step_ring.hpp"

#include "check.hpp"

#include <set>
#include <vector>

using namespace dqn_fast;

namespace {

struct Stream {
    Stream(std::int64_t capacity_, std::size_t slots_)
        : capacity(capacity_), marks(slots_), bits(BitSet::bytes(slots_) / 8),
          ring(&state,
               {reinterpret_cast<std::byte *>(marks.data()), 4, 4},
               BitSet(reinterpret_cast<std::byte *>(bits.data()), slots_),
               0,
               slots_,
               0) {}

    void step(bool joins, bool ends) {
        joins = joins && ring.can_continue();
        early += ring.make_room(ring.time_after(joins, 1), capacity, [this](std::size_t slot) {
            CHECK(live.erase(slot) == 1);
        });
        if (!joins)
            ring.begin_segment(false);
        CHECK(live.insert(ring.open_slot()).second); // a slot in use is never taken again
        ring.act(ends, false, false);
        if (ends)
            ring.end(true, false);
        CHECK(ring.is_valid());
    }

    std::int64_t capacity;
    std::int64_t early = 0;
    std::set<std::size_t> live;
    StreamState state{};
    std::vector<std::uint32_t> marks;
    std::vector<std::uint64_t> bits;
    StepRing ring;
};

void unrelated_transitions_keep_their_capacity_in_a_ring_of_twice_its_size() {
    for (const std::int64_t capacity : {1, 2, 3, 7, 100}) {
        Stream stream(capacity, static_cast<std::size_t>(2 * capacity + 3));
        for (std::int64_t i = 0; i < 10 * capacity; ++i)
            stream.step(false, false);
        CHECK(stream.ring.state().acted == capacity);
        CHECK(stream.early == 0);
    }
}

void without_reserve_the_oldest_go_early() {
    Stream stream(100, 103);
    for (int i = 0; i < 1000; ++i)
        stream.step(false, i % 3 == 0);
    CHECK(stream.early > 0);
    CHECK(stream.ring.state().acted >= 50); // half of the slots hold final steps
}

void one_long_segment_needs_no_reserve() {
    Stream stream(100, 103);
    for (int i = 0; i < 1000; ++i)
        stream.step(true, false);
    CHECK(stream.early == 0 && stream.ring.state().acted == 100);
    CHECK(stream.ring.state().segments == 1);
    CHECK(stream.ring.mark(stream.ring.slot(999)).position() == 999);
}

void an_end_is_never_continued_and_times_go_on_after_clear() {
    Stream stream(10, 23);
    stream.step(true, true);
    CHECK(!stream.ring.can_continue());
    stream.step(true, false);
    CHECK(stream.ring.can_continue());
    CHECK(stream.ring.state().segments == 2);
    const std::int64_t open = stream.ring.state().head;
    stream.ring.clear();
    stream.live.clear();
    CHECK(stream.ring.state().acted == 0 && stream.ring.state().head == open + 1);
    CHECK(!stream.ring.is_acted(0));
    stream.step(true, false);
    CHECK(stream.ring.is_acted(open + 1));
}

void slots_and_times_are_inverse() {
    Stream stream(10, 13);
    for (int i = 0; i < 100; ++i) {
        stream.step(i % 7 != 0, i % 5 == 0);
        for (std::int64_t t = stream.ring.state().tail; t <= stream.ring.state().head; ++t)
            CHECK(stream.ring.time(stream.ring.slot(t)) == t);
    }
}

} // namespace

int main() {
    unrelated_transitions_keep_their_capacity_in_a_ring_of_twice_its_size();
    without_reserve_the_oldest_go_early();
    one_long_segment_needs_no_reserve();
    an_end_is_never_continued_and_times_go_on_after_clear();
    slots_and_times_are_inverse();
}
