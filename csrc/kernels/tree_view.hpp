// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace dqn_fast {

inline constexpr std::size_t kFanout = 8;

/// A node of a wide tree: two cache lines. See wide_tree.hpp.
struct alignas(128) TreeNode {
    double value[kFanout];
    double scan[kFanout];
};

/// Where a wide tree lies, for the kernels that work on it.
struct TreeView {
    static constexpr std::size_t kMaxDepth = 21; // 2^63 leaves

    const double *leaves;
    TreeNode *levels[kMaxDepth]; // from the lowest; the last has one node
    std::size_t depth;
};

} // namespace dqn_fast
