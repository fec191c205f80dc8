// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>

namespace dqn_fast {

/// The machine lacks the memory that was asked for; what() says how much.
class OutOfMemory : public std::bad_alloc {
  public:
    explicit OutOfMemory(double bytes) noexcept;
    [[nodiscard]] const char *what() const noexcept override { return message_; }

  private:
    char message_[256] = "";
};

/// One contiguous, zeroed block of memory that owns everything a replay memory holds.
///
/// What it is made of is its maker's business; whoever is given one sees a block. This class is the
/// only platform-specific code.
class Arena {
  public:
    /// Alignment of the block and granularity of huge pages.
    static constexpr std::size_t kHugePage = std::size_t{1} << 21;

    /// Memory of this process. Pages are committed when they are first touched, so a large block
    /// costs nothing until it fills. Huge pages are asked for where the system has them: random
    /// reads of a large block are bound by address translation, not by the memory itself. Throws
    /// OutOfMemory for more than machine_memory(), or when the system refuses.
    [[nodiscard]] static Arena anonymous(std::size_t bytes);
    ~Arena();
    Arena(Arena &&other) noexcept;
    Arena &operator=(Arena &&) = delete;
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;

    /// Bytes of memory that this process could use at most: the machine's, or its container's.
    [[nodiscard]] static std::size_t machine_memory() noexcept;

    [[nodiscard]] std::byte *data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    Arena(void *mapping, std::size_t mapped, std::byte *data, std::size_t size) noexcept
        : mapping_(mapping), mapped_(mapped), data_(data), size_(size) {}

    void *mapping_; // what the system gave; data_ is the aligned part of it
    std::size_t mapped_;
    std::byte *data_;
    std::size_t size_;
};

/// Offsets of parts that follow one another in an arena.
class Layout {
  public:
    /// Reserves `bytes`, aligned to `alignment` (a power of two), and returns their offset.
    std::size_t reserve(std::size_t bytes, std::size_t alignment = 128) noexcept {
        const std::size_t offset = (size_ + alignment - 1) & ~(alignment - 1);
        size_ = offset + bytes;
        return offset;
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    std::size_t size_ = 0;
};

} // namespace dqn_fast
