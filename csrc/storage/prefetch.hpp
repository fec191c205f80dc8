// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace dqn_fast {

/// Asks for a cache line ahead of its use, where the compiler can say so; never changes a result.
///
/// Into the second cache: the first has room for half as many requests, and waits when they are
/// out.
inline void prefetch(const void *address) noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(address, 0, 2);
    // A function that does nothing but prefetch is no use to GCC, which drops calls of it.
    __asm__ __volatile__("" : : "r"(address));
#else
    static_cast<void>(address);
#endif
}

/// Asks for the cache lines of [first, first + bytes) ahead of their use.
inline void prefetch_range(const std::byte *first, std::size_t bytes) noexcept {
    constexpr std::size_t line = 64;
    const std::byte *const end = first + bytes;
    for (first -= reinterpret_cast<std::uintptr_t>(first) % line; first < end; first += line)
        prefetch(first);
}

} // namespace dqn_fast
