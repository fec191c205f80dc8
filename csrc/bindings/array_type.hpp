// SPDX-License-Identifier: MIT
#pragma once

#include "bindings/output_pool.hpp"
#include "storage/schema.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dqn_fast::bindings {

namespace py = pybind11;

/// The lengths of an array's first axes, before those of one row.
using LeadingShape = std::span<const py::ssize_t>;

/// Type and shape of one row of an array that crosses the boundary.
class ArrayType {
  public:
    ArrayType(py::dtype dtype, std::vector<py::ssize_t> shape);
    /// The rows of a field's arrays: whole stacks.
    explicit ArrayType(const Field &field);

    /// The data of `value` if it is an aligned, C-contiguous array of exactly this type, of shape
    /// `leading + shape`; null otherwise. The array must outlive the use of the pointer.
    [[nodiscard]] std::byte *data(py::handle value, LeadingShape leading) const;

    /// The data of an array of float64 if this is a type of float32; null otherwise.
    [[nodiscard]] const double *wide_data(py::handle value, LeadingShape leading) const;

    /// The data of a tensor that DLPack gives a view of; null as in `data`.
    [[nodiscard]] const std::byte *tensor_data(py::handle value, LeadingShape leading) const;

    /// As `data`, and null too if the array cannot be written to.
    [[nodiscard]] std::byte *writable_data(py::handle value, LeadingShape leading) const;

    /// Writes a Python or NumPy scalar to `to` if this is the type of one number and the scalar
    /// fits it exactly (a float may be rounded). Returns whether it did.
    [[nodiscard]] bool read_scalar(py::handle value, std::byte *to) const;

    /// A new array of shape `leading + shape`; throws std::bad_alloc.
    [[nodiscard]] py::object make(LeadingShape leading) const;

    /// An array of shape `leading + shape` around memory that was filled already.
    [[nodiscard]] py::object around(PooledBlock block, LeadingShape leading) const;

    /// Bytes of one row.
    [[nodiscard]] std::size_t row_bytes() const noexcept { return row_bytes_; }

    /// Whether this is the type of one number, and Python's number for one that lies at `from`.
    [[nodiscard]] bool is_number() const noexcept { return shape_.empty(); }
    [[nodiscard]] py::object number(const std::byte *from) const;

  private:
    [[nodiscard]] std::byte *
    data_of(py::handle value, const py::dtype &dtype, LeadingShape leading) const;
    [[nodiscard]] bool read_integer(long long value, std::byte *to) const;
    [[nodiscard]] py::object new_array(void *data, py::object owner, LeadingShape leading) const;

    py::dtype dtype_;
    char kind_;
    py::ssize_t itemsize_;
    std::vector<py::ssize_t> shape_;
    std::size_t row_bytes_;
};

} // namespace dqn_fast::bindings
