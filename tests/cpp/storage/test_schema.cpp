// SPDX-License-Identifier: MIT
#include "storage/schema.hpp"

#include "check.hpp"

#include <stdexcept>

using namespace dqn_fast;

namespace {

Field field(const char *name, Role role, std::vector<std::size_t> shape, std::size_t itemsize) {
    return {name, role, itemsize == 8 ? "<i8" : "<f4", std::move(shape), itemsize};
}

} // namespace

int main() {
    const Schema cart_pole({field("obs", Role::kObservation, {4}, 4),
                            field("action", Role::kAction, {}, 8),
                            field("reward", Role::kReward, {}, 4)});
    CHECK(cart_pole.step_bytes() == 28);
    CHECK(cart_pole.record_bytes() == 32); // nothing is lost to padding, the mark included
    CHECK(cart_pole.place(cart_pole.action()).offset % 8 == 0);

    const Schema image({field("obs", Role::kObservation, {84, 84}, 1),
                        field("action", Role::kAction, {}, 8),
                        field("reward", Role::kReward, {}, 4),
                        field("log_prob", Role::kExtra, {3}, 4)});
    CHECK(image.place(0).wide && !image.place(image.action()).wide);
    CHECK(image.record_bytes() == 32);
    CHECK(image.first_extra() == 3);

    const auto obs = field("obs", Role::kObservation, {4}, 4);
    const auto action = field("action", Role::kAction, {}, 8);
    const auto reward = field("reward", Role::kReward, {}, 4);
    CHECK_THROWS(std::invalid_argument, Schema({action, obs, reward}));
    CHECK_THROWS(std::invalid_argument, Schema({obs, action}));
    CHECK_THROWS(std::invalid_argument, Schema({action, reward}));
    CHECK_THROWS(std::invalid_argument,
                 Schema({obs, action, reward, field("obs", Role::kExtra, {}, 4)}));
}
