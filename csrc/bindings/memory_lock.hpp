// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <limits>
#include <mutex>
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

    /// Of a memory, or of anything else with a mutex().
    template <class Memory>
    MemoryLock(Memory &memory, std::size_t bytes) : mutex_(memory.mutex()) {
        if (bytes > kLarge || !mutex_.try_lock()) {
            released_.emplace();
            mutex_.lock();
        }
    }
    ~MemoryLock() { mutex_.unlock(); } // and then the GIL comes back
    MemoryLock(const MemoryLock &) = delete;
    MemoryLock &operator=(const MemoryLock &) = delete;

  private:
    static constexpr std::size_t kLarge = std::size_t{1} << 16; // some microseconds of copying

    std::mutex &mutex_;
    std::optional<pybind11::gil_scoped_release> released_;
};

} // namespace dqn_fast::bindings
