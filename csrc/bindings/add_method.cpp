// SPDX-License-Identifier: MIT
// The method `add` of buffers. It has the signature, the documentation and the errors of a Python
// function, but hands steps that the core takes as they are straight to it: a frame of Python and
// what it does before the call take as long as the core does.
#include "bindings/py_replay_memory.hpp"
#include "bindings/register.hpp"
#include "bindings/step_arguments.hpp"

#include <structmember.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace dqn_fast::bindings {

namespace {

struct AddMethod {
    PyObject_HEAD vectorcallfunc call;
    PyObject *function; // Python's
    PyObject *dict;     // what functools.update_wrapper says of it
};

AddMethod *method_in(PyObject *self) { return reinterpret_cast<AddMethod *>(self); }

// Names are interned, as are those of keywords in source code. One that is not is found by Python.
using Name = PyObject *;

struct Names {
    // In the order of StepArgument. The last two are no arguments of the core's.
    std::array<Name, kExtra> step;
    std::array<Name, 2> others;
    Name memory;
};

const Names &names() {
    constexpr auto intern = [](const char *name) { return PyUnicode_InternFromString(name); };
    static const Names all{{intern("obs"),
                            intern("action"),
                            intern("reward"),
                            intern("next_obs"),
                            intern("terminated"),
                            intern("truncated"),
                            intern("mask"),
                            intern("new_segment"),
                            intern("priority")},
                           {intern("final_obs"), intern("final_mask")},
                           intern("_plain_memory")};
    return all;
}

/// A call of `add` in the order of the core's.
class StepCall {
  public:
    /// Returns false if the call is not one that the core could take.
    bool read(std::span<PyObject *const> positional, PyObject *keywords, PyObject *const *values) {
        if (positional.size() > kMask)
            return false;
        std::copy(positional.begin(), positional.end(), step_.begin());
        const Py_ssize_t count = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
        for (Py_ssize_t i = 0; i < count; ++i)
            if (!read_keyword(PyTuple_GET_ITEM(keywords, i), values[i]))
                return false;
        static PyObject *const no_extra = py::dict().release().ptr();
        use_default(kTruncated, Py_False);
        use_default(kMask, Py_None);
        use_default(kNewSegment, Py_False);
        use_default(kPriority, Py_None);
        use_default(kExtra, extra_ ? extra_.ptr() : no_extra);
        return std::find(step_.begin(), step_.end(), nullptr) == step_.end();
    }

    [[nodiscard]] Positional arguments() const { return step_; }

  private:
    bool read_keyword(Name name, PyObject *value) {
        const auto &known = names().step;
        const auto found = std::find(known.begin(), known.end(), name);
        if (found != known.end()) {
            PyObject *&place = step_[static_cast<std::size_t>(found - known.begin())];
            const bool is_free = place == nullptr;
            place = value;
            return is_free;
        }
        const auto &others = names().others;
        if (std::find(others.begin(), others.end(), name) != others.end())
            return false;
        if (!extra_)
            extra_ = py::dict();
        extra_[name] = py::handle(value);
        return true;
    }

    void use_default(StepArgument argument, PyObject *value) {
        if (step_[argument] == nullptr)
            step_[argument] = value;
    }

    std::array<PyObject *, kExtra + 1> step_{}; // borrowed
    py::object extra_;                          // a dict; null: none were given
};

// Whether the core has taken the step; nothing has changed otherwise. `self` comes first.
py::object core_takes(PyObject *const *arguments, std::size_t count, PyObject *keywords) {
    static PyObject *const memory_type = py::type::of<PyReplayMemory>().release().ptr();
    StepCall step;
    if (count == 0 || !step.read({arguments + 1, count - 1}, keywords, arguments + count))
        return py::bool_(false);
    const auto memory =
        py::reinterpret_steal<py::object>(PyObject_GetAttr(arguments[0], names().memory));
    if (!memory)
        throw py::error_already_set();
    if (reinterpret_cast<PyObject *>(Py_TYPE(memory.ptr())) != memory_type)
        return py::bool_(false);
    return object_in<PyReplayMemory>(memory.ptr())->add(step.arguments());
}

PyObject *
call_add(PyObject *self, PyObject *const *arguments, std::size_t flags, PyObject *keywords) {
    const auto count = static_cast<std::size_t>(PyVectorcall_NARGS(flags));
    PyObject *const taken = call([&] { return core_takes(arguments, count, keywords); });
    if (taken == nullptr)
        return nullptr;
    Py_DECREF(taken);
    if (taken == Py_True)
        Py_RETURN_NONE;
    return PyObject_Vectorcall(method_in(self)->function, arguments, flags, keywords);
}

PyObject *bind(PyObject *self, PyObject *instance, PyObject * /*owner*/) {
    if (instance == nullptr || instance == Py_None)
        return Py_NewRef(self);
    return PyMethod_New(self, instance);
}

// By name, as a function.
PyObject *reduce(PyObject *self, PyObject * /*none*/) {
    return PyObject_GetAttrString(self, "__qualname__");
}

int traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(method_in(self)->function);
    Py_VISIT(method_in(self)->dict);
    return 0;
}

int clear(PyObject *self) {
    Py_CLEAR(method_in(self)->function);
    Py_CLEAR(method_in(self)->dict);
    return 0;
}

void destroy(PyObject *self) {
    PyTypeObject *const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

PyTypeObject *add_method_type() {
    static PyMemberDef members[] = {
        {"__vectorcalloffset__", T_PYSSIZET, offsetof(AddMethod, call), READONLY, nullptr},
        {"__dictoffset__", T_PYSSIZET, offsetof(AddMethod, dict), READONLY, nullptr},
        {},
    };
    static PyMethodDef methods[] = {{"__reduce__", &reduce, METH_NOARGS, nullptr}, {}};
    static PyGetSetDef properties[] = {
        {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
        {},
    };
    const auto slot = [](auto *function) { return reinterpret_cast<void *>(function); };
    static PyType_Slot slots[] = {
        {Py_tp_call, slot(&PyVectorcall_Call)},
        {Py_tp_descr_get, slot(&bind)},
        {Py_tp_traverse, slot(&traverse)},
        {Py_tp_clear, slot(&clear)},
        {Py_tp_dealloc, slot(&destroy)},
        {Py_tp_members, members},
        {Py_tp_methods, methods},
        {Py_tp_getset, properties},
        {0, nullptr},
    };
    // The flag for descriptors lets calls go without a bound method.
    static PyType_Spec spec{"dqn_fast._core.AddMethod",
                            sizeof(AddMethod),
                            0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                                Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                            slots};
    static auto *const type = reinterpret_cast<PyTypeObject *>(PyType_FromSpec(&spec));
    if (type == nullptr)
        throw py::error_already_set();
    return type;
}

py::object add_method(py::object function) {
    PyTypeObject *const type = add_method_type();
    auto method = py::reinterpret_steal<py::object>(type->tp_alloc(type, 0));
    if (!method)
        throw py::error_already_set();
    method_in(method.ptr())->call = &call_add;
    method_in(method.ptr())->function = function.inc_ref().ptr();
    return py::module_::import("functools").attr("update_wrapper")(method, function);
}

} // namespace

void register_add_method(py::module_ &module) {
    module.def("add_method", &add_method, py::arg("function"));
}

} // namespace dqn_fast::bindings
