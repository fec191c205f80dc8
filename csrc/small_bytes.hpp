// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstring>

namespace dqn_fast {

/// memcpy and memcmp for lengths that are known only at run time, but are usually those of one
/// number or of a small vector: for these they are a few moves, not a call.
inline void copy_small(std::byte *to, const std::byte *from, std::size_t bytes) noexcept {
    switch (bytes) {
    case 1:
        *to = *from;
        return;
    case 4:
        std::memcpy(to, from, 4);
        return;
    case 8:
        std::memcpy(to, from, 8);
        return;
    case 16:
        std::memcpy(to, from, 16);
        return;
    case 32:
        std::memcpy(to, from, 32);
        return;
    default:
        std::memcpy(to, from, bytes);
    }
}

inline bool same_small(const std::byte *a, const std::byte *b, std::size_t bytes) noexcept {
    switch (bytes) {
    case 4:
        return std::memcmp(a, b, 4) == 0;
    case 8:
        return std::memcmp(a, b, 8) == 0;
    case 16:
        return std::memcmp(a, b, 16) == 0;
    default:
        return std::memcmp(a, b, bytes) == 0;
    }
}

} // namespace dqn_fast
