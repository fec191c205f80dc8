// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace dqn_fast {

/// A dense layer, and the arrays that it reads and writes, row after row: outputs = features *
/// transposed weight + bias, and the larger of that and 0 if a ReLU is behind it.
struct DenseLayer {
    const float *features; // rows x inputs
    const float *weight;   // outputs x inputs, as PyTorch has it
    const float *bias;     // outputs
    float *outputs;        // rows x outputs
    std::size_t row_count, input_count, output_count;
    bool relu;
};

} // namespace dqn_fast
