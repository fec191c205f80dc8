// SPDX-License-Identifier: MIT
#pragma once

#include "bindings/arguments.hpp"
#include "bindings/array_type.hpp"
#include "bindings/fast_method.hpp"
#include "bindings/memory_lock.hpp"
#include "priority_index.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dqn_fast::bindings {

/// The core's index as Python's `_core.PriorityIndex`.
///
/// Inputs are taken as they are if their types and shapes are exact; the call returns None
/// otherwise, and has changed nothing.
class PyPriorityIndex {
  public:
    /// `options` are described as field_description.hpp says.
    PyPriorityIndex(std::size_t capacity, std::uint64_t seed, const py::object &options);

    /// n, priority, at. Returns the ids; `n` is read only if `at` is None.
    py::object add(Positional arguments);
    /// n, beta. Returns ids and weights.
    py::object sample(Positional arguments);
    /// ids, priorities. Returns how many were stale.
    py::object update(Positional arguments);
    /// ids. Returns how many were stale.
    py::object remove(Positional arguments);

    py::object ids_at(const py::object &leaves);
    py::object masses(const py::object &ids);
    void clear();
    void reseed(std::uint64_t seed);
    /// While it runs, other threads' operations wait.
    void save(snapshot::Writer &writer);
    void restore(snapshot::Reader &reader);
    bool is_valid();
    std::int64_t size();
    double largest_priority();
    [[nodiscard]] std::size_t capacity() const { return index_.capacity(); }
    [[nodiscard]] std::size_t nbytes() const { return index_.nbytes(); }

  private:
    /// Numbers that Python gave: an array of float64, one of float32, or one number for all.
    struct Numbers {
        bool given = false;
        const double *wide = nullptr;
        const float *narrow = nullptr;
        double one = 0.0;
    };

    /// The data of an array or tensor of int64 of one axis; none for anything else.
    [[nodiscard]] std::optional<std::span<const std::int64_t>> integers_in(py::handle value) const;
    /// The data of an array or tensor of floats of shape (count,); not given for anything else.
    [[nodiscard]] Numbers numbers_in(py::handle value, py::ssize_t count) const;
    /// As float64. The lock must be held: the result may lie in scratch.
    [[nodiscard]] std::span<const double> widened(const Numbers &numbers, std::size_t count);

    PriorityIndex index_;
    const ArrayType id_{py::dtype::of<std::int64_t>(), {}};
    const ArrayType priority_{py::dtype::of<double>(), {}};
    const ArrayType weight_{py::dtype::of<float>(), {}};
    std::vector<double> widened_; // scratch
};

} // namespace dqn_fast::bindings
