// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>

namespace dqn_fast {

/// xoshiro256++ (Blackman and Vigna, 2021), seeded through splitmix64.
///
/// Plain data that lives in the arena, so that a copy of the arena draws the same numbers. The
/// draws are our own: the standard's distributions differ between libraries.
struct Random {
    std::uint64_t state[4];

    void seed(std::uint64_t value) noexcept {
        for (auto &word : state) {
            value += 0x9e3779b97f4a7c15U;
            std::uint64_t mixed = value;
            mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
            word = mixed ^ (mixed >> 31);
        }
    }

    std::uint64_t next() noexcept {
        const std::uint64_t result = std::rotl(state[0] + state[3], 23) + state[0];
        const std::uint64_t shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = std::rotl(state[3], 45);
        return result;
    }

    [[nodiscard]] bool operator==(const Random &) const = default;

    /// A multiple of 2^-53 in [0, 1).
    double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

    /// An integer in [0, bound), exactly uniform (Lemire, 2019); `bound` in [1, 2^63].
    std::uint64_t below(std::uint64_t bound) noexcept {
        if (bound <= 0xffffffffU)
            return below32(static_cast<std::uint32_t>(bound));
        const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(bound - 1);
        std::uint64_t draw = next() & mask;
        while (draw >= bound)
            draw = next() & mask;
        return draw;
    }

  private:
    std::uint64_t below32(std::uint32_t bound) noexcept {
        std::uint64_t product = (next() >> 32) * bound;
        if (static_cast<std::uint32_t>(product) < bound) {
            const std::uint32_t uneven = (0U - bound) % bound; // 2^32 mod bound: rejected
            while (static_cast<std::uint32_t>(product) < uneven)
                product = (next() >> 32) * bound;
        }
        return product >> 32;
    }
};

} // namespace dqn_fast
