// SPDX-License-Identifier: MIT
#pragma once

#include "check.hpp"
#include "memory_fixture.hpp"

#include <cstring>
#include <list>
#include <type_traits>

// Room for the arrays of a batch, filled with what no array may keep.
template <class ForEach>
std::list<std::vector<std::byte>> point_at_room(ForEach &&for_each, std::size_t cells) {
    std::list<std::vector<std::byte>> room;
    for_each(
        [&](const char *, const dqn_fast::Field &field, dqn_fast::LeadingAxes, auto *&pointer) {
            room.emplace_back((cells + 1) * field.stack_bytes(), std::byte{0xab});
            pointer =
                reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(room.back().data());
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
inline void
check_cell(Fixture &buffer, const dqn_fast::StepArrays &steps, std::size_t i, std::size_t n_step) {
    const std::int64_t index = steps.step_indices[i];
    buffer.memory.copy(buffer.memory.find({&index, 1}, n_step), {n_step, 0.5}, buffer.make_room(1));
    CHECK(at<std::int64_t>(steps.fields[1], i) == buffer.drawn.action[0]);
    CHECK(at<float>(steps.fields[2], i) == buffer.drawn.reward[0]);
    CHECK(at<float>(steps.discount, i) == buffer.drawn.discount[0]);
    CHECK(steps.terminated[i] == (buffer.drawn.terminated[0] != 0));
    CHECK(steps.truncated[i] == (buffer.drawn.truncated[0] != 0));
}
