// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>

namespace dqn_fast::bindings {

/// Arrays of at least this many bytes take their memory from the pool.
inline constexpr std::size_t kPooled = std::size_t{1} << 14;

/// Memory for an array, which goes back to a pool of the process when the owner is collected.
///
/// A new batch of images takes over a million bytes, which the C library gets from the system and
/// returns to it each time: most of the cost of drawing one was the system's clearing of pages
/// (967 µs, and 45 µs into memory that was there). Nothing is shared: a block has one owner.
struct PooledMemory {
    void *data;
    pybind11::object owner;
};

/// Throws std::bad_alloc.
[[nodiscard]] PooledMemory take_from_pool(std::size_t bytes);

} // namespace dqn_fast::bindings
