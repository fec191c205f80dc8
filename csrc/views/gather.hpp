// SPDX-License-Identifier: MIT
#pragma once

#include "storage/prefetch.hpp"
#include "storage/step_store.hpp"
#include "stream/observations.hpp"
#include "stream/rings.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace dqn_fast {

/// What every view does with slots once it knows them: ask for their records ahead, and copy fields
/// of them into the rows of an array. Rows are worked through in blocks that stay in the nearest
/// cache, while the next two are on their way.
namespace gather {

inline constexpr std::size_t kBlock = 32; // rows
/// Bytes of a row that are asked for at most; the processor sees what follows.
inline constexpr std::size_t kLargestFetch = 1024;

/// Rows [first, end) of a batch.
struct Rows {
    std::size_t first, end;
};

/// Asks for the records of the first block's slots, and of `steps` behind each.
inline void prefetch_block(const StepStore &store,
                           std::span<const std::int64_t> slots,
                           std::size_t steps) noexcept {
    const std::size_t record = store.marks().stride;
    const std::size_t bytes =
        std::min((std::min(steps, kLargestFetch / record) + 1) * record, kLargestFetch);
    for (std::size_t i = 0; i < std::min(kBlock, slots.size()); ++i)
        prefetch_range(store.record(static_cast<std::size_t>(slots[i])), // beyond the end: harmless
                       bytes);
}

/// Asks for the records of the first two blocks: whoever has work in between hides the wait for
/// them.
inline void prefetch_first(const StepStore &store,
                           std::span<const std::int64_t> slots,
                           std::size_t steps) noexcept {
    prefetch_block(store, slots, steps);
    if (slots.size() > kBlock)
        prefetch_block(store, slots.subspan(kBlock), steps);
}

/// Calls `visit(rows)` for every block, with the block after next on its way.
template <class Visit>
void for_each_block(const StepStore &store,
                    std::span<const std::int64_t> slots,
                    std::size_t steps,
                    Visit &&visit) {
    for (std::size_t first = 0; first < slots.size(); first += kBlock) {
        if (first + 2 * kBlock < slots.size())
            prefetch_block(store, slots.subspan(first + 2 * kBlock), steps);
        visit(Rows{first, std::min(first + kBlock, slots.size())});
    }
}

/// Copies the rows' steps out of a column; `bytes` is a number, or a constant.
template <class Bytes>
void copy_slots(Bytes bytes, Column from, const std::int64_t *slots, Rows rows, std::byte *to) {
    for (std::size_t i = rows.first; i < rows.end; ++i)
        std::memcpy(to + i * bytes, from.at(static_cast<std::size_t>(slots[i])), bytes);
}

/// Copies a field of the steps in these slots.
inline void
field(const Column &from, const std::int64_t *slots, Rows rows, std::byte *to) noexcept {
    // By value: a store of bytes might change anything that is read through a reference.
    with_constant(from.nbytes, [&](auto bytes) { copy_slots(bytes, from, slots, rows, to); });
}

/// Copies observation field `i` of the steps in these slots, whole stacks included.
inline void observation(const Observations &observations,
                        const Rings &rings,
                        std::size_t i,
                        const std::int64_t *slots,
                        Rows rows,
                        std::byte *to) noexcept {
    if (!observations.is_stack(i))
        return field(observations.column(i), slots, rows, to);
    const std::size_t nbytes = observations.stack_bytes(i);
    for (std::size_t row = rows.first; row < rows.end; ++row) {
        const auto slot = static_cast<std::size_t>(slots[row]);
        observations.read(i, rings.of(slot), slot, to + row * nbytes);
    }
}

} // namespace gather

} // namespace dqn_fast
