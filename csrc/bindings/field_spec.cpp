// SPDX-License-Identifier: MIT
#include "field_spec.hpp"

#include <pybind11/stl.h>

#include <utility>

namespace dqn_fast::bindings {

namespace {

Role role_of(const std::string &name) {
    if (name == "observation")
        return Role::kObservation;
    if (name == "action")
        return Role::kAction;
    if (name == "reward")
        return Role::kReward;
    return Role::kExtra;
}

} // namespace

Schema schema_of(const std::vector<FieldSpec> &specs) {
    std::vector<Field> fields;
    for (const auto &[name, role, dtype, shape, frames, frame_axis] : specs)
        fields.push_back({name,
                          role_of(role),
                          py::str(dtype.attr("str")).cast<std::string>(),
                          {shape.begin(), shape.end()},
                          static_cast<std::size_t>(dtype.itemsize()),
                          frames,
                          frame_axis});
    return Schema(std::move(fields));
}

std::optional<PriorityOptions> options_of(const py::object &options) {
    if (options.is_none())
        return std::nullopt;
    const auto [alpha, eps, normalization, stratified] =
        options.cast<std::tuple<double, double, std::string, bool>>();
    return PriorityOptions{alpha,
                           eps,
                           normalization == "batch"    ? WeightNormalization::kBatch
                           : normalization == "buffer" ? WeightNormalization::kBuffer
                                                       : WeightNormalization::kNone,
                           stratified};
}

} // namespace dqn_fast::bindings
