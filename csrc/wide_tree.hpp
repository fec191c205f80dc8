// SPDX-License-Identifier: MIT
#pragma once

#include "prefetch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace dqn_fast {

/// Masses add up: the tree that draws.
struct Sum {
    static constexpr double kIdentity = 0.0;
    static double leaf(double mass) noexcept { return mass; }
    static double fold(double a, double b) noexcept { return a + b; }
};

/// The smallest positive mass; a zero counts as none.
struct Min {
    static constexpr double kIdentity = std::numeric_limits<double>::infinity();
    static double leaf(double mass) noexcept { return mass > 0.0 ? mass : kIdentity; }
    static double fold(double a, double b) noexcept { return b < a ? b : a; }
};

/// A tree of folds over an array of masses, eight children a node, built for batches.
///
///     level 1           [ value x 8 | scan x 8 ]          one node over 8 nodes
///     level 0   [ .. ][ .. ] ... one node over 8 groups of 8 leaves
///     leaves    mass x 8 | mass x 8 | ...                 one group is one cache line
///
/// `value` are the folds of the children, `scan` their running fold from the left; a descent reads
/// only `scan`, one cache line a level. All descents of a batch advance a level together and each
/// prefetches its next node; an update folds each touched node once. Nodes are always recomputed
/// from their children, from left to right, so nothing drifts and every kernel agrees bit for bit.
/// Not thread-safe. A view of zeroed memory and of the leaves, which the caller writes.
template <class Fold>
class WideTree {
  public:
    static constexpr std::size_t kFanout = 8;

    struct alignas(128) Node {
        double value[kFanout];
        double scan[kFanout];
    };

    /// Leaves are read in groups: their array must have this many, the last ones zero.
    static constexpr std::size_t padded(std::size_t leaves) noexcept {
        return (leaves + kFanout - 1) / kFanout * kFanout;
    }
    static std::size_t bytes(std::size_t leaves) noexcept {
        std::size_t nodes = 0;
        for (const std::size_t width : level_widths(leaves))
            nodes += width;
        return nodes * sizeof(Node);
    }

    WideTree(std::byte *memory, const double *leaves, std::size_t leaf_count)
        : leaves_(leaves), groups_(padded(leaf_count) / kFanout) {
        Node *nodes = reinterpret_cast<Node *>(memory);
        for (const std::size_t width : level_widths(leaf_count)) {
            levels_.push_back({nodes, width});
            nodes += width;
        }
    }

    /// The fold of all leaves. O(1).
    [[nodiscard]] double total() const noexcept { return levels_.back()[0].scan[kFanout - 1]; }

    /// Refolds the nodes above `touched` leaves; they must ascend, repeats are fine. The span is
    /// used as scratch. O(touched * levels).
    void update(std::span<std::int64_t> touched) noexcept {
        std::size_t count = to_parents(touched, touched.size());
        for (std::size_t i = 0; i < count; ++i)
            prefetch(&levels_[0][parent(touched[i])]);
        for (std::size_t i = 0; i < count; ++i)
            slot_of(levels_[0], touched[i]) = fold_group(static_cast<std::size_t>(touched[i]));
        for (std::size_t level = 0; level < levels_.size(); ++level) {
            count = to_parents(touched, count);
            for (std::size_t i = 0; i < count; ++i) {
                const double fold = rescan(levels_[level][static_cast<std::size_t>(touched[i])]);
                if (level + 1 < levels_.size())
                    slot_of(levels_[level + 1], touched[i]) = fold;
            }
        }
    }

