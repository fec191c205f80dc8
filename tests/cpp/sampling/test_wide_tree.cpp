// SPDX-License-Identifier: MIT
#include "sampling/wide_tree.hpp"

#include "check.hpp"
#include "sampling/random.hpp"
#include "storage/arena.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

using namespace dqn_fast;

namespace {

template <class Tree>
struct Planted {
    explicit Planted(std::size_t leaves, const Kernels &with)
        : kernels(with), arena(Arena::anonymous(Tree::bytes(leaves))), masses(Tree::padded(leaves)),
          tree(arena.data(), masses.data(), leaves) {
        tree.clear();
    }
    void set(std::vector<std::int64_t> slots, double mass) {
        for (const std::int64_t slot : slots)
            masses[static_cast<std::size_t>(slot)] = mass;
        std::sort(slots.begin(), slots.end());
        tree.update(kernels, slots);
    }
    std::int64_t find(double target) const {
        std::int64_t found = -1;
        tree.find(kernels, {&target, 1}, &found);
        return found;
    }
    const Kernels &kernels;
    Arena arena;
    std::vector<double> masses;
    Tree tree;
};

// Heavy-tailed, with zeros, 1e-30 beside 1e30, and the largest and smallest legal masses.
double any_mass(Random &random) {
    switch (random.below(8)) {
    case 0:
    case 1:
        return 0.0;
    case 2:
        return 1e-30;
    case 3:
        return 1e30;
    case 4:
        return 1e300;
    case 5:
        return 0x1p-1022;
    default:
        return std::tan(1.57 * random.uniform());
    }
}

void nodes_are_the_exact_folds_and_no_empty_leaf_is_found(const Kernels &kernels) {
    Random random;
    random.seed(5);
    for (const std::size_t leaves : {1U, 2U, 7U, 8U, 9U, 63U, 64U, 65U, 511U, 513U, 5000U}) {
        Planted<SumTree> sum(leaves, kernels);
        Planted<MinTree> min(leaves, kernels);
        for (int round = 0; round < 200; ++round) {
            std::vector<std::int64_t> slots(1 + random.below(20));
            for (auto &slot : slots)
                slot = static_cast<std::int64_t>(random.below(leaves));
            const double mass = any_mass(random);
            sum.set(slots, mass);
            min.set(slots, mass);
            CHECK(sum.tree.is_valid() && min.tree.is_valid());
            double smallest = Min::kIdentity;
            for (const double value : min.masses)
                smallest = value > 0 ? std::min(smallest, value) : smallest;
            CHECK(min.tree.total() == smallest);
            const double total = sum.tree.total();
            if (!(total > 0))
                continue;
            for (const double u :
                 {0.0, 0x1p-53, random.uniform(), random.uniform(), 1 - 0x1p-53, 1.0, 2.0})
                CHECK(sum.masses[static_cast<std::size_t>(sum.find(u * total))] > 0);
        }
    }
}

// With whole numbers nothing is rounded: the leaf is the one that a walk along the masses finds.
void finds_what_a_walk_finds(const Kernels &kernels) {
    Random random;
    random.seed(6);
    Planted<SumTree> sum(700, kernels);
    for (std::int64_t slot = 0; slot < 700; ++slot)
        sum.set({slot}, static_cast<double>(random.below(4)));
    std::vector<double> targets;
    std::vector<std::int64_t> expected;
    double before = 0;
    for (std::int64_t slot = 0; slot < 700; ++slot)
        for (double part = 0; part < sum.masses[static_cast<std::size_t>(slot)]; part += 0.5) {
            if (part == 0)
                before = static_cast<double>(targets.size()) / 2;
            targets.push_back(before + part);
            expected.push_back(slot);
        }
    CHECK(static_cast<double>(targets.size()) / 2 == sum.tree.total());
    std::vector<std::int64_t> found(targets.size());
    sum.tree.find(kernels, targets, found.data());
    CHECK(found == expected);
}

void ten_million_updates_leave_the_tree_of_their_last_masses(const Kernels &kernels) {
    constexpr std::size_t leaves = 1000;
    Planted<SumTree> worn(leaves, kernels), fresh(leaves, kernels);
    Random random;
    random.seed(8);
    std::vector<std::int64_t> slots(100);
    for (int round = 0; round < 100'000; ++round) {
        for (auto &slot : slots)
            slot = static_cast<std::int64_t>(random.below(leaves));
        const double mass = std::ldexp(random.uniform(), static_cast<int>(random.below(200)) - 100);
        worn.set(slots, mass);
    }
    std::vector<std::int64_t> all(leaves);
    for (std::size_t i = 0; i < leaves; ++i) {
        all[i] = static_cast<std::int64_t>(i);
        fresh.masses[i] = worn.masses[i];
    }
    fresh.tree.update(kernels, all);
    CHECK(worn.tree.is_valid());
    CHECK(worn.tree.total() == fresh.tree.total());
}

} // namespace

int main() {
    for (const Kernels *kernels : Kernels::available()) {
        nodes_are_the_exact_folds_and_no_empty_leaf_is_found(*kernels);
        finds_what_a_walk_finds(*kernels);
        ten_million_updates_leave_the_tree_of_their_last_masses(*kernels);
    }
}
