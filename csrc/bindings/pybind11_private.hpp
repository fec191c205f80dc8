// SPDX-License-Identifier: MIT
// What the bindings use of pybind11 that is not its documented interface, in one place. Tested with
// pybind11 3.0: whoever moves to another version looks here first.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace dqn_fast::bindings {

namespace py = pybind11;

/// NumPy's C interface, as pybind11 found it.
using NumpyApi = py::detail::npy_api;

inline bool is_array(py::handle value) { return NumpyApi::get().PyArray_Check_(value.ptr()); }

/// The fields of an array: descr, flags, nd, dimensions, data. `value` must be one.
inline auto *array_fields(py::handle value) { return py::detail::array_proxy(value.ptr()); }

/// The C++ object in a Python object whose type is checked already; null if it was made without
/// __init__.
template <class Class>
Class *object_in(PyObject *self) {
    auto *instance = reinterpret_cast<py::detail::instance *>(self);
    return static_cast<Class *>(instance->get_value_and_holder().value_ptr());
}

/// Makes the C++ exception that is being handled Python's.
inline void translate_exception() { py::detail::try_translate_exceptions(); }

} // namespace dqn_fast::bindings
