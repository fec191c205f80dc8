// SPDX-License-Identifier: MIT
#pragma once

#include "bindings/pybind11_private.hpp"

#include <span>

namespace dqn_fast::bindings {

/// The positional arguments of a call, in order.
using Positional = std::span<PyObject *const>;

/// What `function` returns; an exception becomes Python's.
template <class Function>
PyObject *call(Function &&function) noexcept {
    try {
        return function().release().ptr();
    } catch (py::error_already_set &error) {
        error.restore();
    } catch (...) {
        translate_exception();
    }
    return nullptr;
}

/// What `function` returns of the object in `self`, whose type Python has checked.
template <class Class, class Function>
PyObject *call_on(PyObject *self, Function &&function) noexcept {
    return call([&] {
        Class *const object = object_in<Class>(self);
        if (object == nullptr)
            throw py::type_error(
                "self: got an object without its __init__, expected one that is initialised");
        return function(*object);
    });
}

/// Defines methods that are called without pybind11's dispatch, which converts each argument and
/// allocates for it. They take positional arguments only.
template <class Class>
class FastMethods {
  public:
    explicit FastMethods(py::class_<Class> &type) : type_(type) {}

    /// `signature` is the first line of the docstring. `Method` takes `least` to `most` arguments.
    template <py::object (Class::*Method)(Positional), int least, int most = least>
    FastMethods &def(const char *name, const char *signature) {
        static PyMethodDef method{nullptr, nullptr, METH_FASTCALL, nullptr};
        method.ml_name = name;
        method.ml_meth =
            reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&call<Method, least, most>));
        method.ml_doc = signature;
        auto *type = reinterpret_cast<PyTypeObject *>(type_.ptr());
        const auto descriptor = py::reinterpret_steal<py::object>(PyDescr_NewMethod(type, &method));
        if (!descriptor)
            throw py::error_already_set();
        py::setattr(type_, name, descriptor);
        return *this;
    }

  private:
    template <py::object (Class::*Method)(Positional), int least, int most>
    static PyObject *call(PyObject *self, PyObject *const *arguments, Py_ssize_t count) noexcept {
        return call_on<Class>(self, [&](Class &object) {
            if (count < least || count > most)
                throw py::type_error(
                    "arguments: got another number of them, expected those of the signature");
            return (object.*Method)(Positional(arguments, static_cast<std::size_t>(count)));
        });
    }

    py::class_<Class> &type_;
};

} // namespace dqn_fast::bindings
