// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dqn_fast::bindings {

namespace py = pybind11;

/// The lengths of an array's first axes, before those of one row.
using Lead = std::span<const py::ssize_t>;

/// Type and shape of one row of an array that crosses the boundary.
class ArrayType {
  public:
    ArrayType(py::dtype dtype, std::vector<py::ssize_t> shape);

    /// The data of `value` if it is an aligned, C-contiguous array of exactly this type, of shape
    /// `lead + shape`; null otherwise. The array must outlive the use of the pointer.
    [[nodiscard]] std::byte *data(py::handle value, Lead lead) const;

    /// The same of an array of float64 if this is a type of float32.
    [[nodiscard]] const double *wide_data(py::handle value, Lead lead) const;

    /// The same of a tensor that DLPack gives a view of.
    [[nodiscard]] const std::byte *tensor_data(py::handle value, Lead lead) const;

    /// As `data`, and null too if the array cannot be written to.
    [[nodiscard]] std::byte *writable_data(py::handle value, Lead lead) const;

    /// Writes a Python or NumPy scalar to `to` if this is the type of one number and the scalar
    /// fits it exactly (a float may be rounded). Returns whether it did.
    [[nodiscard]] bool read_scalar(py::handle value, std::byte *to) const;

    /// A new array of shape `lead + shape`; throws std::bad_alloc.
    [[nodiscard]] py::object make(Lead lead) const;

    /// The data of `value` if it is such an array and only its caller holds it, so that it can be
    /// filled again; null otherwise.
    [[nodiscard]] std::byte *spare_data(py::handle value, Lead lead) const;

    /// Whether this is the type of one number, and Python's number for one that lies at `from`.
    [[nodiscard]] bool is_number() const noexcept { return shape_.empty(); }
    [[nodiscard]] py::object number(const std::byte *from) const;

  private:
    [[nodiscard]] std::byte *data_of(py::handle value, const py::dtype &dtype, Lead lead) const;
    [[nodiscard]] bool read_integer(long long value, std::byte *to) const;

    py::dtype dtype_;
    char kind_;
    py::ssize_t itemsize_;
    std::vector<py::ssize_t> shape_;
    std::size_t row_bytes_;
};

/// The length of an array's first axis; -1 if it is no array or has no axis.
[[nodiscard]] py::ssize_t length_of(py::handle value);

/// Pointers to the arguments of one call, valid while the caller holds the arguments and `lead`.
/// Each read takes arrays of the exact type as they are, and simple scalars and float64 arrays for
/// float32 (Gymnasium's vector rewards) through room of its own; anything else makes the call
/// inexact, and is left to Python to convert or to refuse.
class Arguments {
  public:
    explicit Arguments(Lead lead) : lead_(lead) {}

    const std::byte *read(py::handle value, const ArrayType &type);
    /// None is null.
    const std::byte *read_optional(py::handle value, const ArrayType &type);
    /// None, or one False for all, is null.
    const std::byte *read_flags(py::handle value, const ArrayType &type);
    [[nodiscard]] bool exact() const noexcept { return exact_; }

  private:
    /// The numbers rounded to float32; null if there are none, or one would overflow.
    const std::byte *narrowed(py::handle value, const ArrayType &type);

    static constexpr std::size_t kScalars = 16;

    Lead lead_;
    std::array<std::array<std::byte, 8>, kScalars> scalars_;
    std::size_t used_ = 0;
    std::vector<std::vector<float>> narrowed_;
    bool exact_ = true;
};

} // namespace dqn_fast::bindings
