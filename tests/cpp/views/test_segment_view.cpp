// SPDX-License-Identifier: MIT
#include "views/segment_view.hpp"

#include "view_fixture.hpp"

using namespace dqn_fast;

namespace {

void every_row_is_the_transition_of_its_step(std::size_t n_step) {
    Random random{};
    random.seed(n_step);
    Fixture buffer(50, 2);
    for (int round = 0; round < 40; ++round) {
        buffer.wander(random, 7, 2);
        const Draws draws = buffer.memory.draw_segments({3, std::nullopt}, 0.0);
        const std::size_t rows = buffer.memory.segment_rows();
        SegmentBatch batch;
        const auto room = point_at_room(
            [&](auto &&visit) { batch.for_each(buffer.memory.schema(), visit); }, rows + 3);
        buffer.memory.copy(draws, TransitionOptions{n_step, 0.5}, batch);
        CHECK(batch.offsets[0] == 0 && batch.offsets[3] == static_cast<std::int32_t>(rows));
        for (std::size_t i = 0; i < rows; ++i) {
            if (!batch.steps.acted[i]) {
                CHECK(batch.steps.bootstrap[i] == static_cast<std::int64_t>(i));
                CHECK(at<std::int64_t>(batch.steps.fields[1], i) == 0);
                continue;
            }
            check_cell(buffer, batch.steps, i, n_step);
            const auto behind = static_cast<std::size_t>(batch.steps.bootstrap[i]);
            CHECK(at<std::int64_t>(batch.steps.fields[0], behind) == buffer.drawn.next_obs[0]);
        }
    }
}

void a_budget_is_not_exceeded_but_by_a_first_segment() {
    Fixture buffer(100);
    for (std::int64_t i = 0; i < 60; ++i)
        buffer.add(i, i + 1, i % 10 == 9);
    for (const std::size_t budget : {1U, 11U, 21U, 22U, 60U}) {
        const std::size_t count = buffer.memory.draw_segments({std::nullopt, budget}, 0.0).size();
        CHECK(count == std::max<std::size_t>(1, budget / 11));
        CHECK(buffer.memory.segment_rows() == 11 * count);
    }
    CHECK(buffer.memory.draw_segments({2, 60}, 0.0).size() == 2);
}

} // namespace

int main() {
    for (const std::size_t n_step : {1U, 3U, 1000U})
        every_row_is_the_transition_of_its_step(n_step);
    a_budget_is_not_exceeded_but_by_a_first_segment();
}
