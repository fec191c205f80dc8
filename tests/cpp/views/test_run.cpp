// SPDX-License-Identifier: MIT
#include "views/run.hpp"

#include "check.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace dqn_fast;

namespace {

constexpr std::size_t kSlots = 16;
using Slots = std::vector<std::int64_t>;

struct Stream {
    // Of slots that begin behind the first `time` steps of the stream, so that it may wrap around.
    explicit Stream(int time) {
        ring.begin_segment(false);
        for (int i = 0; i < time; ++i)
            act();
        ring.clear();
        ring.begin_segment(false);
        first = ring.open_slot();
    }

    void act() {
        ring.make_room(ring.time_after(true, 1), 1'000, [](std::size_t) {});
        ring.act(false, false);
    }
    void flag(std::size_t step, std::uint32_t flags) { marks[slot(step)] |= flags; }
    [[nodiscard]] std::size_t slot(std::size_t step) const { return (first + step) % kSlots; }
    [[nodiscard]] Slots slots(std::size_t begin, std::size_t end) const {
        Slots found;
        for (std::size_t step = begin; step < end; ++step)
            found.push_back(static_cast<std::int64_t>(slot(step)));
        return found;
    }

    std::vector<std::uint32_t> marks = std::vector<std::uint32_t>(kSlots);
    std::vector<std::uint64_t> bits = std::vector<std::uint64_t>(BitSet::bytes(kSlots) / 8);
    StreamState state{};
    StepRing ring{&state,
                  {reinterpret_cast<std::byte *>(marks.data()), 4, 4},
                  BitSet(reinterpret_cast<std::byte *>(bits.data()), kSlots),
                  0,
                  kSlots,
                  0};
    std::size_t first = 0;
};

void a_run_ends_with_its_segment_or_with_as_many_steps_as_are_wanted() {
    for (int time = 0; time < 20; ++time) {
        Stream stream(time);
        for (int i = 0; i < 4; ++i)
            stream.act();
        for (std::size_t most = 1; most < 8; ++most) {
            Run run;
            run.append(stream.ring, stream.slot(0), most);
            CHECK(run.slots == stream.slots(0, std::min<std::size_t>(most, 5)));
            CHECK(run.has_last == (most >= 5) && run.complete() == std::min<std::size_t>(most, 4));
        }
    }
}

// As files of format 1 have them.
void the_observation_behind_a_broken_step_ends_its_run_and_is_not_acted_on() {
    for (int time = 0; time < 20; ++time) {
        Stream stream(time);
        stream.act();
        stream.act();
        stream.flag(1, Mark::kBroken);
        stream.marks[stream.slot(2)] = Mark::first(false).bits;
        stream.act();
        for (std::size_t most = 1; most < 5; ++most) {
            Run run;
            run.append(stream.ring, stream.slot(0), most);
            CHECK(run.slots == stream.slots(0, std::min<std::size_t>(most, 3)));
            CHECK(run.has_last == (most >= 3));
            CHECK(most < 3 || !run.marks.back().acted());
        }
    }
}

void looking_back_stops_at_the_beginning_the_tail_and_as_far_as_is_wanted() {
    for (int time = 0; time < 20; ++time) {
        Stream stream(time);
        for (int i = 0; i < 5; ++i)
            stream.act();
        for (const std::int64_t gone : {0, 1, 2}) {
            stream.state.tail += gone == 0 ? 0 : 1;
            for (std::size_t most = 0; most < 7; ++most) {
                const Beginning found = look_back(stream.ring, stream.slot(4), most);
                const std::size_t held = 4 - static_cast<std::size_t>(gone);
                CHECK(found.steps == std::min(most, held));
                CHECK(found.slot == stream.slot(4 - found.steps));
                CHECK(found.before ==
                      (most < held ? static_cast<std::int64_t>(stream.slot(3 - most)) : -1));
            }
        }
    }
    Stream stream(0);
    stream.act();
    stream.act();
    stream.ring.begin_segment(false);
    stream.act();
    const Beginning found = look_back(stream.ring, stream.slot(3), 9); // behind the final step
    CHECK(found.slot == stream.slot(3) && found.steps == 0 && found.before == -1);
}

} // namespace

int main() {
    a_run_ends_with_its_segment_or_with_as_many_steps_as_are_wanted();
    the_observation_behind_a_broken_step_ends_its_run_and_is_not_acted_on();
    looking_back_stops_at_the_beginning_the_tail_and_as_far_as_is_wanted();
}
