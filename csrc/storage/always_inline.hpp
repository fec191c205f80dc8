// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>

/// For what kernels call: a function that is not inlined might be shared by the linker with files
/// that are compiled for other processors.
#if defined(_MSC_VER)
#define DQN_FAST_INLINE __forceinline
#else
#define DQN_FAST_INLINE [[gnu::always_inline]] inline
#endif

namespace dqn_fast {

DQN_FAST_INLINE std::uint64_t bits_of(double value) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

DQN_FAST_INLINE double double_of(std::uint64_t bits) noexcept {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

} // namespace dqn_fast
