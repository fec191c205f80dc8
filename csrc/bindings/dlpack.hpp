// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>

namespace dqn_fast::bindings {

/// A tensor as DLPack describes it (dlpack.h, version 1): the layout is part of its interface.
struct DLTensor {
    void *data;
    std::int32_t device_type;
    std::int32_t device_id;
    std::int32_t ndim;
    std::uint8_t code; // kind of number
    std::uint8_t bits;
    std::uint16_t lanes;
    std::int64_t *shape;
    std::int64_t *strides; // in elements; null if it is C-contiguous
    std::uint64_t byte_offset;

    static constexpr std::int32_t kCpu = 1, kPinned = 3; // device types: what a processor can read
    static constexpr std::uint8_t kInt = 0, kUnsigned = 1, kFloat = 2, kBool = 6;
};

/// A view of a tensor through DLPack's C exchange API, which torch has since 2.10: without a
/// Python call or a copy, and good while the tensor lives and is not resized. Nothing if `value`
/// does not offer that API, or is not a plain array of numbers in the processor's memory.
[[nodiscard]] std::optional<DLTensor> dlpack_view(pybind11::handle value);

} // namespace dqn_fast::bindings
