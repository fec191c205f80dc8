// SPDX-License-Identifier: MIT
#include "views/sequence_view.hpp"

#include "check.hpp"
#include "memory_fixture.hpp"

#include <list>
#include <type_traits>

using namespace dqn_fast;

namespace {

// Room for the arrays of a batch, filled with what no array may keep.
template <class ForEach>
std::list<std::vector<std::byte>> point_at_room(ForEach &&for_each, std::size_t cells) {
    std::list<std::vector<std::byte>> room;
    for_each([&](const char *, const Field &field, LeadingAxes, auto *&pointer) {
        room.emplace_back((cells + 1) * field.stack_bytes(), std::byte{0xab});
        pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(room.back().data());
    });
    return room;
}

template <class T>
T at(const std::byte *array, std::size_t i) {
    T value;
    std::memcpy(&value, array + i * sizeof value, sizeof value);
    return value;
}

// A cell of an acted step is the transition of its index.
void check_cell(Fixture &buffer, const StepArrays &steps, std::size_t i, std::size_t n_step) {
    const std::int64_t index = steps.step_indices[i];
    buffer.memory.copy(buffer.memory.find({&index, 1}, n_step), {n_step, 0.5}, buffer.make_room(1));
    CHECK(at<std::int64_t>(steps.fields[1], i) == buffer.drawn.action[0]);
    CHECK(at<float>(steps.fields[2], i) == buffer.drawn.reward[0]);
    CHECK(at<float>(steps.discount, i) == buffer.drawn.discount[0]);
    CHECK(steps.terminated[i] == (buffer.drawn.terminated[0] != 0));
    CHECK(steps.truncated[i] == (buffer.drawn.truncated[0] != 0));
}

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
