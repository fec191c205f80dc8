// SPDX-License-Identifier: MIT
#include "bindings/arguments.hpp"

#include "bindings/dlpack.hpp"
#include "bindings/pybind11_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace dqn_fast::bindings {

std::size_t size_of(PyObject *value) {
    const std::size_t size = PyLong_AsSize_t(value);
    if (size == static_cast<std::size_t>(-1) && PyErr_Occurred() != nullptr)
        throw py::error_already_set();
    return size;
}

double number_of(PyObject *value) {
    const double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred() != nullptr)
        throw py::error_already_set();
    return number;
}

py::ssize_t length_of(py::handle value) {
    if (!is_array(value)) {
        const std::optional<DLTensor> tensor = dlpack_view(value);
        return tensor && tensor->ndim > 0 ? tensor->shape[0] : -1;
    }
    const auto *array = array_fields(value);
    return array->nd > 0 ? array->dimensions[0] : -1;
}

const std::byte *Arguments::read(py::handle value, const ArrayType &type) {
    // Which comes first changes no answer.
    if (leading_.empty() && used_ < kScalars && type.read_scalar(value, scalars_[used_].data()))
        return scalars_[used_++].data();
    if (const std::byte *data = type.data(value, leading_))
        return data;
    // To find that an array is no tensor takes Python longer than all the rest.
    const std::byte *data =
        is_array(value) ? rounded_to_float(value, type) : type.tensor_data(value, leading_);
    exact_ = exact_ && data != nullptr;
    return data;
}

const std::byte *Arguments::rounded_to_float(py::handle value, const ArrayType &type) {
    const double *numbers = type.wide_data(value, leading_);
    if (numbers == nullptr)
        return nullptr;
    const auto size = static_cast<std::size_t>(py::reinterpret_borrow<py::array>(value).size());
    std::vector<float> &room = narrowed_.emplace_back(std::max<std::size_t>(size, 1));
    for (std::size_t i = 0; i < size; ++i) {
        if (std::isfinite(numbers[i]) && std::abs(numbers[i]) > std::numeric_limits<float>::max())
            return nullptr;
        room[i] = static_cast<float>(numbers[i]);
    }
    return reinterpret_cast<const std::byte *>(room.data());
}

const std::byte *Arguments::read_optional(py::handle value, const ArrayType &type) {
    return value.is_none() ? nullptr : read(value, type);
}

const std::byte *Arguments::read_flags(py::handle value, const ArrayType &type) {
    return value.ptr() == Py_False ? nullptr : read_optional(value, type);
}

} // namespace dqn_fast::bindings
