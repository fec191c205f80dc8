// SPDX-License-Identifier: MIT
#include "views/sequence_view.hpp"

#include "view_fixture.hpp"

using namespace dqn_fast;

namespace {

void every_cell_is_the_transition_of_its_step(std::size_t length,
                                              std::size_t burn_in,
                                              std::size_t n_step) {
    Random random{};
    random.seed(length);
    Fixture buffer(50, 2);
    const SequenceOptions options{length, burn_in, {n_step, 0.5}, true};
    constexpr std::size_t kRows = 5;
    for (int round = 0; round < 40; ++round) {
        buffer.wander(random, 7, 2);
        const Draws draws = buffer.memory.draw(kRows, 0.0, 0);
        SequenceBatch batch;
        const auto room = point_at_room(
            [&](auto &&visit) { batch.for_each(buffer.memory.schema(), true, visit); },
            kRows * options.columns());
        buffer.memory.copy(draws, options, batch);
        for (std::size_t i = 0; i < kRows * options.steps(); ++i) {
            const std::size_t row = i / options.steps();
            CHECK(batch.mask[i] || (!batch.steps.acted[i] && batch.steps.bootstrap[i] == 0));
            if (batch.steps.acted[i] && batch.learn[i]) {
                check_cell(buffer, batch.steps, i, n_step);
                const auto behind =
                    row * options.columns() + static_cast<std::size_t>(batch.steps.bootstrap[i]);
                CHECK(at<std::int64_t>(batch.steps.fields[0], behind) == buffer.drawn.next_obs[0]);
            }
        }
    }
}

void a_row_begins_before_the_drawn_step_and_knows_what_was_done_before() {
    Fixture buffer(20);
    for (std::int64_t i = 1; i < 9; ++i)
        buffer.add(i, i + 1);
    const SequenceOptions options{2, 3, {1, 0.5}, true};
    SequenceBatch batch;
    const auto room =
        point_at_room([&](auto &&visit) { batch.for_each(buffer.memory.schema(), true, visit); },
                      options.columns());
    const std::int64_t index = 5; // of observation 6
    buffer.memory.copy(buffer.memory.find({&index, 1}, 0), options, batch);
    for (std::size_t i = 0; i < options.columns(); ++i) {
        CHECK(at<std::int64_t>(batch.steps.fields[0], i) == static_cast<std::int64_t>(3 + i));
        CHECK(at<std::int64_t>(batch.previous_action, i) == static_cast<std::int64_t>(20 + 10 * i));
    }
    CHECK(!batch.is_first[0] && !batch.learn[2] && batch.learn[3]);
}

} // namespace

int main() {
    every_cell_is_the_transition_of_its_step(1, 0, 1);
    every_cell_is_the_transition_of_its_step(4, 2, 3);
    every_cell_is_the_transition_of_its_step(30, 10, 5);
    a_row_begins_before_the_drawn_step_and_knows_what_was_done_before();
}
