// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/kernels.hpp"
#include "storage/always_inline.hpp"
#include "storage/prefetch.hpp"

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace dqn_fast::kernels {

/// Descents and updates of batches. All descents of a batch advance a level together, and each
/// prefetches its next node; an update folds each touched node once.
///
/// `Isa` names the instruction set that the file was compiled for: it keeps the linker from taking
/// one file's functions for another's. Whatever they call is inlined.
template <class Isa>
struct Trees {
    static constexpr auto kWidth = static_cast<std::int64_t>(kFanout);

    static void
    find(const TreeView &tree, double *targets, std::size_t count, std::int64_t *found) {
        for (std::size_t i = 0; i < count; ++i)
            found[i] = 0;
        for (std::size_t level = tree.depth; level-- > 0;) {
            const TreeNode *nodes = tree.levels[level];
            for (std::size_t i = 0; i < count; ++i) {
                found[i] = found[i] * kWidth + child_of(nodes[found[i]].scan, targets[i]);
                if (level > 0)
                    prefetch(tree.levels[level - 1][found[i]].scan);
                else
                    prefetch(tree.leaves + found[i] * kWidth);
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            alignas(64) double scan[kFanout];
            scan_of<Sum>(tree.leaves + found[i] * kWidth, scan);
            found[i] = found[i] * kWidth + child_of(scan, targets[i]);
        }
    }

    template <class Fold>
    static void update(const TreeView &tree, std::int64_t *touched, std::size_t count) {
        count = to_parents(touched, count);
        for (std::size_t i = 0; i < count; ++i) {
            const TreeNode &node = tree.levels[0][parent(touched[i])];
            prefetch(node.value);
            prefetch(node.scan);
        }
        std::size_t kept = 0;
        for (std::size_t i = 0; i < count; ++i) {
            double scan[kFanout];
            scan_of<Fold>(tree.leaves + touched[i] * kWidth, scan);
            kept = store<Fold>(tree.levels[0], touched, i, scan[kFanout - 1], kept);
        }
        for (std::size_t level = 0; level < tree.depth; ++level) {
            count = to_parents(touched, kept);
            kept = 0;
            for (std::size_t i = 0; i < count; ++i) {
                const double fold = rescan<Fold>(tree.levels[level][touched[i]]);
                if (level + 1 < tree.depth)
                    kept = store<Fold>(tree.levels[level + 1], touched, i, fold, kept);
            }
        }
    }

  private:
    static std::int64_t parent(std::int64_t child) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(child) / kFanout);
    }
    static double &value_of(TreeNode *level, std::int64_t child) {
        return level[parent(child)].value[static_cast<std::uint64_t>(child) % kFanout];
    }

    // Stores the fold of child touched[i]; the child stays in the list of touched ones, unless
    // folds seldom change and this one did not.
    template <class Fold>
    static std::size_t
    store(TreeNode *level, std::int64_t *touched, std::size_t i, double fold, std::size_t kept) {
        double &value = value_of(level, touched[i]);
        const bool changes = !Fold::kSeldomChanges || value != fold;
        touched[kept] = touched[i];
        value = fold;
        return kept + (changes ? 1 : 0);
    }

    // Ascending children become ascending parents, each once.
    static std::size_t to_parents(std::int64_t *ids, std::size_t count) {
        std::size_t kept = 0;
        std::int64_t last = -1;
        for (std::size_t i = 0; i < count; ++i) {
            const std::int64_t id = parent(ids[i]);
            ids[kept] = id;
            kept += id != last ? 1 : 0;
            last = id;
        }
        return kept;
    }

    template <class Fold>
    static double rescan(TreeNode &node) {
        double running = node.scan[0] = node.value[0];
        for (std::size_t i = 1; i < kFanout; ++i)
            node.scan[i] = running = Fold::fold(running, node.value[i]);
        return running;
    }

    template <class Fold>
    static void scan_of(const double *mass, double *scan) {
        double running = scan[0] = Fold::leaf(mass[0]);
        for (std::size_t i = 1; i < kFanout; ++i)
            scan[i] = running = Fold::fold(running, Fold::leaf(mass[i]));
    }

    // How many running sums are at most the target.
    static std::int64_t passed(const double *scan, double target) {
#if defined(__AVX512F__)
        const __m512d sums = _mm512_loadu_pd(scan);
        const __mmask8 passed = _mm512_cmp_pd_mask(sums, _mm512_set1_pd(target), _CMP_LE_OQ);
        return __builtin_popcount(passed);
#elif defined(__AVX2__)
        const __m256d goal = _mm256_set1_pd(target);
        const __m256d low = _mm256_cmp_pd(_mm256_loadu_pd(scan), goal, _CMP_LE_OQ);
        const __m256d high = _mm256_cmp_pd(_mm256_loadu_pd(scan + 4), goal, _CMP_LE_OQ);
        return _mm_popcnt_u32(static_cast<unsigned>(_mm256_movemask_pd(low))) +
               _mm_popcnt_u32(static_cast<unsigned>(_mm256_movemask_pd(high)));
#elif defined(__SSE2__)
        const __m128d goal = _mm_set1_pd(target);
        __m128i passed = _mm_setzero_si128(); // a true comparison is -1
        for (std::size_t i = 0; i < kFanout; i += 2)
            passed =
                _mm_sub_epi64(passed, _mm_castpd_si128(_mm_cmple_pd(_mm_loadu_pd(scan + i), goal)));
        return _mm_cvtsi128_si64(_mm_add_epi64(passed, _mm_unpackhi_epi64(passed, passed)));
#else
        std::int64_t passed = 0;
        for (std::size_t i = 0; i < kFanout; ++i)
            passed += scan[i] <= target ? 1 : 0;
        return passed;
#endif
    }

    // The child in whose share the target falls; takes the shares before it off the target. A
    // running sum never falls, and stays level over an empty child: so none is chosen.
    static std::int64_t child_of(const double *scan, double &target) {
        std::int64_t child = passed(scan, target);
        if (child == kWidth) [[unlikely]] { // rounded up to the end: the last that is not empty
            --child;
            while (child > 0 && scan[child - 1] == scan[kFanout - 1])
                --child;
        }
        // Without a branch, which would be mispredicted at every eighth node.
        const std::int64_t is_later = child > 0 ? 1 : 0;
        const std::uint64_t before = bits_of(scan[child - is_later]);
        target -= double_of(before & (0 - static_cast<std::uint64_t>(is_later)));
        return child;
    }
};

} // namespace dqn_fast::kernels
