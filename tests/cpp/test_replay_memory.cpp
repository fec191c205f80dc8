// SPDX-License-Identifier: MIT
#include "replay_memory.hpp"

#include "check.hpp"
#include "memory_fixture.hpp"
#include "sampling/random.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>

using namespace dqn_fast;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void an_n_step_return_stops_where_its_segment_does() {
    Fixture fixture(8);
    fixture.add(1, 2);
    fixture.add(2, 3, true);        // ends
    fixture.add(3, 4);              // a new episode, though its observation equals the last one
    fixture.add(7, 8, false, true); // does not follow: a break
    fixture.add(8, 9);
    CHECK(fixture.memory.segments() == 4);
    fixture.sample(500, 3);
    std::map<std::int64_t, int> seen;
    for (std::size_t i = 0; i < 500; ++i) {
        const std::int64_t obs = fixture.drawn.obs[i];
        ++seen[obs];
        CHECK(fixture.drawn.action[i] == 10 * obs);
        const float expected_reward[] = {0, 1 + 0.5F * 2, 2, 3, 0, 0, 0, 7, 8};
        const float expected_discount[] = {0, 0, 0, 0.5F, 0, 0, 0, 0.5F, 0.5F};
        const std::int64_t expected_next[] = {0, 3, 3, 4, 0, 0, 0, 8, 9};
        CHECK(fixture.drawn.reward[i] == expected_reward[obs]);
        CHECK(fixture.drawn.discount[i] == expected_discount[obs]);
        CHECK(fixture.drawn.next_obs[i] == expected_next[obs]);
        CHECK(fixture.drawn.terminated[i] == (obs <= 2));
        CHECK(fixture.drawn.truncated[i] == (obs == 7));
        CHECK(fixture.drawn.weights[i] == 1.0F);
    }
    CHECK(seen.size() == 5);
}

void an_error_changes_nothing() {
    Fixture fixture(4, 1, PriorityOptions{});
    CHECK_THROWS(std::invalid_argument, fixture.sample(1));
    fixture.add(1, 2);
    Fixture twin(4, 1, PriorityOptions{});
    twin.add(1, 2);
    fixture.sample(1);
    twin.sample(1);
    const std::int64_t good = fixture.drawn.indices[0], never = good + 1, negative = -1;
    const double one = 1.0;
    CHECK_THROWS(std::out_of_range, fixture.memory.update_priorities({&never, 1}, {&one, 1}));
    CHECK_THROWS(std::out_of_range, fixture.memory.update_priorities({&negative, 1}, {&one, 1}));
    for (const double bad : {kNaN, -1e-9, std::numeric_limits<double>::infinity(), -kNaN}) {
        const std::int64_t both[2] = {good, good};
        const double priorities[2] = {5.0, bad};
        CHECK_THROWS(std::invalid_argument, fixture.memory.update_priorities(both, priorities));
    }
    for (int i = 2; i < 9; ++i) {
        fixture.add(i, i + 1);
        twin.add(i, i + 1);
        fixture.sample(16);
        twin.sample(16);
        CHECK(fixture.drawn.obs == twin.drawn.obs && fixture.drawn.weights == twin.drawn.weights);
    }
    CHECK(fixture.memory.is_valid());
}

void distinct_draws_are_as_many_of_the_held_as_are_asked_for() {
    for (const std::size_t streams : {1U, 3U}) {
        Fixture fixture(40, streams), refused(40, streams);
        CHECK_THROWS(std::invalid_argument, fixture.sample_distinct(1));
        for (int i = 0; i < 100; ++i) // the streams hold unequal counts; every third is an end
            for (std::size_t stream = 0; stream < streams; ++stream)
                if (stream == 0 || i < 9 * static_cast<int>(stream))
                    for (Fixture *each : {&fixture, &refused})
                        each->add(i, i + 1, i % 3 == 0, false, std::nullopt, stream);
        const std::vector<std::int64_t> held = fixture.memory.indices();
        for (std::size_t rows = 0; rows <= held.size(); ++rows) {
            CHECK_THROWS(std::invalid_argument, refused.sample_distinct(held.size() + 1 + rows));
            fixture.sample_distinct(rows, 3);
            refused.sample_distinct(rows, 3); // an error has drawn nothing
            const std::vector<std::int64_t> &drawn = fixture.drawn.indices;
            CHECK(drawn == refused.drawn.indices && fixture.drawn.obs == refused.drawn.obs);
            std::set<std::int64_t> different(drawn.begin(), drawn.end());
            CHECK(different.size() == rows);
            for (std::size_t i = 0; i < rows; ++i) {
                CHECK(std::find(held.begin(), held.end(), drawn[i]) != held.end());
                CHECK(fixture.drawn.action[i] == 10 * fixture.drawn.obs[i]);
                CHECK(fixture.drawn.weights[i] == 1.0F);
            }
        }
        CHECK(fixture.memory.is_valid());
    }
    Fixture prioritized(4, 1, PriorityOptions{});
    prioritized.add(1, 2);
    CHECK_THROWS(std::invalid_argument, prioritized.sample_distinct(1));
}

