// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace dqn_fast::bindings {

/// Tuples of tensors and Python's numbers, given out again for the same transition.
///
/// To make a tensor takes PyTorch longer than to find one takes a deque, which gives the same
/// objects every time. So do these, unless somebody has changed a number of theirs meanwhile.
class KeptTuples {
  public:
    /// Keeps the tuples of the newest `most` transitions; 0 keeps none.
    explicit KeptTuples(std::size_t most) : most_(most) {}

    /// That of the transition added `number`th; null if it is not kept, or not what it was.
    [[nodiscard]] pybind11::object find(std::int64_t number) const {
        if (owners_.empty())
            return {};
        const std::byte *entry = entries_.data() + place(number) * stride_;
        Head head;
        std::memcpy(&head, entry, sizeof head);
        if (head.number != number)
            return {};
        const std::byte *bytes = entry + sizeof head + sizes_.size() * sizeof(void *);
        for (std::size_t i = 0; i < sizes_.size(); ++i) {
            const void *data = nullptr;
            std::memcpy(&data, entry + sizeof head + i * sizeof data, sizeof data);
            if (std::memcmp(data, bytes, sizes_[i]) != 0)
                return {};
            bytes += sizes_[i];
        }
        return pybind11::reinterpret_borrow<pybind11::object>(head.tuple);
    }

    /// `arrays` are those over whose memory the tuple's tensors lie. All tuples have arrays of the
    /// same sizes; if one is not C-contiguous the tuple is not kept.
    void keep(std::int64_t number,
              const pybind11::object &tuple,
              const std::vector<pybind11::array> &arrays) {
        if (most_ == 0)
            return;
        for (const pybind11::array &array : arrays)
            if ((array.flags() & pybind11::array::c_style) == 0)
                return;
        if (owners_.empty())
            begin(arrays);
        std::vector<pybind11::object> owners(arrays.begin(), arrays.end());
        owners.push_back(tuple);
        std::byte *to = entries_.data() + place(number) * stride_;
        to = write(to, Head{number, tuple.ptr()});
        for (const pybind11::array &array : arrays)
            to = write(to, array.data());
        for (const pybind11::array &array : arrays) {
            std::memcpy(to, array.data(), static_cast<std::size_t>(array.nbytes()));
            to += array.nbytes();
        }
        std::swap(owners_[place(number)], owners); // the old ones go when the entry is whole
    }

  private:
    struct Head {
        std::int64_t number;
        PyObject *tuple;
    };

    static constexpr std::size_t kLine = 64; // bytes that a processor fetches at once

    template <class T>
    static std::byte *write(std::byte *to, const T &value) {
        std::memcpy(to, &value, sizeof value);
        return to + sizeof value;
    }

    [[nodiscard]] std::size_t place(std::int64_t number) const {
        return static_cast<std::size_t>(number) % most_;
    }

    void begin(const std::vector<pybind11::array> &arrays) {
        stride_ = sizeof(Head);
        for (const pybind11::array &array : arrays) {
            sizes_.push_back(static_cast<std::size_t>(array.nbytes()));
            stride_ += sizeof(void *) + sizes_.back();
        }
        stride_ = (stride_ + kLine - 1) / kLine * kLine;
        entries_.resize(most_ * stride_);
        for (std::size_t i = 0; i < most_; ++i)
            write(entries_.data() + i * stride_, Head{-1, nullptr});
        owners_.resize(most_);
    }

    std::size_t most_;
    std::vector<std::size_t> sizes_; // of the arrays of a tuple, in bytes
    // Each in one piece, so that a glance takes one fetch: a head, where the arrays' data lie, and
    // what they were, one after another.
    std::vector<std::byte> entries_;
    std::size_t stride_ = 0;
    std::vector<std::vector<pybind11::object>> owners_; // of what the entries point to
};

} // namespace dqn_fast::bindings
