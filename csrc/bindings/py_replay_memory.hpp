// SPDX-License-Identifier: MIT
#pragma once

#include "bindings/arguments.hpp"
#include "bindings/array_type.hpp"
#include "bindings/fast_method.hpp"
#include "bindings/memory_lock.hpp"
#include "replay_memory.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dqn_fast::bindings {

/// The core's memory as Python's `_core.ReplayMemory`, with what the boundary needs to know: the
/// NumPy types of its fields and of its batches.
///
/// Inputs are taken as they are if their types and shapes are exact; the call returns False or
/// None otherwise, and has changed nothing.
class PyReplayMemory {
  public:
    /// `fields` and `priorities` are described as field_description.hpp says; `capacity` is that of
    /// one environment.
    PyReplayMemory(const py::iterable &fields,
                   std::size_t num_envs,
                   std::size_t capacity,
                   std::optional<double> reserve,
                   bool drops_resets,
                   std::uint64_t seed,
                   const py::object &priorities);

    // What comes in: py_replay_memory_add.cpp

    /// Positional arguments as StepArgument names them. Returns whether the step was taken.
    py::object add(Positional arguments);
    /// One observation of each environment. Throws if it is not exact: Python converts it first.
    void add_context(py::handle obs, py::handle mask);

    // What comes out: py_replay_memory_draw.cpp. A batch is a tuple of arrays, in the order of
    // transition_outputs().

    /// Part and field's name of each array of a batch.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> transition_outputs() const;
    /// New arrays for a batch.
    [[nodiscard]] py::object empty(std::size_t batch_size) const;
    /// batch_size, n_step, gamma, beta, replacement, out. Fills `out`, or new arrays if it is None,
    /// and returns them.
    py::object sample(Positional arguments);
    /// The transitions of these indices, or of all that are held if they are None.
    py::object transitions(const py::object &indices, std::size_t n_step, double gamma);
    /// The transition of an index as a tuple of one value each, up to `terminated`; numbers are
    /// Python's.
    py::object read_one(std::int64_t index);
    py::object indices();
    py::object masses(const py::object &indices);
    /// Of each index that of the next acted step of its segment, or -1.
    py::object successors(const py::object &indices);
    /// Index of the newest transition of the first environment, and how many transitions are held.
    std::pair<std::int64_t, std::int64_t> newest();
    /// indices, priorities. Returns how many were stale.
    py::object update_priorities(Positional arguments);

    // What it is: py_replay_memory.cpp

    void clear();
    void reseed(std::uint64_t seed);
    /// While it runs, other threads' operations wait.
    void save(snapshot::Writer &writer);
    void restore(snapshot::Reader &reader);
    py::dict stats();
    bool is_full();
    bool is_valid();
    std::int64_t size();
    [[nodiscard]] std::size_t capacity() const { return memory_.capacity(); }
    [[nodiscard]] std::size_t nbytes() const { return memory_.nbytes(); }
    [[nodiscard]] std::size_t row_bytes() const { return memory_.schema().row_bytes(); }
    [[nodiscard]] std::string kernels() const { return memory_.kernels().name; }

  private:
    /// An array of a batch: what it is, and the type of its rows.
    struct Output {
        std::string part, field;
        ArrayType type;
    };

    /// Appends the arrays of an observation, a tuple of them if it has several.
    void read_observation(py::handle obs,
                          Arguments &arguments,
                          std::vector<const std::byte *> &pointers) const;
    /// Points a batch at its arrays, by `find(output)`; returns whether none of them is null.
    template <class Find>
    bool point(TransitionBatch &batch, Find &&find) const;
    /// Where a batch's arrays lie; null if one of them does not fit. Good until this thread's next
    /// call.
    const TransitionBatch *batch_of(py::handle arrays, std::size_t rows) const;
    /// A batch of whatever `draw()` draws, whose size is known only then.
    template <class Draw>
    py::object batch_of_drawn(Draw &&draw, const TransitionOptions &options);
    /// The data of an array of int64.
    [[nodiscard]] std::span<const std::int64_t> indices_in(py::handle indices) const;
    /// Once in the memory's life.
    void warn_of_early_eviction(bool happened);

    /// Room for the numbers of one transition, and where all of it goes.
    struct OneRow {
        explicit OneRow(std::size_t count) : numbers(count) {}

        std::vector<std::array<std::byte, 16>> numbers;
        TransitionBatch batch;
    };

    ReplayMemory memory_;
    std::vector<ArrayType> types_; // of the fields
    std::vector<Output> outputs_;
    const ArrayType flag_{py::dtype::of<bool>(), {}};
    const ArrayType weight_{py::dtype::of<float>(), {}};
    const ArrayType index_{py::dtype::of<std::int64_t>(), {}};
    const ArrayType priority_{py::dtype::of<double>(), {}};
    std::vector<double> priorities_; // float32 ones, widened
    std::unique_ptr<OneRow> row_;    // for the next call of read_one
    bool has_warned_ = false;
};

} // namespace dqn_fast::bindings
