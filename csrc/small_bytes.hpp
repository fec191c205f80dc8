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

/// Rows of an array, and where they lie apart.
template <class Byte>
struct Strided {
    Byte *first;
    std::size_t stride;
};

/// Copies `count` rows of `bytes` each.
inline void copy_rows(Strided<std::byte> to,
                      Strided<const std::byte> from,
                      std::size_t bytes,
                      std::size_t count) noexcept {
    const auto copy = [&](auto copy_one) {
        for (std::size_t i = 0; i < count; ++i)
            copy_one(to.first + i * to.stride, from.first + i * from.stride);
    };
    switch (bytes) {
    case 4:
        return copy([](std::byte *a, const std::byte *b) { std::memcpy(a, b, 4); });
    case 8:
        return copy([](std::byte *a, const std::byte *b) { std::memcpy(a, b, 8); });
    case 16:
        return copy([](std::byte *a, const std::byte *b) { std::memcpy(a, b, 16); });
    default:
        return copy([bytes](std::byte *a, const std::byte *b) { std::memcpy(a, b, bytes); });
    }
}

} // namespace dqn_fast
