// SPDX-License-Identifier: MIT
#include "bindings/field_description.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <string>
#include <utility>
#include <vector>

namespace dqn_fast::bindings {

namespace {

namespace py = pybind11;

Role role_of(const std::string &name) {
    if (name == "observation")
        return Role::kObservation;
    if (name == "action")
        return Role::kAction;
    if (name == "reward")
        return Role::kReward;
    if (name == "extra")
        return Role::kExtra;
    throw py::value_error("role: got '" + name +
                          "', expected observation, action, reward or extra");
}

WeightNormalization normalization_of(const std::string &name) {
    if (name == "batch")
        return WeightNormalization::kBatch;
    if (name == "buffer")
        return WeightNormalization::kBuffer;
    if (name == "none")
        return WeightNormalization::kNone;
    throw py::value_error("normalization: got '" + name + "', expected batch, buffer or none");
}

template <class T>
T attribute(py::handle object, const char *name) {
    return object.attr(name).cast<T>();
}

} // namespace

Schema schema_of(const py::iterable &fields) {
    std::vector<Field> result;
    for (const py::handle field : fields) {
        const auto dtype = attribute<py::dtype>(field, "dtype");
        result.push_back({.name = attribute<std::string>(field, "name"),
                          .role = role_of(attribute<std::string>(field, "role")),
                          .dtype = py::str(dtype.attr("str")).cast<std::string>(),
                          .shape = attribute<std::vector<std::size_t>>(field, "shape"),
                          .itemsize = static_cast<std::size_t>(dtype.itemsize()),
                          .frames = attribute<std::size_t>(field, "frames"),
                          .frame_axis = attribute<std::size_t>(field, "frame_axis")});
    }
    return Schema(std::move(result));
}

std::optional<PriorityOptions> options_of(const py::object &options) {
    if (options.is_none())
        return std::nullopt;
    return PriorityOptions{.alpha = attribute<double>(options, "alpha"),
                           .eps = attribute<double>(options, "eps"),
                           .normalization =
                               normalization_of(attribute<std::string>(options, "normalization")),
                           .stratified = attribute<bool>(options, "stratified")};
}

} // namespace dqn_fast::bindings
