// SPDX-License-Identifier: MIT
#include "stream/observations.hpp"

#include "check.hpp"
#include "replay_memory.hpp"
#include "sampling/random.hpp"

#include <array>

using namespace dqn_fast;

namespace {

constexpr std::size_t kFrames = 3;
using Stack = std::array<std::uint8_t, kFrames>;    // frames of one byte
using Wide = std::array<std::uint8_t, 2 * kFrames>; // the same, in two pieces: along the last axis

struct Row {
    Stack obs, next_obs;
};

Wide wide(const Stack &stack) {
    Wide result{};
    for (std::size_t j = 0; j < kFrames; ++j) {
        result[j] = stack[j];
        result[kFrames + j] = static_cast<std::uint8_t>(stack[j] + 100);
    }
    return result;
}

template <class T>
const std::byte *bytes(const T &value) {
    return reinterpret_cast<const std::byte *>(&value);
}

// Frames of two values, so that stacks that do not follow often look as if they did; every 1-step
// transition must come back as it went in, from both fields.
void any_stacks_come_back_exactly() {
    Random random;
    random.seed(4);
    for (int round = 0; round < 300; ++round) {
        const Schema schema({{"stack", Role::kObservation, "|u1", {kFrames}, 1, kFrames, 0},
                             {"wide", Role::kObservation, "|u1", {2, kFrames}, 1, kFrames, 1},
                             {"action", Role::kAction, "<i8", {}, 8},
                             {"reward", Role::kReward, "<f4", {}, 4}});
        const std::size_t capacity = 1 + random.below(20);
        const double reserve = random.below(2) == 0 ? 0.0 : 1.0;
        ReplayMemory memory(schema, {1, capacity, reserve}, 0, std::nullopt);
        const auto frame = [&random] { return static_cast<std::uint8_t>(random.below(2)); };
        std::vector<Row> rows;
        Stack obs{};
        for (std::int64_t action = 0; action < 60; ++action) {
            if (random.below(5) == 0)
                for (auto &byte : obs)
                    byte = frame();
            Stack next{obs[1], obs[2], frame()};
            if (random.below(5) == 0)
                next[random.below(kFrames)] ^= 1U;
            rows.push_back({obs, next});
            const Wide wide_obs = wide(obs), wide_next = wide(next);
            const float reward = 1;
            const std::uint8_t terminated = random.below(9) == 0;
            StepBatch batch;
            batch.fields = {bytes(obs), bytes(wide_obs), bytes(action), bytes(reward)};
            batch.next_obs = {bytes(next), bytes(wide_next)};
            batch.terminated = &terminated;
            memory.add(batch);
            CHECK(memory.is_valid());
            obs = next;

            Stack got, got_next;
            Wide got_wide, got_wide_next;
            std::int64_t drawn = 0, index = 0;
            float return_ = 0, discount = 0, weight = 0;
            bool ended[2];
            TransitionBatch out;
            const auto at = [](auto &value) { return reinterpret_cast<std::byte *>(&value); };
            out.fields = {at(got), at(got_wide), at(drawn), at(return_)};
            out.next_obs = {at(got_next), at(got_wide_next)};
            out.terminated = ended;
            out.truncated = ended + 1;
            out.discount = at(discount);
            out.weights = &weight;
            out.indices = &index;
            memory.copy(memory.draw(1, 0, 1), {1, 0.9}, out);
            const Row &row = rows[static_cast<std::size_t>(drawn)];
            CHECK(got == row.obs && got_next == row.next_obs);
            CHECK(got_wide == wide(row.obs) && got_wide_next == wide(row.next_obs));
        }
    }
}

} // namespace

int main() { any_stacks_come_back_exactly(); }
