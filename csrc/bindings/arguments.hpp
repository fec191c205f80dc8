// SPDX-License-Identifier: MIT
#pragma once

#include "bindings/array_type.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace dqn_fast::bindings {

/// The value of a Python integer of at least 0, and of a Python number; Python's error otherwise.
[[nodiscard]] std::size_t size_of(PyObject *value);
[[nodiscard]] double number_of(PyObject *value);

/// The length of an array's first axis; -1 if it is no array or has no axis.
[[nodiscard]] py::ssize_t length_of(py::handle value);

/// Pointers to the arguments of one call, valid while the caller holds the arguments and
/// `leading`. Each read takes arrays of the exact type as they are, and simple scalars and
/// float64 arrays for float32 (Gymnasium's vector rewards) through room of its own; anything else
/// makes the call inexact, and is left to Python to convert or to refuse.
class Arguments {
  public:
    explicit Arguments(LeadingShape leading) : leading_(leading) {}

    const std::byte *read(py::handle value, const ArrayType &type);
    /// None is null.
    const std::byte *read_optional(py::handle value, const ArrayType &type);
    /// None, or one False for all, is null.
    const std::byte *read_flags(py::handle value, const ArrayType &type);
    [[nodiscard]] bool exact() const noexcept { return exact_; }

  private:
    /// The numbers rounded to float32; null if there are none, or one would overflow.
    const std::byte *rounded_to_float(py::handle value, const ArrayType &type);

    static constexpr std::size_t kScalars = 16;

    LeadingShape leading_;
    std::array<std::array<std::byte, 8>, kScalars> scalars_;
    std::size_t used_ = 0;
    std::vector<std::vector<float>> narrowed_;
    bool exact_ = true;
};

} // namespace dqn_fast::bindings
