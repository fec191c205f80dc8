// SPDX-License-Identifier: MIT
#pragma once

#include "storage/arena.hpp"
#include "storage/copy.hpp"
#include "storage/schema.hpp"

#include <cstddef>
#include <vector>

namespace dqn_fast {

/// Where one field of all slots lies: slot s at `base + s * stride`.
struct Column {
    std::byte *base;
    std::size_t stride;
    std::size_t nbytes;

    [[nodiscard]] std::byte *at(std::size_t slot) const noexcept { return base + slot * stride; }
};

/// The bytes of the steps: records of small fields, and a column for each wide one.
/// A view of the arena, by slot; it knows nothing of time, streams or segments.
class StepStore {
  public:
    /// Reserves the room for `slots` steps in `layout`.
    StepStore(const Schema &schema, std::size_t slots, Layout &layout)
        : columns_(schema.fields().size()) {
        const std::size_t record = schema.record_bytes();
        records_offset_ = layout.reserve(slots * record);
        marks_ = {nullptr, record, sizeof(std::uint32_t)};
        mark_offset_ = schema.mark_offset();
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::size_t nbytes = schema.fields()[i].nbytes();
            const bool wide = schema.place(i).wide;
            offsets_.push_back(wide ? layout.reserve(slots * nbytes)
                                    : records_offset_ + schema.place(i).offset);
            columns_[i] = {nullptr, wide ? nbytes : record, nbytes};
            if (wide)
                wide_.push_back(i);
        }
    }

    void attach(std::byte *arena) noexcept {
        marks_.base = arena + records_offset_ + mark_offset_;
        for (std::size_t i = 0; i < columns_.size(); ++i)
            columns_[i].base = arena + offsets_[i];
    }

    [[nodiscard]] const Column &column(std::size_t field) const noexcept { return columns_[field]; }
    [[nodiscard]] const Column &marks() const noexcept { return marks_; }

    /// Where the record of a slot begins.
    [[nodiscard]] std::byte *record(std::size_t slot) const noexcept {
        return marks_.at(slot) - mark_offset_;
    }

    /// Calls `visit(data, bytes)` for every block in which the steps of slots [first, last) lie.
    template <class Visit>
    void visit(std::size_t first, std::size_t last, Visit &&visit_block) const {
        visit_block(record(first), (last - first) * marks_.stride);
        for (const std::size_t i : wide_)
            visit_block(columns_[i].at(first), (last - first) * columns_[i].nbytes);
    }

    void write(std::size_t field, std::size_t slot, const std::byte *value) const noexcept {
        const Column &column = columns_[field];
        copy_small(column.at(slot), value, column.nbytes);
    }

    /// Writes the values of `count` slots from `slot` on.
    void write_run(std::size_t field,
                   std::size_t slot,
                   Strided<const std::byte> values,
                   std::size_t count) const noexcept {
        const Column &column = columns_[field];
        copy_rows({column.at(slot), column.stride}, values, column.nbytes, count);
    }

  private:
    std::size_t records_offset_ = 0;
    std::size_t mark_offset_ = 0;
    std::vector<std::size_t> offsets_;
    std::vector<Column> columns_;
    std::vector<std::size_t> wide_; // fields with a column of their own
    Column marks_{};
};

} // namespace dqn_fast
