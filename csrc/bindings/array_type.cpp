// SPDX-License-Identifier: MIT
#include "bindings/array_type.hpp"

#include "bindings/dlpack.hpp"
#include "bindings/pybind11_private.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace dqn_fast::bindings {

namespace {

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

ArrayType::ArrayType(const Field &field)
    : ArrayType(py::dtype(field.dtype), {field.shape.begin(), field.shape.end()}) {}

std::byte *ArrayType::data(py::handle value, LeadingShape leading) const {
    return data_of(value, dtype_, leading);
}

const double *ArrayType::wide_data(py::handle value, LeadingShape leading) const {
    if (kind_ != 'f' || itemsize_ != sizeof(float))
        return nullptr;
    return reinterpret_cast<const double *>(data_of(value, py::dtype::of<double>(), leading));
}

std::byte *
ArrayType::data_of(py::handle value, const py::dtype &dtype, LeadingShape leading) const {
    if (!is_array(value))
        return nullptr;
    const auto *array = array_fields(value);
    constexpr int simple = NumpyApi::NPY_ARRAY_C_CONTIGUOUS_ | NumpyApi::NPY_ARRAY_ALIGNED_;
    if (!is_type(array->descr, dtype) || (array->flags & simple) != simple ||
        array->nd != static_cast<int>(leading.size() + shape_.size()))
        return nullptr;
    const auto *dimensions = array->dimensions;
    for (const py::ssize_t length : leading)
        if (*dimensions++ != length)
            return nullptr;
    for (const py::ssize_t length : shape_)
        if (*dimensions++ != length)
            return nullptr;
    return reinterpret_cast<std::byte *>(array->data);
}

const std::byte *ArrayType::tensor_data(py::handle value, LeadingShape leading) const {
    const std::optional<DLTensor> tensor = dlpack_view(value);
    const std::uint8_t code = kind_ == 'b'   ? DLTensor::kBool
                              : kind_ == 'i' ? DLTensor::kInt
                              : kind_ == 'u' ? DLTensor::kUnsigned
                                             : DLTensor::kFloat;
    if (!tensor || tensor->code != code || tensor->bits != 8 * itemsize_ ||
        tensor->ndim != static_cast<int>(leading.size() + shape_.size()))
        return nullptr;
    std::int64_t stride = 1;
    for (int axis = tensor->ndim; axis-- > 0;) {
        const auto i = static_cast<std::size_t>(axis);
        const py::ssize_t length = i < leading.size() ? leading[i] : shape_[i - leading.size()];
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

std::byte *ArrayType::writable_data(py::handle value, LeadingShape leading) const {
    std::byte *found = data(value, leading);
    if (found == nullptr || !py::reinterpret_borrow<py::array>(value).writeable())
        return nullptr;
    return found;
}

py::object ArrayType::make(LeadingShape leading) const {
    std::size_t bytes = row_bytes_;
    for (const py::ssize_t length : leading)
        bytes *= static_cast<std::size_t>(length);
    return bytes >= kPooled ? around(take_from_pool(bytes), leading)
                            : new_array(nullptr, {}, leading);
}

py::object ArrayType::around(PooledBlock block, LeadingShape leading) const {
    void *const data = block->data;
    py::capsule owner(block.get(), [](void *given) { GiveBack()(static_cast<Block *>(given)); });
    static_cast<void>(block.release()); // the capsule's now
    return new_array(data, std::move(owner), leading);
}

// An array over `data`, which `owner` keeps, or over memory of its own if that is null.
py::object ArrayType::new_array(void *data, py::object owner, LeadingShape leading) const {
    std::array<py::ssize_t, 64> dimensions; // NumPy's own limit
    std::copy(shape_.begin(),
              shape_.end(),
              std::copy(leading.begin(), leading.end(), dimensions.begin()));
    py::dtype type = dtype_;
    auto array = py::reinterpret_steal<py::object>(
        NumpyApi::get().PyArray_NewFromDescr_(NumpyApi::get().PyArray_Type_,
                                              type.release().ptr(),
                                              static_cast<int>(leading.size() + shape_.size()),
                                              dimensions.data(),
                                              nullptr,
                                              data,
                                              data == nullptr ? 0 : NumpyApi::NPY_ARRAY_WRITEABLE_,
                                              nullptr));
    if (!array ||
        (owner && NumpyApi::get().PyArray_SetBaseObject_(array.ptr(), owner.release().ptr()) != 0))
        throw py::error_already_set();
    return array;
}

} // namespace dqn_fast::bindings
