// SPDX-License-Identifier: MIT
#pragma once

#include "../priorities.hpp"
#include "../schema.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace dqn_fast::bindings {

namespace py = pybind11;

/// Name, role, type, shape, frames and frame axis of a field.
using FieldSpec = std::
    tuple<std::string, std::string, py::dtype, std::vector<py::ssize_t>, std::size_t, std::size_t>;

/// The schema that these fields describe.
Schema schema_of(const std::vector<FieldSpec> &specs);

/// The options that None, or a tuple of alpha, eps, weight normalisation and stratification, mean.
std::optional<PriorityOptions> options_of(const py::object &options);

} // namespace dqn_fast::bindings
