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
        const std::byte *entry = entries_[place(number) * lines_].bytes;
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
        std::byte *to = entries_[place(number) * lines_].bytes;
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

    /// What a processor fetches at once. An entry begins with one, so that a glance is one fetch.
    struct alignas(64) Line {
        std::byte bytes[64];
    };

    template <class T>
    static std::byte *write(std::byte *to, const T &value) {
        std::memcpy(to, &value, sizeof value);
        return to + sizeof value;
    }

    [[nodiscard]] std::size_t place(std::int64_t number) const {
        return static_cast<std::size_t>(number) % most_;
    }

    void begin(const std::vector<pybind11::array> &arrays) {
        std::size_t bytes = sizeof(Head);
        for (const pybind11::array &array : arrays) {
            sizes_.push_back(static_cast<std::size_t>(array.nbytes()));
            bytes += sizeof(void *) + sizes_.back();
        }
        lines_ = (bytes + sizeof(Line) - 1) / sizeof(Line);
        entries_.resize(most_ * lines_);
        for (std::size_t i = 0; i < most_; ++i)
            write(entries_[i * lines_].bytes, Head{-1, nullptr});
        owners_.resize(most_);
    }

    std::size_t most_;
    std::vector<std::size_t> sizes_; // of the arrays of a tuple, in bytes
    // Each is a head, where the arrays' data lie, and what they were, one after another.
    std::vector<Line> entries_;
    std::size_t lines_ = 0;                             // of an entry
    std::vector<std::vector<pybind11::object>> owners_; // of what the entries point to
};

} // namespace dqn_fast::bindings
