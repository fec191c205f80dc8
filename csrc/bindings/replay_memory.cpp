// SPDX-License-Identifier: MIT
#include "bound_memory.hpp"
#include "register.hpp"

#include <pybind11/stl.h>

namespace dqn_fast::bindings {

void register_replay_memory(py::module_ &module) {
    py::class_<BoundMemory> memory(module, "ReplayMemory");
    memory
        .def(py::init<const std::vector<FieldSpec> &,
                      std::size_t,
                      std::size_t,
                      std::optional<double>,
                      bool,
                      std::uint64_t,
                      const py::object &>(),
             py::arg("fields"),
             py::arg("num_envs"),
             py::arg("capacity"),
             py::arg("reserve"),
             py::arg("drops_resets"),
             py::arg("seed"),
             py::arg("priorities"))
        .def("add_context", &BoundMemory::add_context, py::arg("obs"), py::arg("mask"))
        .def("read", &BoundMemory::read, py::arg("indices"), py::arg("n_step"), py::arg("gamma"))
        .def("held", &BoundMemory::held)
        .def("held_masses", &BoundMemory::held_masses)
        .def("empty", &BoundMemory::empty, py::arg("batch_size"))
        .def("clear", &BoundMemory::clear)
        .def("stats", &BoundMemory::stats)
        .def("is_full", &BoundMemory::is_full)
        .def("is_valid", &BoundMemory::is_valid)
        .def("__len__", &BoundMemory::size)
        .def_property_readonly("capacity", &BoundMemory::capacity)
        .def_property_readonly("nbytes", &BoundMemory::nbytes)
        .def_property_readonly("kernels", &BoundMemory::kernels);
    FastMethods<BoundMemory>(memory)
        .def<&BoundMemory::add, 10, 12>(
            "add",
            "add(self, obs, action, reward, next_obs, terminated, truncated, mask, new_segment, "
            "priority, extra, rows=None, env=None) -> bool")
        .def<&BoundMemory::sample, 5>("sample",
                                      "sample(self, batch_size, n_step, gamma, beta, out) -> tuple")
        .def<&BoundMemory::sample_distinct, 3>(
            "sample_distinct", "sample_distinct(self, batch_size, n_step, gamma) -> tuple")
        .def<&BoundMemory::update_priorities, 2>(
            "update_priorities", "update_priorities(self, indices, priorities) -> int");
    module.def("available_kernels", [] {
        std::vector<std::string> names;
        for (const Kernels *kernels : Kernels::available())
            names.emplace_back(kernels->name);
        return names;
    });
}

} // namespace dqn_fast::bindings
