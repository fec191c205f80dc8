// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>

namespace dqn_fast::bindings {

/// Arrays of at least this many bytes take their memory from the pool.
inline constexpr std::size_t kPooled = std::size_t{1} << 14;

/// Memory of a process that is used again and again.
struct Block {
    explicit Block(std::size_t bytes);
    ~Block();
    Block(const Block &) = delete;
    Block &operator=(const Block &) = delete;

    std::size_t size;
    void *data;
};

struct GiveBack {
    void operator()(Block *block) const noexcept;
};

/// A block that goes back to the pool when its owner goes; nothing is shared.
using PooledBlock = std::unique_ptr<Block, GiveBack>;

/// Memory for an array. A new batch of images takes over a million bytes, which the C library gets
/// from the system and returns to it each time: without a pool, most of the cost of drawing one is
/// the system's clearing of pages. It needs no GIL. Throws std::bad_alloc.
[[nodiscard]] PooledBlock take_from_pool(std::size_t bytes);

} // namespace dqn_fast::bindings