    /// For each target in [0, total()] the leaf in whose share of the total it falls: the first at
    /// which the running sum exceeds it. A leaf of mass zero is never found, whatever is rounded.
    /// `targets` is used as scratch. total() must be positive. O(targets * levels).
    void find(std::span<double> targets, std::int64_t *found) const noexcept {
        const std::size_t count = targets.size();
        std::fill_n(found, count, std::int64_t{0});
        for (std::size_t level = levels_.size(); level-- > 0;) {
            for (std::size_t i = 0; i < count; ++i) {
                const double *scan = levels_[level][static_cast<std::size_t>(found[i])].scan;
                const std::size_t child = choose(scan, targets[i]);
                found[i] = found[i] * static_cast<std::int64_t>(kFanout) +
                           static_cast<std::int64_t>(child);
                if (level > 0)
                    prefetch(levels_[level - 1][static_cast<std::size_t>(found[i])].scan);
                else
                    prefetch(leaves_ + found[i] * static_cast<std::int64_t>(kFanout));
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            double scan[kFanout];
            scan_group(static_cast<std::size_t>(found[i]), scan);
            const std::size_t child = choose(scan, targets[i]);
            found[i] =
                found[i] * static_cast<std::int64_t>(kFanout) + static_cast<std::int64_t>(child);
        }
    }

    /// Makes every node that of zero leaves. The caller zeroes the leaves.
    void clear() noexcept {
        for (const auto &level : levels_)
            for (Node &node : level)
                for (std::size_t i = 0; i < kFanout; ++i)
                    node.value[i] = node.scan[i] = Fold::kIdentity;
    }

    /// Every node is exactly the fold of its children.
    [[nodiscard]] bool is_valid() const noexcept {
        for (std::size_t group = 0; group < groups_; ++group)
            if (levels_[0][group / kFanout].value[group % kFanout] != fold_group(group))
                return false;
        for (std::size_t level = 0; level < levels_.size(); ++level)
            for (std::size_t i = 0; i < levels_[level].size(); ++i) {
                Node copy = levels_[level][i];
                const double fold = rescan(copy);
                if (!std::equal(copy.scan, copy.scan + kFanout, levels_[level][i].scan))
                    return false;
                if (level + 1 < levels_.size() &&
                    levels_[level + 1][i / kFanout].value[i % kFanout] != fold)
                    return false;
            }
        return true;
    }

  private:
    static std::vector<std::size_t> level_widths(std::size_t leaves) {
        std::vector<std::size_t> widths;
        std::size_t width = padded(leaves) / kFanout;
        do {
            width = (width + kFanout - 1) / kFanout;
            widths.push_back(width);
        } while (width > 1);
        return widths;
    }

    static std::size_t parent(std::int64_t child) noexcept {
        return static_cast<std::size_t>(child) / kFanout;
    }
    static double &slot_of(std::span<Node> level, std::int64_t child) noexcept {
        return level[parent(child)].value[static_cast<std::size_t>(child) % kFanout];
    }

    // Ascending children become ascending parents, each once.
    static std::size_t to_parents(std::span<std::int64_t> ids, std::size_t count) noexcept {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const std::int64_t id = ids[i] / static_cast<std::int64_t>(kFanout);
            if (kept == 0 || ids[kept - 1] != id)
                ids[kept++] = id;
        }
        return kept;
    }

    static double rescan(Node &node) noexcept {
        double running = node.scan[0] = node.value[0];
        for (std::size_t i = 1; i < kFanout; ++i)
            node.scan[i] = running = Fold::fold(running, node.value[i]);
        return running;
    }

    void scan_group(std::size_t group, double *scan) const noexcept {
        const double *mass = leaves_ + group * kFanout;
        double running = scan[0] = Fold::leaf(mass[0]);
        for (std::size_t i = 1; i < kFanout; ++i)
            scan[i] = running = Fold::fold(running, Fold::leaf(mass[i]));
    }

    double fold_group(std::size_t group) const noexcept {
        double scan[kFanout];
        scan_group(group, scan);
        return scan[kFanout - 1];
    }

    // The child in whose share the target falls; takes the shares before it off the target. A
    // running sum never falls, and stays level over an empty child: so none is chosen.
    static std::size_t choose(const double *scan, double &target) noexcept {
        std::size_t child = 0;
        for (std::size_t i = 0; i < kFanout; ++i)
            child += scan[i] <= target ? 1U : 0U;
        if (child == kFanout) [[unlikely]] { // rounded up to the end: the last that is not empty
            --child;
            while (child > 0 && scan[child - 1] == scan[kFanout - 1])
                --child;
        }
        target -= child > 0 ? scan[child - 1] : 0.0;
        return child;
    }

    const double *leaves_;
    std::size_t groups_;
    std::vector<std::span<Node>> levels_;
};

using SumTree = WideTree<Sum>;
using MinTree = WideTree<Min>;

} // namespace dqn_fast
