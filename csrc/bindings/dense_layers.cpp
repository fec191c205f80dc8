// SPDX-License-Identifier: MIT
#include "bindings/fast_method.hpp"
#include "bindings/register.hpp"
#include "kernels/dense_layer.hpp"
#include "kernels/kernels.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace dqn_fast::bindings {

namespace {

constexpr py::ssize_t kAny = -1;

std::string text(const std::vector<py::ssize_t> &shape) {
    std::string lengths;
    for (const py::ssize_t length : shape)
        lengths +=
            (lengths.empty() ? "" : ", ") + (length == kAny ? "any" : std::to_string(length));
    return "(" + lengths + ")";
}

// The value, if it is an array of float32 in C order and of this shape.
py::array floats(const char *name, const py::object &value, const std::vector<py::ssize_t> &shape) {
    const std::string expected = ", expected a C-contiguous array of float32 " + text(shape);
    if (!py::isinstance<py::array_t<float>>(value))
        throw py::type_error(std::string(name) + ": got " +
                             py::str(py::type::of(value)).cast<std::string>() + expected);
    auto array = py::reinterpret_borrow<py::array>(value);
    const std::vector<py::ssize_t> given(array.shape(), array.shape() + array.ndim());
    constexpr int flags = int{py::array::c_style} | int{NumpyApi::NPY_ARRAY_ALIGNED_};
    const auto fits = [](py::ssize_t is, py::ssize_t wanted) {
        return wanted == kAny || is == wanted;
    };
    if (!std::equal(given.begin(), given.end(), shape.begin(), shape.end(), fits) ||
        (array.flags() & flags) != flags)
        throw py::value_error(std::string(name) + ": got one of shape " + text(given) + expected);
    return array;
}

/// Dense layers over arrays of NumPy, whose numbers may change between two runs.
class DenseLayers {
  public:
    explicit DenseLayers(const py::sequence &layers) : kernels_(Kernels::choose()) {
        for (const py::handle layer : layers) {
            const bool is_sequence = py::isinstance<py::sequence>(layer);
            if (!is_sequence || py::len(layer) != 5)
                throw py::type_error("layers: got " +
                                     py::str(py::type::of(layer)).cast<std::string>() +
                                     (is_sequence ? " of " + std::to_string(py::len(layer)) : "") +
                                     ", expected (features, weight, bias, outputs, relu)");
            const auto values = layer.cast<std::array<py::object, 5>>();
            const py::array features = floats("features", values[0], {kAny, kAny});
            const py::array weight = floats("weight", values[1], {kAny, features.shape(1)});
            const py::array bias = floats("bias", values[2], {weight.shape(0)});
            py::array outputs = floats("outputs", values[3], {features.shape(0), weight.shape(0)});
            layers_.push_back({static_cast<const float *>(features.data()),
                               static_cast<const float *>(weight.data()),
                               static_cast<const float *>(bias.data()),
                               static_cast<float *>(outputs.mutable_data()),
                               static_cast<std::size_t>(features.shape(0)),
                               static_cast<std::size_t>(features.shape(1)),
                               static_cast<std::size_t>(weight.shape(0)),
                               values[4].cast<bool>()});
            arrays_.append(py::make_tuple(features, weight, bias, outputs));
        }
    }

    py::object run(Positional) {
        for (const DenseLayer &layer : layers_)
            kernels_.dense(layer);
        return py::none();
    }

  private:
    const Kernels &kernels_;
    std::vector<DenseLayer> layers_;
    py::list arrays_; // keeps the memory of the layers
};

} // namespace

void register_dense_layers(py::module_ &module) {
    py::class_<DenseLayers> type(module, "DenseLayers");
    type.def(py::init<const py::sequence &>(), py::arg("layers"));
    FastMethods<DenseLayers>(type).def<&DenseLayers::run, 0>("run", "run(self) -> None");
}

} // namespace dqn_fast::bindings
