// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/kernels.hpp"
#include "kernels/tree_view.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace dqn_fast {

/// A tree of folds over an array of masses, eight children a node, built for batches.
///
///     level 1           [ value x 8 | scan x 8 ]          one node over 8 nodes
///     level 0   [ .. ][ .. ] ... one node over 8 groups of 8 leaves
///     leaves    mass x 8 | mass x 8 | ...                 one group is one cache line
///
/// `value` are the folds of the children, `scan` their running fold from the left; a descent reads
/// only `scan`, one cache line a level. Nodes are always recomputed from their children, from left
/// to right, so nothing drifts and every kernel agrees bit for bit. Not thread-safe. A view of
/// zeroed memory and of the leaves, which the caller writes.
template <class Fold>
class WideTree {
  public:
    /// Leaves are read in groups: their array must have this many, the last ones zero.
    static constexpr std::size_t padded(std::size_t leaves) noexcept {
        return (leaves + kFanout - 1) / kFanout * kFanout;
    }
    static std::size_t bytes(std::size_t leaves) noexcept {
        std::size_t nodes = 0;
        for_each_level(leaves, [&](std::size_t width) { nodes += width; });
        return nodes * sizeof(TreeNode);
    }

    WideTree(std::byte *memory, const double *leaves, std::size_t leaf_count) {
        view_.leaves = leaves;
        auto *nodes = reinterpret_cast<TreeNode *>(memory);
        for_each_level(leaf_count, [&](std::size_t width) {
            view_.levels[view_.depth++] = nodes;
            nodes += width;
        });
        groups_ = padded(leaf_count) / kFanout;
    }

    /// The fold of all leaves. O(1).
    [[nodiscard]] double total() const noexcept {
        return view_.levels[view_.depth - 1]->scan[kFanout - 1];
    }

    /// Refolds the nodes above `touched` leaves, each once; they must ascend, repeats are fine. The
    /// span is used as scratch. O(touched * levels).
    void update(const Kernels &kernels, std::span<std::int64_t> touched) noexcept {
        (kernels.*Fold::kUpdate)(view_, touched.data(), touched.size());
    }

    /// For each target in [0, total()] the leaf in whose share of the total it falls: the first at
    /// which the running sum exceeds it. A leaf of mass zero is never found, whatever is rounded.
    /// `targets` is used as scratch. total() must be positive. O(targets * levels).
    void
    find(const Kernels &kernels, std::span<double> targets, std::int64_t *found) const noexcept {
        kernels.find(view_, targets.data(), targets.size(), found);
    }

    /// Makes every node that of zero leaves. The caller zeroes the leaves.
    void clear() noexcept {
        for_each_node([](TreeNode &node, std::size_t, std::size_t) {
            std::fill_n(node.value, kFanout, Fold::kIdentity);
            std::fill_n(node.scan, kFanout, Fold::kIdentity);
            return true;
        });
    }

    /// Every node is exactly the fold of its children.
    [[nodiscard]] bool is_valid() const noexcept {
        return for_each_node([this](const TreeNode &node, std::size_t level, std::size_t i) {
            double running = Fold::kIdentity;
            for (std::size_t child = 0; child < kFanout; ++child) {
                const std::size_t below = i * kFanout + child;
                if (below < width_below(level) && node.value[child] != fold_of(level, below))
                    return false;
                running = child == 0 ? node.value[0] : Fold::fold(running, node.value[child]);
                if (node.scan[child] != running)
                    return false;
            }
            return true;
        });
    }

  private:
    /// Calls `visit(nodes)` for each level, from the lowest.
    template <class Visit>
    static void for_each_level(std::size_t leaves, Visit &&visit) {
        std::size_t width = padded(leaves) / kFanout;
        do {
            width = (width + kFanout - 1) / kFanout;
            visit(width);
        } while (width > 1);
    }

    /// Calls `visit(node, level, i)` until it returns false; returns whether it never did.
    template <class Visit>
    bool for_each_node(Visit &&visit) const noexcept {
        for (std::size_t level = 0; level < view_.depth; ++level)
            for (std::size_t i = 0; i * kFanout < width_below(level); ++i)
                if (!visit(view_.levels[level][i], level, i))
                    return false;
        return true;
    }

    // How many children the nodes of a level have together.
    [[nodiscard]] std::size_t width_below(std::size_t level) const noexcept {
        std::size_t width = groups_;
        while (level-- > 0)
            width = (width + kFanout - 1) / kFanout;
        return width;
    }

    // The fold of child `i` of a level.
    [[nodiscard]] double fold_of(std::size_t level, std::size_t i) const noexcept {
        if (level > 0)
            return view_.levels[level - 1][i].scan[kFanout - 1];
        const double *mass = view_.leaves + i * kFanout;
        double running = Fold::leaf(mass[0]);
        for (std::size_t j = 1; j < kFanout; ++j)
            running = Fold::fold(running, Fold::leaf(mass[j]));
        return running;
    }

    TreeView view_{};
    std::size_t groups_ = 0;
};

using SumTree = WideTree<Sum>;
using MinTree = WideTree<Min>;

} // namespace dqn_fast
