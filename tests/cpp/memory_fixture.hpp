// SPDX-License-Identifier: MIT
#pragma once

#include "replay_memory.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// A memory of steps with one integer each as observation and action, and a float reward; the
/// arrays of a batch as vectors.
struct Fixture {
    explicit Fixture(std::size_t capacity,
                     std::size_t streams = 1,
                     std::optional<dqn_fast::PriorityOptions> priorities = std::nullopt,
                     bool draws_segments = false)
        : memory(
              schema(), {streams, capacity, std::nullopt, false, draws_segments}, 0, priorities) {}

    static dqn_fast::Schema schema() {
        using dqn_fast::Role;
        return dqn_fast::Schema({{"obs", Role::kObservation, "<i8", {}, 8},
                                 {"action", Role::kAction, "<i8", {}, 8},
                                 {"reward", Role::kReward, "<f4", {}, 4}});
    }

    void add(std::int64_t obs,
             std::int64_t next_obs,
             bool terminated = false,
             bool truncated = false,
             std::optional<double> priority = std::nullopt,
             std::size_t stream = 0) {
        const std::int64_t action = 10 * obs;
        const auto reward = static_cast<float>(obs);
        const std::uint8_t flags[2] = {terminated, truncated};
        dqn_fast::StepBatch batch;
        batch.first_stream = stream;
        batch.fields = {bytes(&obs), bytes(&action), bytes(&reward)};
        batch.next_obs = {bytes(&next_obs)};
        batch.terminated = flags;
        batch.truncated = flags + 1;
        batch.priority = priority ? &*priority : nullptr;
        memory.add(batch);
    }

    void add_context(std::int64_t obs, bool continues = false, std::size_t stream = 0) {
        dqn_fast::ContextBatch batch;
        batch.first_stream = stream;
        batch.obs = {bytes(&obs)};
        batch.continues = continues;
        memory.add_context(batch);
    }

    /// Walks at random: segments that end, are broken off and go on, with context before and
    /// inside.
    void wander(dqn_fast::Random &random, std::size_t steps, std::size_t streams = 1) {
        std::int64_t at = 0;
        for (std::size_t i = 0; i < steps; ++i) {
            const auto stream = static_cast<std::size_t>(random.below(streams));
            const bool breaks = random.below(8) == 0;
            at += breaks ? 2 : 1;
            if (random.below(6) == 0)
                add_context(at++, random.below(2) == 0, stream);
            add(at, at + 1, random.below(9) == 0, random.below(9) == 0, std::nullopt, stream);
        }
    }

    void sample(std::size_t rows, std::size_t n_step = 1, double gamma = 0.5, double beta = 0.4) {
        memory.copy(memory.draw(rows, beta, n_step), {n_step, gamma}, make_room(rows));
    }
    void sample_distinct(std::size_t rows, std::size_t n_step = 1) {
        memory.copy(memory.draw_distinct(rows, n_step), {n_step, 0.5}, make_room(rows));
    }

    dqn_fast::TransitionBatch make_room(std::size_t rows) {
        Rows &r = drawn;
        r.obs.resize(rows), r.action.resize(rows), r.next_obs.resize(rows), r.indices.resize(rows);
        r.reward.resize(rows), r.discount.resize(rows), r.weights.resize(rows);
        r.terminated.resize(rows), r.truncated.resize(rows);
        dqn_fast::TransitionBatch out;
        out.fields = {bytes(r.obs.data()), bytes(r.action.data()), bytes(r.reward.data())};
        out.next_obs = {bytes(r.next_obs.data())};
        out.terminated = reinterpret_cast<bool *>(r.terminated.data());
        out.truncated = reinterpret_cast<bool *>(r.truncated.data());
        out.discount = bytes(r.discount.data());
        out.weights = r.weights.data();
        out.indices = r.indices.data();
        return out;
    }

    template <class T>
    static std::byte *bytes(T *data) {
        return reinterpret_cast<std::byte *>(data);
    }
    template <class T>
    static const std::byte *bytes(const T *data) {
        return reinterpret_cast<const std::byte *>(data);
    }

    struct Rows {
        std::vector<std::int64_t> obs, action, next_obs, indices;
        std::vector<float> reward, discount, weights;
        std::vector<std::uint8_t> terminated, truncated;
    };

    dqn_fast::ReplayMemory memory;
    Rows drawn; // by the last sample
};
