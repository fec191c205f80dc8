// SPDX-License-Identifier: MIT
#include "stream/step_ring.hpp"

#include "check.hpp"
#include "sampling/random.hpp"

#include <cstring>
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
        ring.act(ends, false);
        if (ends)
            ring.end(true, false);
        CHECK(ring.is_valid());
    }

    void take(bool joins, bool terminated, bool truncated, std::vector<std::size_t> &retired) {
        ring.make_room(ring.time_after(joins, 1), capacity, [&](std::size_t slot) {
            retired.push_back(slot);
        });
        if (!joins)
            ring.begin_segment(false);
        ring.act(terminated, truncated);
        if (terminated || truncated)
            ring.end(terminated, truncated);
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

// The usual step in one call, against the three calls that it stands for.
void try_append_is_make_room_act_and_end() {
    Random random;
    random.seed(6);
    for (const std::int64_t capacity : {1, 2, 5, 40}) {
        const auto slots = static_cast<std::size_t>(capacity + 3 + capacity / 2);
        Stream quick(capacity, slots), plain(capacity, slots);
        int appended = 0;
        for (int i = 0; i < 3000; ++i) {
            const bool joins = random.below(4) != 0 && plain.ring.can_continue();
            const bool terminated = random.below(6) == 0, truncated = random.below(9) == 0;
            std::vector<std::size_t> retired, expected;
            if (!joins ||
                !quick.ring.try_append(terminated, truncated, capacity, [&](std::size_t slot) {
                    retired.push_back(slot);
                })) {
                CHECK(retired.empty()); // refused: nothing has changed
                quick.take(joins, terminated, truncated, retired);
            } else {
                ++appended;
            }
            plain.take(joins, terminated, truncated, expected);
            CHECK(retired == expected);
            CHECK(std::memcmp(&quick.state, &plain.state, sizeof quick.state) == 0);
            CHECK(quick.marks == plain.marks && quick.bits == plain.bits);
            CHECK(quick.ring.is_valid());
        }
        CHECK(appended > 500);
    }
}

void a_step_is_hidden_or_context_or_acted() {
    Stream stream(10, 23);
    stream.ring.begin_segment(false);
    stream.ring.complete_as_hidden();
    CHECK(stream.ring.mark(0).hidden() && !stream.ring.mark(0).is_context());
    stream.ring.complete_as_context();
    CHECK(stream.ring.mark(1).is_context() && !stream.ring.mark(1).hidden());
    stream.ring.continue_context();
    stream.ring.act(false, false);
    CHECK(stream.ring.mark(2).acted() && stream.ring.mark(2).position() == 2);
    CHECK(stream.ring.is_valid());
    std::vector<std::int64_t> times;
    stream.ring.for_each_acted([&](std::int64_t t, std::size_t slot) {
        CHECK(slot == stream.ring.slot(t));
        times.push_back(t);
    });
    CHECK(times == std::vector<std::int64_t>{2});
    stream.ring.hide_context(0); // as of a snapshot that had no hidden steps
    CHECK(stream.ring.mark(1).hidden() && !stream.ring.mark(1).is_context());
    CHECK(stream.ring.is_valid());
    stream.marks[1] |= Mark::kContext;
    CHECK(!stream.ring.is_valid());
}

} // namespace

int main() {
    unrelated_transitions_keep_their_capacity_in_a_ring_of_twice_its_size();
    without_reserve_the_oldest_go_early();
    one_long_segment_needs_no_reserve();
    an_end_is_never_continued_and_times_go_on_after_clear();
    slots_and_times_are_inverse();
    try_append_is_make_room_act_and_end();
    a_step_is_hidden_or_context_or_acted();
}
