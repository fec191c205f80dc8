// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dqn_fast {

/// XXH64 (Collet, 2012) of a stream of bytes: finds any accident to a file at the speed of memory.
/// It is no signature. Little-endian, as are the files that it guards.
class Checksum {
  public:
    void add(const std::byte *data, std::size_t size) noexcept {
        length_ += size;
        while (size > 0) {
            if (filled_ == 0 && size >= sizeof block_) {
                mix(data);
                data += sizeof block_;
                size -= sizeof block_;
                continue;
            }
            const std::size_t taken = std::min(size, sizeof block_ - filled_);
            std::memcpy(block_ + filled_, data, taken);
            filled_ += taken;
            data += taken;
            size -= taken;
            if (filled_ == sizeof block_) {
                mix(block_);
                filled_ = 0;
            }
        }
    }

    [[nodiscard]] std::uint64_t value() const noexcept {
        std::uint64_t hash = kPrimes[4];
        if (length_ >= sizeof block_) {
            hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
                   std::rotl(lanes_[3], 18);
            for (const std::uint64_t lane : lanes_)
                hash = (hash ^ round(0, lane)) * kPrimes[0] + kPrimes[3];
        }
        hash += length_;
        std::size_t at = 0;
        for (; at + 8 <= filled_; at += 8)
            hash = std::rotl(hash ^ round(0, read<std::uint64_t>(block_ + at)), 27) * kPrimes[0] +
                   kPrimes[3];
        for (; at + 4 <= filled_; at += 4)
            hash =
                std::rotl(hash ^ read<std::uint32_t>(block_ + at) * kPrimes[0], 23) * kPrimes[1] +
                kPrimes[2];
        for (; at < filled_; ++at)
            hash = std::rotl(hash ^ static_cast<std::uint64_t>(block_[at]) * kPrimes[4], 11) *
                   kPrimes[0];
        hash = (hash ^ (hash >> 33)) * kPrimes[1];
        hash = (hash ^ (hash >> 29)) * kPrimes[2];
        return hash ^ (hash >> 32);
    }

  private:
    static constexpr std::uint64_t kPrimes[5] = {0x9e3779b185ebca87U,
                                                 0xc2b2ae3d27d4eb4fU,
                                                 0x165667b19e3779f9U,
                                                 0x85ebca77c2b2ae63U,
                                                 0x27d4eb2f165667c5U};

    template <class T>
    static T read(const std::byte *from) noexcept {
        T value;
        std::memcpy(&value, from, sizeof value);
        return value;
    }
    static std::uint64_t round(std::uint64_t lane, std::uint64_t word) noexcept {
        return std::rotl(lane + word * kPrimes[1], 31) * kPrimes[0];
    }
    void mix(const std::byte *block) noexcept {
        for (std::size_t i = 0; i < 4; ++i)
            lanes_[i] = round(lanes_[i], read<std::uint64_t>(block + 8 * i));
    }

    std::uint64_t lanes_[4] = {kPrimes[0] + kPrimes[1], kPrimes[1], 0, 0 - kPrimes[0]};
    std::byte block_[32];
    std::size_t filled_ = 0;
    std::uint64_t length_ = 0;
};

} // namespace dqn_fast
