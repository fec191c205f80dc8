// SPDX-License-Identifier: MIT
#pragma once

#include "sampling/priorities.hpp"
#include "storage/schema.hpp"

#include <pybind11/pybind11.h>

#include <optional>

namespace dqn_fast::bindings {

/// The schema that Python's fields describe, by their attributes: name, role, dtype, shape, frames,
/// frame_axis.
[[nodiscard]] Schema schema_of(const pybind11::iterable &fields);

/// The options that Python's describe, by their attributes: alpha, eps, normalization, stratified.
/// None: no priorities.
[[nodiscard]] std::optional<PriorityOptions> options_of(const pybind11::object &options);

} // namespace dqn_fast::bindings
