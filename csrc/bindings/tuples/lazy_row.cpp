// SPDX-License-Identifier: MIT
#include "bindings/fast_method.hpp"
#include "bindings/register.hpp"

#include <pybind11/numpy.h>

#include <cstdint>

namespace dqn_fast::bindings {

namespace {

/// A row of a column that is read when it is used: hundreds are made for each batch.
struct LazyRow {
    PyObject ob_base; // what Python keeps of each object
    PyObject *column;
    Py_ssize_t number;
};

LazyRow &row_in(PyObject *object) { return *reinterpret_cast<LazyRow *>(object); }

// rows_of(cls, column, count) -> list: rows 0 to count - 1 of the column.
PyObject *rows_of(PyObject *cls, PyObject *const *arguments, Py_ssize_t given) noexcept {
    return call([&] {
        const Py_ssize_t count = given == 2 ? PyLong_AsSsize_t(arguments[1]) : -1;
        if (count == -1 && PyErr_Occurred() != nullptr)
            throw py::error_already_set();
        if (count < 0)
            throw py::type_error(
                "rows_of: got other arguments, expected a column and a count of at least 0");
        auto *const type = reinterpret_cast<PyTypeObject *>(cls);
        const auto rows = py::reinterpret_steal<py::object>(PyList_New(count));
        if (!rows)
            throw py::error_already_set();
        for (Py_ssize_t number = 0; number < count; ++number) {
            PyObject *const row = type->tp_alloc(type, 0);
            if (row == nullptr)
                throw py::error_already_set();
            row_in(row).column = Py_NewRef(arguments[0]);
            row_in(row).number = number;
            PyList_SET_ITEM(rows.ptr(), number, row);
        }
        return rows;
    });
}

// numbers(cls, rows) -> (column, array) | None: of rows of one column; None if they are not.
PyObject *numbers(PyObject *cls, PyObject *given) noexcept {
    return call([&]() -> py::object {
        if (!PyList_CheckExact(given) && !PyTuple_CheckExact(given))
            return py::none();
        const Py_ssize_t count = PySequence_Fast_GET_SIZE(given);
        PyObject **const rows = PySequence_Fast_ITEMS(given);
        const auto *const type = reinterpret_cast<PyTypeObject *>(cls);
        if (count == 0 || Py_TYPE(rows[0]) != type)
            return py::none();
        PyObject *const column = row_in(rows[0]).column;
        py::array_t<std::int64_t> at(count);
        std::int64_t *const to = at.mutable_data();
        for (Py_ssize_t i = 0; i < count; ++i) {
            if (Py_TYPE(rows[i]) != type || row_in(rows[i]).column != column)
                return py::none();
            to[i] = row_in(rows[i]).number;
        }
        return py::make_tuple(py::reinterpret_borrow<py::object>(column), at);
    });
}

// row[key]. There is no other way to read items by position, so that Python takes a row for no
// sequence, as it takes a tensor for none: PyTorch makes a vector of a list of tensors of one
// number each, but a matrix of a list of sequences.
PyObject *subscript(PyObject *self, PyObject *key) noexcept {
    return call([&] {
        return py::object(
            py::reinterpret_borrow<py::object>(self).attr("tensor")()[py::handle(key)]);
    });
}

PyObject *column_of(PyObject *self, void *) noexcept { return Py_NewRef(row_in(self).column); }

PyObject *number_of(PyObject *self, void *) noexcept {
    return PyLong_FromSsize_t(row_in(self).number);
}

void dealloc(PyObject *self) noexcept {
    PyTypeObject *const type = Py_TYPE(self);
    Py_DECREF(row_in(self).column);
    type->tp_free(self);
    Py_DECREF(type);
}

} // namespace

void register_lazy_row(py::module_ &module) {
    static PyGetSetDef attributes[] = {
        {"column", &column_of, nullptr, "What it is a row of.", nullptr},
        {"number", &number_of, nullptr, "Which one.", nullptr},
        {nullptr, nullptr, nullptr, nullptr, nullptr},
    };
    static PyMethodDef methods[] = {
        {"rows_of",
         reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&rows_of)),
         METH_FASTCALL | METH_CLASS,
         "rows_of(cls, column, count) -> list"},
        {"numbers", &numbers, METH_O | METH_CLASS, "numbers(cls, rows) -> tuple | None"},
        {nullptr, nullptr, 0, nullptr},
    };
    static PyType_Slot slots[] = {
        {Py_tp_dealloc, reinterpret_cast<void *>(&dealloc)},
        {Py_tp_getset, attributes},
        {Py_tp_methods, methods},
        {Py_mp_subscript, reinterpret_cast<void *>(&subscript)},
        {0, nullptr},
    };
    static PyType_Spec spec{"dqn_fast._core.LazyRow",
                            static_cast<int>(sizeof(LazyRow)),
                            0,
                            // Only `rows_of` makes any, and each has a column.
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
                                Py_TPFLAGS_DISALLOW_INSTANTIATION,
                            slots};
    const auto type = py::reinterpret_steal<py::object>(PyType_FromSpec(&spec));
    if (!type)
        throw py::error_already_set();
    module.add_object("LazyRow", type);
}

} // namespace dqn_fast::bindings
