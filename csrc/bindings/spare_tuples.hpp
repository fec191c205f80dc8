// SPDX-License-Identifier: MIT
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace dqn_fast::bindings {

/// Tuples that were given out and that nobody else holds any more, to be filled again, as Python's
/// own zip() does: most of the time of an item was that of making it and its arrays.
///
/// There are soon as many as are held at once, which for whoever draws batches is two batches.
class SpareTuples {
  public:
    explicit SpareTuples(std::size_t most) : most_(most) {}

    /// The next one if nobody else holds it, which is then the caller's; null otherwise.
    pybind11::object take() {
        next_ = next_ + 1 < tuples_.size() ? next_ + 1 : 0;
        if (tuples_.empty() || !tuples_[next_] || tuples_[next_].ref_count() != 1)
            return {};
#if PY_VERSION_HEX >= 0x030E0000 // since when a tuple remembers its hash
        reinterpret_cast<PyTupleObject *>(tuples_[next_].ptr())->ob_hash = -1;
#endif
        return std::move(tuples_[next_]);
    }

    /// Keeps the one that was taken, or a new one.
    void keep(const pybind11::object &tuple) {
        if (next_ < tuples_.size() && !tuples_[next_])
            tuples_[next_] = tuple;
        else if (tuples_.size() < most_)
            tuples_.push_back(tuple);
        else if (most_ > 0)
            tuples_[next_] = tuple;
    }

  private:
    std::vector<pybind11::object> tuples_;
    std::size_t most_;
    std::size_t next_ = 0;
};

} // namespace dqn_fast::bindings
