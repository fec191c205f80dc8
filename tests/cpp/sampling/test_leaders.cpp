// SPDX-License-Identifier: MIT
#include "sampling/leaders.hpp"

#include "check.hpp"
#include "memory_fixture.hpp"

#include <map>

using namespace dqn_fast;

namespace {

// ReplayMemory::is_valid() finds the leaders again, the slow way.
void every_segment_has_one_leader_whatever_is_added_and_evicted() {
    Random random{};
    random.seed(3);
    for (const std::size_t capacity : {1U, 2U, 7U, 40U})
        for (const std::size_t streams : {1U, 3U})
            for (const bool has_priorities : {false, true}) {
                const auto priorities =
                    has_priorities ? std::optional(PriorityOptions{}) : std::nullopt;
                Fixture buffer(capacity, streams, priorities, true);
                for (int i = 0; i < 60; ++i) {
                    buffer.wander(random, 5, streams);
                    CHECK(buffer.memory.is_valid());
                    buffer.sample(9);
                }
                buffer.memory.clear();
                CHECK(buffer.memory.is_valid());
            }
}

void segments_are_equally_likely_and_so_are_their_steps() {
    Fixture buffer(100, 1, std::nullopt, true);
    for (const std::int64_t length : {1, 2, 10})
        for (std::int64_t i = 0; i < length; ++i)
            buffer.add(100 * length + i, 100 * length + i + 1, i + 1 == length);
    buffer.sample(30'000);
    std::map<std::int64_t, int> drawn;
    for (const std::int64_t obs : buffer.drawn.obs)
        ++drawn[obs];
    CHECK(drawn.size() == 13);
    for (const auto &[obs, count] : drawn) {
        const double expected = 10'000.0 / static_cast<double>(obs / 100);
        CHECK(count > 0.85 * expected && count < 1.15 * expected);
    }
}

void the_next_step_inherits_the_priority_of_an_evicted_leader() {
    Fixture buffer(3, 1, PriorityOptions{1.0, 0.0, WeightNormalization::kBatch, true}, true);
    buffer.add(0, 1, false, false, 5.0);
    buffer.add(1, 2);
    buffer.add(2, 3);
    buffer.add(3, 4); // evicts the first
    const std::vector<std::int64_t> indices = buffer.memory.indices();
    for (const double mass : buffer.memory.masses(indices))
        CHECK(mass == 5.0);
    const std::vector<double> two{2.0};
    CHECK(buffer.memory.update_priorities({&indices.back(), 1}, two) == 0);
    CHECK(buffer.memory.masses(indices).front() == 2.0);
}

} // namespace

int main() {
    every_segment_has_one_leader_whatever_is_added_and_evicted();
    segments_are_equally_likely_and_so_are_their_steps();
    the_next_step_inherits_the_priority_of_an_evicted_leader();
}
