// SPDX-License-Identifier: MIT
// Single numbers across the boundary: which of them a field holds exactly, and Python's for one.
#include "bindings/array_type.hpp"
#include "bindings/pybind11_private.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace dqn_fast::bindings {

namespace {

template <class T>
bool store(T value, std::byte *to) {
    std::memcpy(to, &value, sizeof value);
    return true;
}

template <class T>
bool store_in_range(long long value, std::byte *to) {
    if (!std::in_range<T>(value))
        return false;
    return store(static_cast<T>(value), to);
}

// NumPy has one True and one False.
py::handle numpy_bool(bool value) {
    static const py::handle objects[2] = {
        py::module_::import("numpy").attr("bool_")(false).release(),
        py::module_::import("numpy").attr("bool_")(true).release()};
    return objects[value ? 1 : 0];
}

bool is_numpy_float(PyObject *object) {
    static const py::handle types[2] = {
        py::object(py::module_::import("numpy").attr("float32")).release(),
        py::object(py::module_::import("numpy").attr("float16")).release()};
    const auto *type = reinterpret_cast<PyObject *>(Py_TYPE(object));
    return type == types[0].ptr() || type == types[1].ptr();
}

// Most rewards are one of two, and whoever reads many numbers fetches few objects.
py::float_ float_of(double value) {
    static const py::handle zero = py::float_(0.0).release(), one = py::float_(1.0).release();
    if (value == 1.0)
        return py::reinterpret_borrow<py::float_>(one);
    if (value == 0.0 && !std::signbit(value))
        return py::reinterpret_borrow<py::float_>(zero);
    return py::float_(value);
}

// The value of a Python or NumPy integer; Python's conversion says what is wrong with any other.
std::optional<long long> integer_of(PyObject *object) {
    if (is_array(object) || !PyIndex_Check(object))
        return std::nullopt;
    const py::ssize_t number = PyNumber_AsSsize_t(object, PyExc_OverflowError);
    if (number == -1 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        return std::nullopt;
    }
    return number;
}

} // namespace

bool ArrayType::read_integer(long long value, std::byte *to) const {
    const bool is_signed = kind_ == 'i';
    switch (itemsize_) {
    case 1:
        return is_signed ? store_in_range<std::int8_t>(value, to)
                         : store_in_range<std::uint8_t>(value, to);
    case 2:
        return is_signed ? store_in_range<std::int16_t>(value, to)
                         : store_in_range<std::uint16_t>(value, to);
    case 4:
        return is_signed ? store_in_range<std::int32_t>(value, to)
                         : store_in_range<std::uint32_t>(value, to);
    default:
        return is_signed ? store_in_range<std::int64_t>(value, to)
                         : store_in_range<std::uint64_t>(value, to);
    }
}

bool ArrayType::read_scalar(py::handle value, std::byte *to) const {
    if (!shape_.empty())
        return false;
    PyObject *object = value.ptr();
    if (kind_ == 'b') {
        if (object == Py_True || object == numpy_bool(true).ptr())
            return store(std::uint8_t{1}, to);
        if (object == Py_False || object == numpy_bool(false).ptr())
            return store(std::uint8_t{0}, to);
        return false;
    }
    if (kind_ == 'f' && itemsize_ >= 4 && itemsize_ <= 8) {
        double number;
        if (PyFloat_Check(object) || is_numpy_float(object)) { // NumPy's float64 is the former
            number = PyFloat_AsDouble(object);
        } else if (const std::optional<long long> integer = integer_of(object)) {
            const long long exact = itemsize_ == 8 ? 1LL << 53 : 1LL << 24; // all up to it fit
            if (*integer > exact || *integer < -exact)
                return false;
            number = static_cast<double>(*integer);
        } else {
            return false;
        }
        if (itemsize_ == 8)
            return store(number, to);
        if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max())
            return false;
        return store(static_cast<float>(number), to);
    }
    if (kind_ == 'i' || kind_ == 'u') {
        const std::optional<long long> integer = integer_of(object);
        return integer && read_integer(*integer, to);
    }
    return false;
}

py::object ArrayType::number(const std::byte *from) const {
    const auto load = [from](auto value) {
        std::memcpy(&value, from, sizeof value);
        return value;
    };
    const auto integer = [&](auto with_sign, auto without) {
        return kind_ == 'i' ? py::int_(load(with_sign)) : py::int_(load(without));
    };
    if (kind_ == 'b')
        return py::bool_(load(std::uint8_t{}) != 0);
    if (kind_ == 'f' && itemsize_ == 8)
        return float_of(load(double{}));
    if (kind_ == 'f' && itemsize_ == 4)
        return float_of(load(float{}));
    if (kind_ == 'f') { // only NumPy reads these
        const py::object array = make({});
        std::memcpy(data(array, {}), from, row_bytes_);
        return array.attr("item")();
    }
    switch (itemsize_) {
    case 1:
        return integer(std::int8_t{}, std::uint8_t{});
    case 2:
        return integer(std::int16_t{}, std::uint16_t{});
    case 4:
        return integer(std::int32_t{}, std::uint32_t{});
    default:
        return integer(std::int64_t{}, std::uint64_t{});
    }
}

} // namespace dqn_fast::bindings
