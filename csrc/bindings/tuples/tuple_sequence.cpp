// SPDX-License-Identifier: MIT
#include "bindings/py_replay_memory.hpp"
#include "bindings/register.hpp"
#include "bindings/tuples/kept_tuples.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace dqn_fast::bindings {

namespace {

/// The transitions of a memory of one environment as a sequence of tuples, oldest first.
///
/// The memory names steps by their time, and some steps hold no transition: the times of those that
/// do are kept here, so that each access takes the same time. `random.sample` accesses a sequence
/// once for each item, so a call of a Python method, let alone of pybind11's dispatch, would take
/// longer than the item itself.
class TupleSequence {
  public:
    explicit TupleSequence(std::size_t maxlen) : maxlen_(maxlen) {}

    /// memory, restore, wrap: shows this memory's transitions from now on, none if it is None.
    /// `restore` and `wrap` hold a function or None for each value of a tuple: `restore` turns the
    /// stored value into the one that was added, and `wrap` that array into a tensor over its
    /// memory.
    py::object follow(Positional given) {
        owner_ = py::reinterpret_borrow<py::object>(given[0]);
        memory_ = owner_.cast<PyReplayMemory *>();
        restore_ = py::cast<py::tuple>(given[1]);
        wrap_ = py::cast<py::tuple>(given[2]);
        const std::size_t row = memory_ == nullptr ? 0 : memory_->row_bytes();
        const bool wraps = std::any_of(
            wrap_.begin(), wrap_.end(), [](py::handle function) { return !function.is_none(); });
        // All or none: a few of many would hardly be asked for again, and to replace them takes
        // time.
        const bool fits = maxlen_ <= kKeptBytes / (kTensorsBytes + 2 * row);
        kept_ = KeptTuples(wraps && fits ? maxlen_ : 0);
        times_.clear();
        if (memory_ != nullptr) {
            const py::array_t<std::int64_t> held = memory_->indices();
            times_.assign(held.data(), held.data() + held.size());
        }
        added_ = held_ = static_cast<std::int64_t>(times_.size());
        return py::none();
    }

    /// A transition was just added to the memory.
    py::object note(Positional) {
        if (memory_ == nullptr)
            throw py::value_error("note: got no memory, expected one to follow");
        const auto [time, held] = memory_->newest();
        if (times_.size() < maxlen_)
            times_.push_back(time);
        else
            times_[static_cast<std::size_t>(added_) % maxlen_] = time;
        ++added_;
        held_ = held;
        return py::none();
    }

    py::object size(Positional) { return py::int_(held_); }

    py::object get(py::handle key) {
        if (!PySlice_Check(key.ptr()))
            return at(key);
        py::ssize_t start = 0, stop = 0, step = 0;
        if (PySlice_Unpack(key.ptr(), &start, &stop, &step) != 0)
            throw py::error_already_set();
        py::list items;
        for (py::ssize_t n = PySlice_AdjustIndices(held_, &start, &stop, step); n-- > 0;
             start += step)
            items.append(item(start));
        return items;
    }

  private:
    static constexpr std::size_t kKeptBytes = std::size_t{1} << 26; // most that are kept
    static constexpr std::size_t kTensorsBytes = 1408; // about, of a tuple without its values

    py::object at(py::handle index) {
        const py::ssize_t given = PyNumber_AsSsize_t(index.ptr(), PyExc_IndexError);
        if (given == -1 && PyErr_Occurred() != nullptr)
            throw py::error_already_set();
        if (given < -held_ || given >= held_)
            throw py::index_error("index: got " + std::to_string(given) + ", expected one of " +
                                  std::to_string(held_) + " tuples");
        return item(given < 0 ? given + held_ : given);
    }

    py::object item(std::int64_t place) {
        const std::int64_t number = added_ - held_ + place;
        if (py::object kept = kept_.find(number))
            return kept;
        const py::object owner = owner_; // another thread may clear all while Python runs below
        py::object values = memory_->read_one(times_[static_cast<std::size_t>(number) % maxlen_]);
        std::vector<py::array> arrays;
        bool is_known = true; // each value is a number, or a tensor over one of the arrays
        for (py::ssize_t i = 0; i < static_cast<py::ssize_t>(restore_.size()); ++i) {
            replace(values, i, PyTuple_GET_ITEM(restore_.ptr(), i));
            PyObject *const value = PyTuple_GET_ITEM(values.ptr(), i);
            PyObject *const wrap = PyTuple_GET_ITEM(wrap_.ptr(), i);
            if (wrap == Py_None) {
                is_known = is_known && is_number(value);
                continue;
            }
            arrays.push_back(py::reinterpret_borrow<py::array>(value));
            replace(values, i, wrap);
        }
        if (is_known && owner_.is(owner))
            kept_.keep(number, values, arrays);
        return values;
    }

    static bool is_number(PyObject *value) {
        return PyFloat_Check(value) || PyLong_Check(value); // a bool is an int
    }

    // Replaces a value by `function(value)`, unless the function is None.
    static void replace(const py::object &values, py::ssize_t i, PyObject *function) {
        if (function == Py_None)
            return;
        PyObject *const value = PyTuple_GET_ITEM(values.ptr(), i);
        PyObject *const made = PyObject_CallOneArg(function, value);
        if (made == nullptr)
            throw py::error_already_set();
        PyTuple_SET_ITEM(values.ptr(), i, made); // nobody else has the tuple yet
        Py_DECREF(value);
        // Python may have seen that the tuple held nothing that could hold it in turn.
        if (PyObject_GC_IsTracked(values.ptr()) == 0)
            PyObject_GC_Track(values.ptr());
    }

    std::size_t maxlen_;
    KeptTuples kept_{0};
    py::object owner_; // of the memory
    PyReplayMemory *memory_ = nullptr;
    py::tuple restore_, wrap_;
    std::vector<std::int64_t> times_; // that of the transition added nth at n % maxlen
    std::int64_t added_ = 0, held_ = 0;
};

PyObject *subscript(PyObject *self, PyObject *key) noexcept {
    return call_on<TupleSequence>(self,
                                  [key](TupleSequence &sequence) { return sequence.get(key); });
}

} // namespace

void register_tuple_sequence(py::module_ &module) {
    // Python's own metaclass: pybind11's would not go together with that of abstract base classes.
    py::class_<TupleSequence> sequence(module,
                                       "TupleSequence",
                                       py::metaclass(reinterpret_cast<PyObject *>(&PyType_Type)),
                                       py::custom_type_setup([](PyHeapTypeObject *type) {
                                           type->as_mapping.mp_subscript = &subscript;
                                       }));
    sequence.def(py::init<std::size_t>(), py::arg("maxlen"));
    FastMethods<TupleSequence>(sequence)
        .def<&TupleSequence::follow, 3>("_follow", "_follow(self, memory, restore, wrap) -> None")
        .def<&TupleSequence::note, 0>("_note", "_note(self) -> None")
        .def<&TupleSequence::size, 0>("__len__", "__len__(self) -> int");
}

} // namespace dqn_fast::bindings
