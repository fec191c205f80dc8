// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dqn_fast {

/// What a field means to the views. A step may hold several observation and extra fields (the keys
/// of a dict observation are one field each); it holds one action and one reward.
enum class Role { kObservation, kAction, kReward, kExtra };

/// One named array of fixed shape and type in every step.
///
/// An observation may be a stack of frames along one axis: a step stores the newest one, and the
/// others are those of the steps before it.
struct Field {
    std::string name;
    Role role;
    std::string dtype;              // NumPy's name of the type, native byte order
    std::vector<std::size_t> shape; // of the whole stack
    std::size_t itemsize;
    std::size_t frames = 1;
    std::size_t frame_axis = 0;

    /// Bytes of the whole stack.
    [[nodiscard]] std::size_t stack_bytes() const noexcept;
    /// Bytes of one frame, which is what a step stores.
    [[nodiscard]] std::size_t nbytes() const noexcept { return stack_bytes() / frames; }
    /// A frame lies in this many pieces in a stack: one if the stack's axis is the first.
    [[nodiscard]] std::size_t pieces() const noexcept;
};

/// The fields of a step and where they lie.
///
/// Small fields lie together in one record, so that a step costs one or two cache lines, not one
/// for each field. A wide field has a column of its own, in which neighbouring steps are neighbours
/// in memory. The record also has the step's mark (see mark.hpp).
class Schema {
  public:
    static constexpr std::size_t kWide = 256; // bytes; a larger field gets its own column

    struct Place {
        bool wide;
        std::size_t offset; // in the record; 0 in a column
    };

    /// Observation fields must come first, then the action, the reward and the extra fields.
    /// Throws std::invalid_argument otherwise, for names that are not unique, and for stacks that
    /// are not observations or do not divide their axis.
    explicit Schema(std::vector<Field> fields);

    [[nodiscard]] const std::vector<Field> &fields() const noexcept { return fields_; }
    [[nodiscard]] const Place &place(std::size_t field) const noexcept { return places_[field]; }
    [[nodiscard]] std::size_t observations() const noexcept { return observations_; }
    [[nodiscard]] std::size_t action() const noexcept { return observations_; }
    [[nodiscard]] std::size_t reward() const noexcept { return observations_ + 1; }
    [[nodiscard]] std::size_t first_extra() const noexcept { return observations_ + 2; }
    [[nodiscard]] bool reward_is_double() const noexcept { return fields_[reward()].itemsize == 8; }
    [[nodiscard]] std::size_t mark_offset() const noexcept { return mark_offset_; }
    [[nodiscard]] std::size_t record_bytes() const noexcept { return record_bytes_; }
    /// Bytes of all fields of one step (one frame of each stack), without mark and padding.
    [[nodiscard]] std::size_t step_bytes() const noexcept { return step_bytes_; }
    /// Bytes of all fields of one step as a user sees it, whole stacks included.
    [[nodiscard]] std::size_t row_bytes() const noexcept { return row_bytes_; }
    /// Tells schemas apart by their fields: names, roles, types, shapes and stacks.
    [[nodiscard]] std::uint64_t digest() const;
    /// How many steps before a step its observation needs: the frames of the longest stack less
    /// one.
    [[nodiscard]] std::size_t lookback() const noexcept { return lookback_; }

  private:
    std::vector<Field> fields_;
    std::vector<Place> places_;
    std::size_t observations_ = 0;
    std::size_t mark_offset_ = 0;
    std::size_t record_bytes_ = 0;
    std::size_t step_bytes_ = 0;
    std::size_t row_bytes_ = 0;
    std::size_t lookback_ = 0;
};

} // namespace dqn_fast
