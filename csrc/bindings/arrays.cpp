// SPDX-License-Identifier: MIT
// Longer than most: every way in which a value may be exactly what a field holds is tried here.
#include "arrays.hpp"

#include "dlpack.hpp"
#include "output_pool.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace dqn_fast::bindings {

namespace {

using Api = py::detail::npy_api;

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
    if (Api::get().PyArray_Check_(object) || !PyIndex_Check(object))
        return std::nullopt;
    const py::ssize_t number = PyNumber_AsSsize_t(object, PyExc_OverflowError);
    if (number == -1 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        return std::nullopt;
    }
    return number;
}

// Types of native byte order are singletons, except in arrays that were unpickled.
bool is_type(PyObject *descr, const py::dtype &dtype) {
    if (descr == dtype.ptr())
        return true;
    const auto other = py::reinterpret_borrow<py::dtype>(descr);
    return other.num() == dtype.num() && other.byteorder() == dtype.byteorder();
}

} // namespace

ArrayType::ArrayType(py::dtype dtype, std::vector<py::ssize_t> shape)
    : dtype_(std::move(dtype)), kind_(dtype_.kind()), itemsize_(dtype_.itemsize()),
      shape_(std::move(shape)), row_bytes_(static_cast<std::size_t>(itemsize_)) {
    for (const py::ssize_t length : shape_)
        row_bytes_ *= static_cast<std::size_t>(length);
}

std::byte *ArrayType::data(py::handle value, Lead lead) const {
    return data_of(value, dtype_, lead);
}

const double *ArrayType::wide_data(py::handle value, Lead lead) const {
    if (kind_ != 'f' || itemsize_ != sizeof(float))
        return nullptr;
    return reinterpret_cast<const double *>(data_of(value, py::dtype::of<double>(), lead));
}

std::byte *ArrayType::data_of(py::handle value, const py::dtype &dtype, Lead lead) const {
    if (!Api::get().PyArray_Check_(value.ptr()))
        return nullptr;
    const auto *array = py::detail::array_proxy(value.ptr());
    constexpr int simple = Api::NPY_ARRAY_C_CONTIGUOUS_ | Api::NPY_ARRAY_ALIGNED_;
    if (!is_type(array->descr, dtype) || (array->flags & simple) != simple ||
        array->nd != static_cast<int>(lead.size() + shape_.size()))
        return nullptr;
    const auto *dimensions = array->dimensions;
    for (const py::ssize_t length : lead)
        if (*dimensions++ != length)
            return nullptr;
    for (const py::ssize_t length : shape_)
        if (*dimensions++ != length)
            return nullptr;
    return reinterpret_cast<std::byte *>(array->data);
}

const std::byte *ArrayType::tensor_data(py::handle value, Lead lead) const {
    const std::optional<DLTensor> tensor = dlpack_view(value);
    const std::uint8_t code = kind_ == 'b'   ? DLTensor::kBool
                              : kind_ == 'i' ? DLTensor::kInt
                              : kind_ == 'u' ? DLTensor::kUnsigned
                                             : DLTensor::kFloat;
    if (!tensor || tensor->code != code || tensor->bits != 8 * itemsize_ ||
        tensor->ndim != static_cast<int>(lead.size() + shape_.size()))
        return nullptr;
    std::int64_t stride = 1;
    for (int axis = tensor->ndim; axis-- > 0;) {
        const auto i = static_cast<std::size_t>(axis);
        const py::ssize_t length = i < lead.size() ? lead[i] : shape_[i - lead.size()];
        const bool strided = tensor->strides != nullptr && tensor->strides[axis] != stride;
        if (tensor->shape[axis] != length || (strided && length != 1))
            return nullptr;
        stride *= length;
    }
    const auto *data = static_cast<const std::byte *>(tensor->data) + tensor->byte_offset;
    const bool aligned =
        reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(itemsize_) == 0;
    return aligned ? data : nullptr;
}

std::byte *ArrayType::writable_data(py::handle value, Lead lead) const {
    std::byte *found = data(value, lead);
    if (found == nullptr || !py::reinterpret_borrow<py::array>(value).writeable())
        return nullptr;
    return found;
}

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

py::object ArrayType::make(Lead lead) const {
    std::array<py::ssize_t, 64> dimensions; // NumPy's own limit
    std::copy(
        shape_.begin(), shape_.end(), std::copy(lead.begin(), lead.end(), dimensions.begin()));
    std::size_t bytes = row_bytes_;
    for (const py::ssize_t length : lead)
        bytes *= static_cast<std::size_t>(length);
    PooledMemory pooled{nullptr, {}};
    if (bytes >= kPooled)
        pooled = take_from_pool(bytes);
    py::dtype type = dtype_;
    auto array = py::reinterpret_steal<py::object>(
        Api::get().PyArray_NewFromDescr_(Api::get().PyArray_Type_,
                                         type.release().ptr(),
                                         static_cast<int>(lead.size() + shape_.size()),
                                         dimensions.data(),
                                         nullptr,
                                         pooled.data,
                                         pooled.data == nullptr ? 0 : Api::NPY_ARRAY_WRITEABLE_,
                                         nullptr));
    if (!array || (pooled.owner && Api::get().PyArray_SetBaseObject_(
                                       array.ptr(), pooled.owner.release().ptr()) != 0))
        throw py::error_already_set();
    return array;
}

std::byte *ArrayType::spare_data(py::handle value, Lead lead) const {
    if (value.ref_count() != 1)
        return nullptr;
    std::byte *found = writable_data(value, lead); // whoever had it may have changed what it is
    const py::ssize_t weak = Py_TYPE(value.ptr())->tp_weaklistoffset;
    const bool is_watched =
        weak > 0 && *reinterpret_cast<PyObject **>(reinterpret_cast<std::byte *>(value.ptr()) +
                                                   weak) != nullptr;
    return is_watched ? nullptr : found;
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

py::ssize_t length_of(py::handle value) {
    if (!Api::get().PyArray_Check_(value.ptr())) {
        const std::optional<DLTensor> tensor = dlpack_view(value);
        return tensor && tensor->ndim > 0 ? tensor->shape[0] : -1;
    }
    const auto *array = py::detail::array_proxy(value.ptr());
    return array->nd > 0 ? array->dimensions[0] : -1;
}

const std::byte *Arguments::read(py::handle value, const ArrayType &type) {
    if (const std::byte *data = type.data(value, lead_))
        return data;
    if (lead_.empty() && used_ < kScalars && type.read_scalar(value, scalars_[used_].data()))
        return scalars_[used_++].data();
    const std::byte *data = type.tensor_data(value, lead_);
    if (data == nullptr)
        data = narrowed(value, type);
    exact_ = exact_ && data != nullptr;
    return data;
}

const std::byte *Arguments::narrowed(py::handle value, const ArrayType &type) {
    const double *numbers = type.wide_data(value, lead_);
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
