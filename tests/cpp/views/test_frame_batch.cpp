// SPDX-License-Identifier: MIT
#include "views/frame_batch.hpp"

#include "check.hpp"
#include "replay_memory.hpp"
#include "view_fixture.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace dqn_fast;

namespace {

constexpr std::size_t kFrames = 3;
using Stack = std::array<std::uint8_t, kFrames>; // frames of one byte

const Schema kSchema({{"stack", Role::kObservation, "|u1", {kFrames}, 1, kFrames, 0},
                      {"number", Role::kObservation, "<i8", {}, 8},
                      {"action", Role::kAction, "<i8", {}, 8},
                      {"reward", Role::kReward, "<f4", {}, 4}});

void every_array_has_a_name_and_room_for_two_stacks() {
    FrameBatch batch;
    std::vector<std::string> names;
    std::vector<std::size_t> bytes;
    batch.for_each(kSchema, [&](const char *part, const Field &field, LeadingAxes, auto *&) {
        names.push_back(std::string(part) + ' ' + field.name);
        bytes.push_back(field.stack_bytes());
    });
    const std::vector<std::string> first{"frames stack",
                                         "frames number",
                                         "frame_index stack",
                                         "frame_index number",
                                         "next_frame_index stack",
                                         "next_frame_index number",
                                         "action action",
                                         "reward reward"};
    CHECK(std::equal(first.begin(), first.end(), names.begin()) && names.size() == 13);
    CHECK(std::equal(bytes.begin(), bytes.begin() + 6, std::array{6, 16, 24, 8, 24, 8}.begin()));
}

// Frames of two values, so that stacks that do not follow often look as if they did.
void fill(ReplayMemory &memory, Random &random) {
    const auto frame = [&random] { return static_cast<std::uint8_t>(random.below(2)); };
    Stack obs{};
    for (std::int64_t number = 0; number < 300; ++number) {
        if (random.below(9) == 0)
            std::generate(obs.begin(), obs.end(), frame);
        Stack next{obs[1], obs[2], frame()};
        if (random.below(9) == 0)
            next[random.below(kFrames)] ^= 1U;
        const std::int64_t later = number + 1;
        const float reward = 1;
        const std::uint8_t terminated = random.below(9) == 0;
        const auto bytes = [](const auto &value) { return Fixture::bytes(&value); };
        StepBatch batch;
        batch.fields = {bytes(obs), bytes(number), bytes(number), bytes(reward)};
        batch.next_obs = {bytes(next), bytes(later)};
        batch.terminated = &terminated;
        memory.add(batch);
        obs = next;
    }
}

// The stacks of all rows, made of their frames, are those that a batch of stacks has; a row's
// frames follow those of the row before.
void the_stacks_are_those_of_a_batch() {
    Random random;
    random.seed(5);
    for (const std::size_t n_step : {1, 2, 3, 9}) {
        ReplayMemory memory(kSchema, {1, 200, std::nullopt}, 0, std::nullopt);
        fill(memory, random);
        const Draws draws = memory.find_all(n_step);
        const std::size_t rows = draws.size();
        CHECK(rows == 200);
        FrameBatch frames;
        TransitionBatch stacks;
        const auto room =
            point_at_room([&](auto &&visit) { frames.for_each(memory.schema(), visit); }, rows);
        const auto other =
            point_at_room([&](auto &&visit) { stacks.for_each(memory.schema(), visit); }, rows);
        memory.copy(draws, {n_step, 0.5}, frames);
        memory.copy(draws, {n_step, 0.5}, stacks);
        std::int64_t used = 0, numbers = 0;
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t j = 0; j < kFrames; ++j) {
                const std::size_t at = row * kFrames + j;
                const std::int64_t now = frames.frame_index[0][at];
                const std::int64_t later = frames.next_frame_index[0][at];
                CHECK(frames.frames[0][now] == stacks.fields[0][at]);
                CHECK(frames.frames[0][later] == stacks.next_obs[0][at]);
                used = std::max({used, now + 1, later + 1});
            }
            CHECK(frames.frame_index[1][row] == numbers++);
            CHECK(frames.next_frame_index[1][row] == numbers++);
        }
        CHECK(std::equal(frames.frames[1], frames.frames[1] + 8, stacks.fields[1]));
        CHECK(frames.frames[0][used] == std::byte{0xab}); // nothing else was written
        CHECK(std::equal(frames.rest.indices, frames.rest.indices + rows, stacks.indices));
        const auto *const reward = frames.rest.fields[3];
        CHECK(std::equal(reward, reward + 4 * rows, stacks.fields[3]));
    }
}

} // namespace

int main() {
    every_array_has_a_name_and_room_for_two_stacks();
    the_stacks_are_those_of_a_batch();
}
