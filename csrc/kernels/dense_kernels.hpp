// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/dense_layer.hpp"
#include "kernels/float8.hpp"
#include "storage/always_inline.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace dqn_fast::kernels {

/// Dense layers for a few rows, where a library for large matrices takes longer to begin than to
/// multiply. For `Isa` see Trees.
///
/// Each output is eight running sums of products, added up in one order: the same bits for each
/// instruction set, and whichever rows lie around. A tile of outputs and rows is computed at a
/// time, so that each number that is loaded is used several times.
template <class Isa>
struct Dense {
    static void forward(const DenseLayer &layer) {
        std::size_t output = 0;
        for (; output + kOutputs <= layer.output_count; output += kOutputs)
            outputs<kOutputs>(layer, output);
        for (; output < layer.output_count; ++output)
            outputs<1>(layer, output);
    }

  private:
    using Eight = Lanes<Isa>;
    static constexpr std::size_t kOutputs = 4;
#if defined(__AVX512VL__) // twice the registers for the sums of a tile
    static constexpr std::size_t kRows = 4;
#else
    static constexpr std::size_t kRows = 2;
#endif

    // All rows, so that their weights come from far away once.
    template <std::size_t Outputs>
    static void outputs(const DenseLayer &layer, std::size_t output) {
        std::size_t row = 0;
        for (; row + kRows <= layer.row_count; row += kRows)
            tile<kRows, Outputs>(layer, row, output);
        for (; row < layer.row_count; ++row)
            tile<1, Outputs>(layer, row, output);
    }

    template <std::size_t Rows, std::size_t Outputs>
    DQN_FAST_INLINE static void tile(const DenseLayer &layer, std::size_t row, std::size_t output) {
        const std::size_t inputs = layer.input_count;
        const float *const features = layer.features + row * inputs;
        const float *const weight = layer.weight + output * inputs;
        Eight sums[Rows][kOutputs] = {};
        std::size_t i = 0;
        for (; i + Eight::kCount <= inputs; i += Eight::kCount)
            add_products<Rows, Outputs>(
                [&](std::size_t r) { return Eight::load(features + r * inputs + i); },
                [&](std::size_t o) { return Eight::load(weight + o * inputs + i); },
                sums);
        if (const std::size_t rest = inputs - i; rest > 0)
            add_products<Rows, Outputs>(
                [&](std::size_t r) { return Eight::load(features + r * inputs + i, rest); },
                [&](std::size_t o) { return Eight::load(weight + o * inputs + i, rest); },
                sums);
        float bias[kOutputs] = {};
        std::copy_n(layer.bias + output, Outputs, bias);
        const float least = layer.relu ? 0.0F : -std::numeric_limits<float>::infinity();
        for (std::size_t r = 0; r < Rows; ++r) {
            float results[kOutputs];
            Eight::finish(sums[r], bias, least, results);
            std::copy_n(results, Outputs, layer.outputs + (row + r) * layer.output_count + output);
        }
    }

    template <std::size_t Rows, std::size_t Outputs, class Features, class Weight>
    DQN_FAST_INLINE static void
    add_products(Features features, Weight weight, Eight (&sums)[Rows][kOutputs]) {
#pragma GCC unroll 4
        for (std::size_t o = 0; o < Outputs; ++o) {
            const Eight weights = weight(o);
#pragma GCC unroll 4
            for (std::size_t r = 0; r < Rows; ++r)
                sums[r][o].add_product(weights, features(r));
        }
    }
};

} // namespace dqn_fast::kernels
