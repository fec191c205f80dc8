// SPDX-License-Identifier: MIT
#pragma once

#include "storage/always_inline.hpp"

#include <cstddef>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace dqn_fast::kernels {

/// Eight floats that are computed with together. For `Isa` see Trees.
template <class Isa>
struct Lanes {
    static constexpr std::size_t kCount = 8;

#if defined(__AVX2__)
    __m256 lane;

    DQN_FAST_INLINE static Lanes load(const float *from) { return {_mm256_loadu_ps(from)}; }

    /// The first `count`, at most all, and zeros; nothing else is read.
    DQN_FAST_INLINE static Lanes load(const float *from, std::size_t count) {
        static constexpr int kMask[2 * kCount] = {-1, -1, -1, -1, -1, -1, -1, -1};
        const void *mask = kMask + kCount - count;
        return {_mm256_maskload_ps(from, _mm256_loadu_si256(static_cast<const __m256i *>(mask)))};
    }

    DQN_FAST_INLINE void add_product(const Lanes &a, const Lanes &b) {
        lane = _mm256_add_ps(lane, _mm256_mul_ps(a.lane, b.lane));
    }

    /// Of each of the four, side by side: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)), plus a bias,
    /// but no less than `least`; NaN stays, as with PyTorch.
    DQN_FAST_INLINE static void
    finish(const Lanes (&sums)[4], const float *bias, float least, float *to) {
        const __m256 pairs = _mm256_hadd_ps(_mm256_hadd_ps(sums[0].lane, sums[1].lane),
                                            _mm256_hadd_ps(sums[2].lane, sums[3].lane));
        const __m128 totals =
            _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1));
        // Of two zeros, and beside NaN, the second operand.
        _mm_storeu_ps(to, _mm_max_ps(_mm_set1_ps(least), _mm_add_ps(totals, _mm_loadu_ps(bias))));
    }
#else
#if defined(__GNUC__)
    using Four [[gnu::vector_size(16)]] = float;
#else // the same sums, left to the compiler to vectorise
    struct Four {
        float lane[4];
        float operator[](std::size_t i) const { return lane[i]; }
        Four operator*(const Four &other) const {
            Four product = *this;
            for (std::size_t i = 0; i < 4; ++i)
                product.lane[i] *= other.lane[i];
            return product;
        }
        void operator+=(const Four &other) {
            for (std::size_t i = 0; i < 4; ++i)
                lane[i] += other.lane[i];
        }
    };
#endif
    Four half[2];

    DQN_FAST_INLINE static Lanes load(const float *from) {
        Lanes lanes;
        std::memcpy(&lanes.half[0], from, sizeof(Four));
        std::memcpy(&lanes.half[1], from + 4, sizeof(Four));
        return lanes;
    }

    DQN_FAST_INLINE static Lanes load(const float *from, std::size_t count) {
        float values[kCount] = {};
        for (std::size_t i = 0; i < count; ++i)
            values[i] = from[i];
        return load(values);
    }

    DQN_FAST_INLINE void add_product(const Lanes &a, const Lanes &b) {
        half[0] += a.half[0] * b.half[0];
        half[1] += a.half[1] * b.half[1];
    }

    DQN_FAST_INLINE static void
    finish(const Lanes (&sums)[4], const float *bias, float least, float *to) {
        for (const Lanes &lanes : sums) {
            const Four &low = lanes.half[0], &high = lanes.half[1];
            const float sum = ((low[0] + low[1]) + (low[2] + low[3])) +
                              ((high[0] + high[1]) + (high[2] + high[3])) + *bias++;
            *to++ = sum < least ? least : sum;
        }
    }
#endif
};

} // namespace dqn_fast::kernels
