// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

namespace dqn_fast {

/// What is known of one step besides its fields: flags, and its position in its segment.
struct Mark {
    static constexpr std::uint32_t kActed = 1, kTerminated = 2, kTruncated = 4;
    static constexpr std::uint32_t kEnded = kTerminated | kTruncated;
    // Complete without an action: an observation that nobody acted on, such as a prompt's token.
    // It may lie before a segment's first acted step, or between two of them.
    static constexpr std::uint32_t kContext = 8;
    // Acted, and the last of its segment though its next observation begins the next one: of files
    // of format 1 alone, which broke a segment where a stack did not move by one frame.
    static constexpr std::uint32_t kBroken = 16;
    // Frames from before this segment are zeros; else they are its first frame.
    static constexpr std::uint32_t kZeros = 32;
    // A frame that a stack needs to come back exactly: no view has a row for it.
    static constexpr std::uint32_t kHidden = 64;
    static constexpr std::uint32_t kLastPosition = (1U << 24) - 1; // a longer segment stays at it

    std::uint32_t bits;

    [[nodiscard]] bool acted() const noexcept { return (bits & kActed) != 0; }
    [[nodiscard]] bool terminated() const noexcept { return (bits & kTerminated) != 0; }
    [[nodiscard]] bool truncated() const noexcept { return (bits & kTruncated) != 0; }
    [[nodiscard]] bool ended() const noexcept { return (bits & kEnded) != 0; }
    [[nodiscard]] bool is_context() const noexcept { return (bits & kContext) != 0; }
    [[nodiscard]] bool hidden() const noexcept { return (bits & kHidden) != 0; }
    /// Neither a decision nor the last step of a segment.
    [[nodiscard]] bool is_passed() const noexcept { return (bits & (kContext | kHidden)) != 0; }
    [[nodiscard]] bool broken() const noexcept { return (bits & kBroken) != 0; }
    [[nodiscard]] bool zeros() const noexcept { return (bits & kZeros) != 0; }
    [[nodiscard]] std::uint32_t position() const noexcept { return bits >> 8; }

    static Mark first(bool zeros) noexcept { return {zeros ? kZeros : 0}; }
    [[nodiscard]] Mark next() const noexcept {
        return {std::min(position() + 1, kLastPosition) << 8 | (bits & kZeros)};
    }
};

} // namespace dqn_fast
