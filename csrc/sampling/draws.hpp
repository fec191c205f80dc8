// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dqn_fast {

/// Steps that were drawn, whatever is copied of them: what a sampler hands to a view.
struct Draws {
    std::vector<std::int64_t> slots;   // where each lies
    std::vector<std::int64_t> indices; // which name them
    std::vector<float> weights;        // importance weights; ones where nothing is to be corrected

    [[nodiscard]] std::size_t size() const noexcept { return slots.size(); }
    void resize(std::size_t count) {
        slots.resize(count);
        indices.resize(count);
        weights.resize(count);
    }
};

} // namespace dqn_fast
