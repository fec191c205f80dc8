// SPDX-License-Identifier: MIT
#pragma once

#include "../replay_memory.hpp"

#include <pybind11/pybind11.h>

#include <cstddef>
#include <optional>

namespace dqn_fast::bindings {

/// Holds the memory's lock. Nobody waits for it while holding the GIL, and nobody takes the GIL
/// while holding it: a call that has to wait, or that copies much, goes without the GIL until its
/// end, and touches no Python object meanwhile.
class Hold {
  public:
    /// Adding a step, or giving it a priority, takes as long as copying this many bytes.
    static constexpr std::size_t kStep = 256;

    Hold(ReplayMemory &memory, std::size_t bytes) : memory_(memory) {
        if (bytes > kLarge || !memory.mutex().try_lock()) {
            released_.emplace();
            memory.mutex().lock();
        }
    }
    ~Hold() { memory_.mutex().unlock(); } // and then the GIL comes back
    Hold(const Hold &) = delete;
    Hold &operator=(const Hold &) = delete;

  private:
    static constexpr std::size_t kLarge = std::size_t{1} << 16; // about 6 µs of copying

    ReplayMemory &memory_;
    std::optional<pybind11::gil_scoped_release> released_;
};

} // namespace dqn_fast::bindings
