// SPDX-License-Identifier: MIT
#pragma once

#include "replay_memory.hpp"

#include <pybind11/pybind11.h>

#include <cstddef>
#include <limits>
#include <optional>

namespace dqn_fast::bindings {

/// Holds the memory's lock. Nobody waits for it while holding the GIL, and nobody takes the GIL
/// while holding it: a call that has to wait, or that works for long, goes without the GIL until
/// its end, and touches no Python object meanwhile.
class MemoryLock {
  public:
    /// How long a call holds the lock, as bytes that are copied in that time.
    static constexpr std::size_t kLookUp = 0; // a few numbers
    static constexpr std::size_t kStep = 256; // adding a step, or giving it a priority
    static constexpr std::size_t kLong =
        std::numeric_limits<std::size_t>::max(); // all that is held

    MemoryLock(ReplayMemory &memory, std::size_t bytes) : memory_(memory) {
        if (bytes > kLarge || !memory.mutex().try_lock()) {
            released_.emplace();
            memory.mutex().lock();
        }
    }
    ~MemoryLock() { memory_.mutex().unlock(); } // and then the GIL comes back
    MemoryLock(const MemoryLock &) = delete;
    MemoryLock &operator=(const MemoryLock &) = delete;

  private:
    static constexpr std::size_t kLarge = std::size_t{1} << 16; // some microseconds of copying

    ReplayMemory &memory_;
    std::optional<pybind11::gil_scoped_release> released_;
};

} // namespace dqn_fast::bindings
