// SPDX-License-Identifier: MIT
#include "bindings/dlpack.hpp"

namespace dqn_fast::bindings {

namespace {

namespace py = pybind11;

// The table of functions behind a type's `__dlpack_c_exchange_api__`, as dlpack.h lays it out.
struct ExchangeApi {
    std::uint32_t major, minor;
    ExchangeApi *older;
    void *allocate;
    void *export_managed;
    void *import_managed;
    int (*view)(void *object, DLTensor *out); // may be null
    void *current_stream;
};
constexpr std::uint32_t kMajor = 1;

// The table of a type, which stays for ever; null if it has none that we know.
const ExchangeApi *find_api(PyTypeObject *type) {
    PyObject *capsule =
        PyObject_GetAttrString(reinterpret_cast<PyObject *>(type), "__dlpack_c_exchange_api__");
    if (capsule == nullptr) {
        PyErr_Clear(); // any other object
        return nullptr;
    }
    const auto owned = py::reinterpret_steal<py::object>(capsule);
    const auto *api =
        static_cast<const ExchangeApi *>(PyCapsule_GetPointer(capsule, "dlpack_exchange_api"));
    if (api == nullptr)
        PyErr_Clear(); // another version of the protocol
    while (api != nullptr && api->major > kMajor)
        api = api->older;
    return api != nullptr && api->major == kMajor ? api : nullptr;
}

// torch negates some tensors lazily, which DLPack does not tell.
bool is_lazy(py::handle tensor) {
    static PyObject *const name = PyUnicode_InternFromString("is_neg");
    const auto answer =
        py::reinterpret_steal<py::object>(PyObject_CallMethodNoArgs(tensor.ptr(), name));
    if (!answer)
        PyErr_Clear(); // another library's
    return answer.ptr() == Py_True;
}

} // namespace

std::optional<DLTensor> dlpack_view(py::handle value) {
    const ExchangeApi *api = find_api(Py_TYPE(value.ptr()));
    if (api == nullptr || api->view == nullptr)
        return std::nullopt;
    DLTensor tensor;
    if (api->view(value.ptr(), &tensor) != 0) {
        PyErr_Clear(); // Python's conversion says what is wrong with it
        return std::nullopt;
    }
    if ((tensor.device_type != DLTensor::kCpu && tensor.device_type != DLTensor::kPinned) ||
        tensor.lanes != 1 || tensor.data == nullptr || is_lazy(value))
        return std::nullopt;
    return tensor;
}

} // namespace dqn_fast::bindings
