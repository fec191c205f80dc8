// SPDX-License-Identifier: MIT
// Every kernel that this processor runs gives the bits that the portable one gives, and that a
// plain loop over the scalar functions gives.
#include "kernels/kernels.hpp"

#include "check.hpp"
#include "environment.hpp"
#include "kernels/powers.hpp"
#include "sampling/random.hpp"
#include "sampling/wide_tree.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace dqn_fast;

namespace {

using Limits = std::numeric_limits<double>;

// Of any magnitude, zeros, the smallest and the largest among them.
double any_priority(Random &random) {
    switch (random.below(10)) {
    case 0:
        return 0.0;
    case 1:
        return 5e-324;
    case 2:
        return Limits::max() / 2;
    case 3:
        return 1.0;
    default:
        return std::ldexp(random.uniform(), static_cast<int>(random.below(600)) - 300);
    }
}

template <class T>
bool same_bits(const std::vector<T> &a, const std::vector<T> &b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

double plain_mass(double p, double eps, double alpha) {
    if (!(p + eps > 0.0))
        return 0.0;
    return alpha == 1.0 ? std::max(p + eps, Limits::min()) : powers::power(p + eps, alpha);
}

// Lengths around the widths of all registers: what is left over at the end is done otherwise.
void powers_are_those_of_the_scalar_functions(const Kernels &kernels) {
    Random random;
    random.seed(11);
    for (std::size_t count = 1; count < 70; ++count)
        for (const double alpha : {0.0, 0.6, 1.0, 2.0})
            for (const double eps : {0.0, 1e-6}) {
                std::vector<double> p(count), masses(count), logs(count), expected(count);
                std::vector<float> weights(count), expected_weights(count);
                for (double &value : p)
                    value = any_priority(random);
                kernels.masses(p.data(), count, eps, alpha, masses.data());
                for (std::size_t i = 0; i < count; ++i)
                    expected[i] = plain_mass(p[i], eps, alpha);
                CHECK(same_bits(masses, expected));

                for (double &value : p)
                    value = std::max(value, 5e-324);
                kernels.logarithms(p.data(), count, logs.data());
                for (std::size_t i = 0; i < count; ++i)
                    expected[i] = powers::log2(p[i]).hi;
                CHECK(same_bits(logs, expected));

                const double reference = -3.25, beta = 1.5;
                kernels.weights(logs.data(), count, reference, beta, weights.data());
                for (std::size_t i = 0; i < count; ++i)
                    expected_weights[i] = static_cast<float>(
                        std::min<double>(powers::exp2({beta * (reference - logs[i]), 0.0}),
                                         std::numeric_limits<float>::max()));
                CHECK(same_bits(weights, expected_weights));
            }
}

void trees_agree_bit_for_bit_with_the_portable_ones(const Kernels &kernels) {
    const Kernels &portable = *Kernels::available().back();
    Random random;
    random.seed(12);
    for (const std::size_t leaves : {1U, 8U, 65U, 5000U}) {
        std::vector<double> masses(SumTree::padded(leaves));
        const std::size_t count = SumTree::bytes(leaves) / sizeof(TreeNode);
        std::vector<TreeNode> nodes[4]{std::vector<TreeNode>(count),
                                       std::vector<TreeNode>(count),
                                       std::vector<TreeNode>(count),
                                       std::vector<TreeNode>(count)};
        const auto bytes = [&](int i) { return reinterpret_cast<std::byte *>(nodes[i].data()); };
        SumTree sum(bytes(0), masses.data(), leaves), same_sum(bytes(1), masses.data(), leaves);
        MinTree min(bytes(2), masses.data(), leaves), same_min(bytes(3), masses.data(), leaves);
        min.clear(), same_min.clear();
        for (int round = 0; round < 300; ++round) {
            std::vector<std::int64_t> slots(1 + random.below(300));
            for (auto &slot : slots) {
                slot = static_cast<std::int64_t>(random.below(leaves));
                masses[static_cast<std::size_t>(slot)] = std::min(any_priority(random), 1e300);
            }
            std::sort(slots.begin(), slots.end());
            auto a = slots, b = slots, c = slots, d = slots; // each is scratch
            sum.update(kernels, a), same_sum.update(portable, b);
            min.update(kernels, c), same_min.update(portable, d);
            CHECK(sum.is_valid() && min.is_valid());
            CHECK(std::memcmp(nodes[0].data(), nodes[1].data(), count * sizeof(TreeNode)) == 0);
            CHECK(std::memcmp(nodes[2].data(), nodes[3].data(), count * sizeof(TreeNode)) == 0);
            if (!(sum.total() > 0.0))
                continue;
            std::vector<double> targets(1 + random.below(70));
            for (double &target : targets) // some at the very end, and beyond what rounding gives
                target = sum.total() * (random.below(8) == 0 ? 1.0 : random.uniform());
            auto same_targets = targets;
            std::vector<std::int64_t> found(targets.size()), same(targets.size());
            sum.find(kernels, targets, found.data());
            same_sum.find(portable, same_targets, same.data());
            CHECK(found == same && same_bits(targets, same_targets));
        }
    }
}

float any_number(Random &random) {
    switch (random.below(40)) {
    case 0:
        return -0.0F;
    case 1:
        return std::numeric_limits<float>::infinity();
    case 2:
        return std::numeric_limits<float>::quiet_NaN();
    default:
        return static_cast<float>(std::ldexp(random.uniform() - 0.5, int(random.below(20)) - 10));
    }
}

// Eight sums of every eighth product, added up by pairs.
float plain_output(const DenseLayer &layer, std::size_t row, std::size_t output) {
    float sums[8] = {};
    for (std::size_t i = 0; i < layer.input_count; ++i)
        sums[i % 8] += layer.weight[output * layer.input_count + i] *
                       layer.features[row * layer.input_count + i];
    const float total =
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    const float value = total + layer.bias[output];
    return layer.relu && value < 0.0F ? 0.0F : value;
}

// NaN has many bits, of which any may come out.
bool same_number(float a, float b) {
    return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

// Lengths around tiles and registers. The arrays end where they end: sanitizers see a step beyond.
void dense_layers_are_those_of_a_plain_loop(const Kernels &kernels) {
    Random random;
    random.seed(13);
    for (std::size_t rows = 0; rows < 10; ++rows)
        for (std::size_t inputs = 1; inputs < 35; ++inputs)
            for (std::size_t outputs = 1; outputs < 11; ++outputs) {
                std::vector<float> features(rows * inputs), weight(outputs * inputs);
                std::vector<float> bias(outputs), result(rows * outputs, 7.0F);
                for (auto *numbers : {&features, &weight, &bias})
                    for (float &number : *numbers)
                        number = any_number(random);
                const DenseLayer layer{features.data(),
                                       weight.data(),
                                       bias.data(),
                                       result.data(),
                                       rows,
                                       inputs,
                                       outputs,
                                       random.below(2) == 0};
                kernels.dense(layer);
                for (std::size_t row = 0; row < rows; ++row)
                    for (std::size_t output = 0; output < outputs; ++output)
                        CHECK(same_number(result[row * outputs + output],
                                          plain_output(layer, row, output)));
            }
}

void the_environment_chooses() {
    for (const Kernels *kernels : Kernels::available()) {
        set_environment("DQN_FAST_KERNELS", kernels->name);
        CHECK(&Kernels::choose() == kernels);
    }
    set_environment("DQN_FAST_KERNELS", "abacus");
    try {
        Kernels::choose();
        CHECK(false);
    } catch (const std::invalid_argument &error) {
        CHECK(std::string(error.what()).find("abacus") != std::string::npos);
        CHECK(std::string(error.what()).find("portable") != std::string::npos);
    }
    set_environment("DQN_FAST_KERNELS", "");
    CHECK(&Kernels::choose() == Kernels::available().front());
}

} // namespace

int main() {
    CHECK(std::string(Kernels::available().back()->name) == "portable");
    for (const Kernels *kernels : Kernels::available()) {
        std::printf("%s\n", kernels->name);
        powers_are_those_of_the_scalar_functions(*kernels);
        dense_layers_are_those_of_a_plain_loop(*kernels);
        trees_agree_bit_for_bit_with_the_portable_ones(*kernels);
    }
    the_environment_chooses();
}
