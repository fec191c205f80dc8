// SPDX-License-Identifier: MIT
#include "views/transition_batch.hpp"

#include "check.hpp"

#include <string>
#include <vector>

using namespace dqn_fast;

namespace {

const Schema kSchema({{"obs['a']", Role::kObservation, "|u1", {2, 3}, 1},
                      {"obs['b']", Role::kObservation, "<f4", {}, 4},
                      {"action", Role::kAction, "<i8", {}, 8},
                      {"reward", Role::kReward, "<f8", {}, 8},
                      {"log_prob", Role::kExtra, "<f4", {2}, 4}});

void every_array_has_a_name_and_the_type_of_its_rows() {
    TransitionBatch batch;
    std::vector<std::string> parts, names;
    std::vector<std::size_t> bytes;
    batch.for_each(kSchema, [&](const char *part, const Field &field, LeadingAxes, auto *&) {
        parts.emplace_back(part);
        names.push_back(field.name);
        bytes.push_back(field.stack_bytes());
    });
    const std::vector<std::string> expected{"obs",
                                            "obs",
                                            "action",
                                            "reward",
                                            "extra",
                                            "next_obs",
                                            "next_obs",
                                            "terminated",
                                            "truncated",
                                            "discount",
                                            "weights",
                                            "indices"};
    CHECK(parts == expected);
    CHECK(names[1] == "obs['b']" && names[4] == "log_prob" && names[6] == "obs['b']");
    CHECK(bytes == (std::vector<std::size_t>{6, 4, 8, 8, 8, 6, 4, 1, 1, 8, 4, 8}));
}

void a_pointer_that_is_set_is_the_one_of_that_name() {
    TransitionBatch batch;
    std::vector<double> room(12);
    std::size_t next = 0;
    batch.for_each(kSchema, [&](const char *, const Field &, LeadingAxes, auto *&pointer) {
        pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(&room[next++]);
    });
    const auto at = [&room](std::size_t i) { return reinterpret_cast<std::byte *>(&room[i]); };
    CHECK(batch.fields[kSchema.reward()] == at(3) && batch.next_obs[1] == at(6));
    CHECK(reinterpret_cast<std::byte *>(batch.truncated) == at(8) && batch.discount == at(9));
    CHECK(reinterpret_cast<std::byte *>(batch.indices) == at(11));
}

} // namespace

int main() {
    every_array_has_a_name_and_the_type_of_its_rows();
    a_pointer_that_is_set_is_the_one_of_that_name();
}
