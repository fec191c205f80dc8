// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/pybind11.h>

namespace dqn_fast::bindings {

void register_add_method(pybind11::module_ &module);
void register_dense_layers(pybind11::module_ &module);
void register_priority_index(pybind11::module_ &module);
void register_replay_memory(pybind11::module_ &module);
void register_lazy_row(pybind11::module_ &module);
void register_snapshot(pybind11::module_ &module);
void register_tuple_sequence(pybind11::module_ &module);

} // namespace dqn_fast::bindings
