// SPDX-License-Identifier: MIT
#pragma once

#include "storage/always_inline.hpp"

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace dqn_fast {

/// Calls `visit` with a length as a constant, if it is a usual one: what is done with each of its
/// bytes is a few moves then, not a call of memcpy or memcmp.
template <class Visit>
DQN_FAST_INLINE auto with_constant(std::size_t bytes, Visit &&visit) {
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
    case 32:
        return visit(std::integral_constant<std::size_t, 32>{});
    default:
        return visit(bytes);
    }
}

/// memcpy of a length that is known only at run time, but is usually that of a small vector.
inline void copy_small(std::byte *to, const std::byte *from, std::size_t bytes) noexcept {
    with_constant(bytes, [&](auto constant) { std::memcpy(to, from, constant); });
}

/// Whether so many bytes are the same.
inline bool same_small(const std::byte *a, const std::byte *b, std::size_t bytes) noexcept {
    return with_constant(bytes, [&](auto constant) { return std::memcmp(a, b, constant) == 0; });
}

/// Rows of an array, and how far apart they begin.
template <class Byte>
struct Strided {
    Byte *first;
    std::size_t stride;
};

namespace detail {

// By value: a store of bytes might change anything that is read through a reference.
template <class Bytes>
void copy_rows(Bytes bytes, Strided<std::byte> to, Strided<const std::byte> from, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        std::memcpy(to.first + i * to.stride, from.first + i * from.stride, bytes);
}

template <class Bytes>
bool same_rows(Bytes bytes, Strided<const std::byte> a, Strided<const std::byte> b, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        if (std::memcmp(a.first + i * a.stride, b.first + i * b.stride, bytes) != 0)
            return false;
    return true;
}

} // namespace detail

/// Copies `count` rows of `bytes` each.
inline void copy_rows(Strided<std::byte> to,
                      Strided<const std::byte> from,
                      std::size_t bytes,
                      std::size_t count) noexcept {
    with_constant(bytes, [&](auto constant) { detail::copy_rows(constant, to, from, count); });
}

/// Whether `count` rows of `bytes` each are the same.
inline bool same_rows(Strided<const std::byte> a,
                      Strided<const std::byte> b,
                      std::size_t bytes,
                      std::size_t count) noexcept {
    return with_constant(bytes,
                         [&](auto constant) { return detail::same_rows(constant, a, b, count); });
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

} // namespace dqn_fast