void random_operations_keep_every_invariant() {
    for (const std::size_t capacity : {1U, 2U, 3U, 10U, 64U, 101U})
        for (const std::size_t streams : {1U, 3U})
            for (const auto normalization :
                 {WeightNormalization::kBatch, WeightNormalization::kBuffer}) {
                PriorityOptions options;
                options.normalization = normalization;
                options.eps = 0.0;
                Fixture fixture(capacity, streams, options);
                Random random;
                random.seed(capacity * 10 + streams);
                for (int i = 0; i < 1500; ++i) {
                    const auto obs = static_cast<std::int64_t>(random.below(3));
                    const auto next = static_cast<std::int64_t>(random.below(3));
                    const std::size_t stream = random.below(streams);
                    std::optional<double> priority;
                    if (random.below(3) == 0)
                        priority = random.below(2) == 0 ? 1e-30 : 1e30;
                    fixture.add(
                        obs, next, random.below(4) == 0, random.below(5) == 0, priority, stream);
                    if (random.below(200) == 0)
                        fixture.memory.clear();
                    if (fixture.memory.size() > 0) {
                        fixture.sample(5, 1 + random.below(4));
                        std::vector<double> priorities(5, random.below(4) == 0 ? 0.0 : 1.0);
                        priorities[0] = 2.0;
                        CHECK(fixture.memory.update_priorities(fixture.drawn.indices, priorities) ==
                              0);
                    }
                    CHECK(fixture.memory.is_valid());
                }
                const std::vector<std::int64_t> old = fixture.drawn.indices;
                const std::vector<double> ones(5, 1.0);
                for (std::size_t i = 0; i < 2 * capacity + 2; ++i)
                    for (std::size_t stream = 0; stream < streams; ++stream)
                        fixture.add(0, 1, false, false, std::nullopt, stream);
                CHECK(fixture.memory.update_priorities(old, ones) == 5);
                CHECK(fixture.memory.is_full());
            }
}

void steps_are_found_by_their_indices() {
    Fixture fixture(6, 2, PriorityOptions{.alpha = 1.0, .eps = 0.0});
    for (int i = 0; i < 12; ++i)
        for (std::size_t stream = 0; stream < 2; ++stream)
            fixture.add(i, i + 1, false, false, 1.0 + i, stream);
    const std::vector<std::int64_t> held = fixture.memory.indices();
    CHECK(held == (std::vector<std::int64_t>{12, 14, 16, 18, 20, 22, 13, 15, 17, 19, 21, 23}));
    const Draws &all = fixture.memory.find_all(1);
    CHECK(all.indices == held);
    CHECK(all.weights == std::vector<float>(12, 1.0F));
    const std::vector<std::int64_t> some{23, 12, 23};
    CHECK(fixture.memory.masses(some) == (std::vector<double>{12.0, 7.0, 12.0}));
    fixture.memory.copy(fixture.memory.find(some, 3), {3, 0.5}, fixture.make_room(3));
    CHECK(fixture.drawn.indices == some);
    CHECK(fixture.drawn.obs == (std::vector<std::int64_t>{11, 6, 11}));
    CHECK(fixture.drawn.reward[1] == 6 + 0.5F * 7 + 0.25F * 8);
    for (const std::int64_t bad : {10, 24, -1}) { // evicted, not there yet, never
        CHECK_THROWS(std::out_of_range, fixture.memory.find({&bad, 1}, 1));
        CHECK_THROWS(std::out_of_range, static_cast<void>(fixture.memory.masses({&bad, 1})));
    }
}

// Stacks of two frames that jump: a hidden frame lies between the steps of one segment.
void the_next_step_of_a_segment_need_not_be_its_neighbour() {
    const Schema schema({{"obs", Role::kObservation, "<i8", {2}, 8, 2},
                         {"action", Role::kAction, "<i8", {}, 8},
                         {"reward", Role::kReward, "<f4", {}, 4}});
    ReplayMemory memory(schema, {1, 10, 2.0}, 0, std::nullopt);
    const auto add = [&memory](std::int64_t first, bool terminated) {
        const std::int64_t obs[2] = {first, first + 1}, next[2] = {first + 2, first + 3};
        const std::int64_t action = first;
        const auto reward = static_cast<float>(first);
        const std::uint8_t flag = terminated;
        StepBatch batch;
        batch.fields = {Fixture::bytes(obs), Fixture::bytes(&action), Fixture::bytes(&reward)};
        batch.next_obs = {Fixture::bytes(next)};
        batch.terminated = &flag;
        memory.add(batch);
    };
    for (std::int64_t i = 0; i < 5; ++i)
        add(5 + 2 * i, i == 2); // no frame is zero
    // A first stack needs a hidden frame, too; times 6 and 7 are behind the end.
    const std::vector<std::int64_t> held = memory.indices();
    CHECK(held == (std::vector<std::int64_t>{1, 3, 5, 9, 11}));
    CHECK(memory.successors(held) == (std::vector<std::int64_t>{3, 5, -1, 11, -1}));
    CHECK(memory.hidden() == 7);
    CHECK(memory.segments() == 2 && memory.is_valid());
    const std::int64_t stale = 2;
    CHECK_THROWS(std::out_of_range, static_cast<void>(memory.successors({&stale, 1})));
}

void a_generator_is_put_back_and_seeded_anew() {
    Fixture fixture(8), twin(8);
    for (Fixture *each : {&fixture, &twin})
        for (int i = 0; i < 8; ++i)
            each->add(i, i + 1);
    const Random before = fixture.memory.generator();
    fixture.sample(20);
    const std::vector<std::int64_t> first = fixture.drawn.indices;
    CHECK(!(fixture.memory.generator() == before));
    fixture.memory.set_generator(before);
    fixture.sample(20);
    CHECK(fixture.drawn.indices == first);
    fixture.memory.reseed(0); // the fixture's own
    twin.sample(20);
    fixture.sample(20);
    CHECK(fixture.drawn.indices == twin.drawn.indices && first == twin.drawn.indices);
}

} // namespace

int main() {
    an_n_step_return_stops_where_its_segment_does();
    an_error_changes_nothing();
    distinct_draws_are_as_many_of_the_held_as_are_asked_for();
    random_operations_keep_every_invariant();
    steps_are_found_by_their_indices();
    the_next_step_of_a_segment_need_not_be_its_neighbour();
    a_generator_is_put_back_and_seeded_anew();
}
