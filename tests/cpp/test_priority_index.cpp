// SPDX-License-Identifier: MIT
#include "priority_index.hpp"

#include "check.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

using dqn_fast::PriorityIndex;
using dqn_fast::PriorityOptions;
using dqn_fast::WeightNormalization;
namespace snapshot = dqn_fast::snapshot;
using Ids = std::vector<std::int64_t>;
using Numbers = std::vector<double>;

namespace {

constexpr PriorityOptions kPlain{1.0, 0.0, WeightNormalization::kBuffer, true};

Ids add(PriorityIndex &index, std::size_t count, const Numbers &priorities = {}) {
    Ids ids(count);
    index.add(nullptr, priorities, ids);
    CHECK(index.is_valid());
    return ids;
}

Ids add_at(PriorityIndex &index, const Ids &leaves, const Numbers &priorities = {}) {
    Ids ids(leaves.size());
    index.add(leaves.data(), priorities, ids);
    CHECK(index.is_valid());
    return ids;
}

Ids draw(PriorityIndex &index, std::size_t count) {
    Ids ids(count);
    std::vector<float> weights(count);
    index.draw(0.5, ids, weights.data());
    return ids;
}

double mass(const PriorityIndex &index, std::int64_t id) {
    double found = -1.0;
    index.masses({&id, 1}, &found);
    return found;
}

std::vector<std::byte> saved(const PriorityIndex &index) {
    snapshot::MemoryWriter writer;
    writer.begin("index");
    index.save(writer);
    writer.end();
    return writer.bytes();
}

void restore(PriorityIndex &index, const std::vector<std::byte> &bytes) {
    snapshot::Reader reader(bytes.data(), bytes.size());
    index.restore(reader);
    reader.end();
}

void test_ids_and_generations() {
    PriorityIndex index(3, 0, kPlain);
    CHECK(add(index, 2) == Ids({0, 1}));
    CHECK(add(index, 2) == Ids({2, 3}));
    CHECK(add_at(index, {2, 0}) == Ids({5, 6}));
    CHECK(add(index, 1) == Ids({4}));
    CHECK(index.size() == 3);
    Ids held(3);
    index.ids_at(Ids{0, 1, 2}, held.data());
    CHECK(held == Ids({6, 4, 5}));
    index.clear();
    CHECK(index.size() == 0 && index.is_valid());
    index.ids_at(Ids{0, 1, 2}, held.data());
    CHECK(held == Ids({-1, -1, -1}));
    CHECK(add(index, 2) == Ids({8, 9}));
}

void test_updates_and_removals() {
    PriorityIndex index(4, 0, kPlain);
    add(index, 4, {1.0, 2.0, 3.0, 4.0});
    add_at(index, {1}, {0.5}); // id 1 has left for id 5
    CHECK(index.update(Ids{0, 1, 0, 5}, Numbers{7.0, 9.0, 6.0, 8.0}) == 1);
    CHECK(mass(index, 0) == 6.0 && mass(index, 5) == 8.0);
    CHECK(index.largest_priority() == 8.0); // not that of the stale one
    CHECK(index.remove(Ids{5, 5, 1}) == 2);
    CHECK(index.size() == 3 && index.is_valid());
    for (const std::int64_t id : draw(index, 1000))
        CHECK(id == 0 || id == 2 || id == 3);
    CHECK(index.update(Ids{5}, Numbers{1.0}) == 1);
}

void test_refusals_change_nothing() {
    PriorityIndex index(4, 0, kPlain);
    add(index, 3, {1.0, 0.0, 2.0});
    index.remove(Ids{0});
    const auto before = saved(index);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS(std::invalid_argument, add(index, 5));
    CHECK_THROWS(std::invalid_argument, add(index, 2, {1.0, nan}));
    CHECK_THROWS(std::out_of_range, add_at(index, {0, 4}));
    CHECK_THROWS(std::out_of_range, add_at(index, {-1}));
    CHECK_THROWS(std::invalid_argument, add_at(index, {2, 0, 2}));
    CHECK_THROWS(std::invalid_argument, add_at(index, {0, 1}, {1.0, -1.0}));
    CHECK_THROWS(std::out_of_range, index.update(Ids{1, 3}, Numbers{5.0, 5.0}));
    CHECK_THROWS(std::out_of_range, index.update(Ids{4}, Numbers{5.0}));
    CHECK_THROWS(std::invalid_argument, index.update(Ids{1, 2}, Numbers{5.0, nan}));
    CHECK_THROWS(std::out_of_range, index.remove(Ids{1, 3}));
    CHECK_THROWS(std::out_of_range, index.remove(Ids{-4}));
    CHECK_THROWS(std::out_of_range, mass(index, 0));
    CHECK_THROWS(std::out_of_range, mass(index, -1));
    Ids one(1);
    CHECK_THROWS(std::out_of_range, index.ids_at(Ids{4}, one.data()));
    CHECK(saved(index) == before);
    index.update(Ids{2}, Numbers{0.0});
    const auto without_mass = saved(index);
    CHECK_THROWS(std::invalid_argument, draw(index, 1));
    CHECK(saved(index) == without_mass);
}

void test_a_snapshot_goes_on() {
    PriorityIndex index(100, 3, kPlain), other(100, 0, kPlain);
    add(index, 60, Numbers(60, 2.5));
    add_at(index, {99, 5});
    index.remove(Ids{7});
    restore(other, saved(index));
    CHECK(saved(other) == saved(index));
    CHECK(draw(other, 50) == draw(index, 50));
    CHECK(add(other, 3) == add(index, 3));
    CHECK(other.remove(Ids{7}) == 1);

    PriorityIndex smaller(50, 0, kPlain);
    CHECK_THROWS(std::invalid_argument, restore(smaller, saved(index)));
}

/// A saved index of which `Used` leaves were used.
template <std::size_t Used>
struct Parts {
    std::uint64_t random[4] = {1, 2, 3, 4};
    std::int64_t cursor = 1, held = 1, used = Used;
    double largest = 1.0;
    std::int64_t leaves[Used] = {3, 2}; // one id each, of which the first is held
    double masses[Used] = {1.0, 0.0};
};

void test_contradictions_are_refused() {
    const auto restored = [](const auto &parts) {
        snapshot::MemoryWriter writer;
        writer.begin("index");
        writer.put(&parts, sizeof parts);
        writer.end();
        PriorityIndex index(3, 0, kPlain);
        restore(index, writer.bytes());
        CHECK(index.size() == 1);
    };
    restored(Parts<2>{});
    restored(Parts<3>{});
    CHECK_THROWS(std::invalid_argument, restored(Parts<4>{})); // it has three leaves
    const auto refused = [&](auto change) {
        Parts<2> parts;
        change(parts);
        CHECK_THROWS(std::invalid_argument, restored(parts));
    };
    refused([](Parts<2> &parts) { parts.cursor = 3; });
    refused([](Parts<2> &parts) { parts.cursor = -1; });
    refused([](Parts<2> &parts) { parts.held = 2; });
    refused([](Parts<2> &parts) { parts.used = 4; });
    refused([](Parts<2> &parts) { parts.used = -1; });
    refused([](Parts<2> &parts) { parts.used = 1; });
    refused([](Parts<2> &parts) { parts.largest = 0.5; });
    refused([](Parts<2> &parts) { parts.leaves[0] = 1; });  // held, and never given
    refused([](Parts<2> &parts) { parts.leaves[1] = -2; }); // given fewer than none
    refused([](Parts<2> &parts) { parts.leaves[0] = std::numeric_limits<std::int64_t>::max(); });
    refused([](Parts<2> &parts) { parts.masses[1] = 1.0; }); // nothing is held there
    refused([](Parts<2> &parts) { parts.masses[0] = -1.0; });
}

void test_a_leaf_whose_ids_are_used_up_takes_no_more() {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2;
    struct {
        std::uint64_t random[4] = {1, 2, 3, 4};
        std::int64_t cursor = 0, held = 0, used = 2;
        double largest = 1.0;
        std::int64_t leaves[2] = {0, 0};
        double masses[2] = {0.0, 0.0};
    } parts;
    parts.leaves[1] = (most - 1) << 1;
    snapshot::MemoryWriter writer;
    writer.begin("index");
    writer.put(&parts, sizeof parts);
    writer.end();
    PriorityIndex index(2, 0, kPlain);
    restore(index, writer.bytes());
    CHECK(add_at(index, {1}) == Ids({(most - 1) * 2 + 1})); // the last one that fits
    const auto before = saved(index);
    CHECK_THROWS(std::invalid_argument, add_at(index, {1}));
    CHECK_THROWS(std::invalid_argument, add(index, 2));
    CHECK(saved(index) == before);
    CHECK(add(index, 1) == Ids({0}));
}

} // namespace

int main() {
    test_ids_and_generations();
    test_updates_and_removals();
    test_refusals_change_nothing();
    test_a_snapshot_goes_on();
    test_contradictions_are_refused();
    test_a_leaf_whose_ids_are_used_up_takes_no_more();
}
