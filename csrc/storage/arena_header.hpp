// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace dqn_fast {

/// The first bytes of an arena. They say what lies behind them, for whoever gets the block from
/// elsewhere: all offsets follow from these numbers, the schema and the layout's version.
struct alignas(128) ArenaHeader {
    static constexpr std::uint64_t kMagic = 0x616e6572616e7164U; // "dqnarena", little-endian
    static constexpr std::uint32_t kLayout = 2; // what changes an offset or a meaning changes it

    std::uint64_t magic = kMagic;
    std::uint32_t layout = kLayout;
    std::uint32_t header_bytes = sizeof(ArenaHeader);
    std::uint64_t arena_bytes = 0;
    std::uint64_t schema_digest = 0;
    std::uint64_t streams = 0;
    std::uint64_t capacity = 0; // transitions of one stream
    std::uint64_t slots = 0;    // of one stream
    std::uint64_t has_priorities = 0;
    std::uint64_t has_min_tree = 0;
    std::uint64_t draws_segments = 0;

    bool operator==(const ArenaHeader &) const = default;
};

} // namespace dqn_fast
