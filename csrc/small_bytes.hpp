// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

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

/// Rows of an array, and how far apart they begin.
template <class Byte>
struct Strided {
    Byte *first;
    std::size_t stride;
};

/// Calls `visit` with a length as a constant, if it is a usual one, so that what is done with each
/// row is a few moves.
template <class Visit>
auto with_constant(std::size_t bytes, Visit &&visit) {
    switch (bytes) {
    case 1:
        return visit(std::integral_constant<std::size_t, 1>{});
    case 3: // a pixel's colours, or three of its four frames
        return visit(std::integral_constant<std::size_t, 3>{});
    case 4:
        return visit(std::integral_constant<std::size_t, 4>{});
    case 8:
        return visit(std::integral_constant<std::size_t, 8>{});
    case 16:
        return visit(std::integral_constant<std::size_t, 16>{});
    default:
        return visit(bytes);
    }
}

/// Copies `count` rows of `bytes` each.
inline void copy_rows(Strided<std::byte> to,
                      Strided<const std::byte> from,
                      std::size_t bytes,
                      std::size_t count) noexcept {
    with_constant(bytes, [&](auto constant) {
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(to.first + i * to.stride, from.first + i * from.stride, constant);
    });
}

/// Puts the bytes of four arrays in turn, as the grey frames of a stack along its last axis are.
inline void interleave(std::byte *__restrict to,
                       const std::byte *a,
                       const std::byte *b,
                       const std::byte *c,
                       const std::byte *d,
                       std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        to[4 * i] = a[i];
        to[4 * i + 1] = b[i];
        to[4 * i + 2] = c[i];
        to[4 * i + 3] = d[i];
    }
}

/// Whether `count` rows of `bytes` each are the same.
inline bool same_rows(Strided<const std::byte> a,
                      Strided<const std::byte> b,
                      std::size_t bytes,
                      std::size_t count) noexcept {
    return with_constant(bytes, [&](auto constant) {
        for (std::size_t i = 0; i < count; ++i)
            if (std::memcmp(a.first + i * a.stride, b.first + i * b.stride, constant) != 0)
                return false;
        return true;
    });
}

} // namespace dqn_fast
