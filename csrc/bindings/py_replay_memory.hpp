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
#include <type_traits>
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
                   bool draws_segments,
                   std::uint64_t seed,
                   const py::object &priorities);

    // What comes in: py_replay_memory_add.cpp

    /// Positional arguments as StepArgument (step_arguments.hpp) names them. Returns whether the
    /// step was taken.
    py::object add(Positional arguments);
    /// One observation of each environment (or of `env`); with `rows`, so many on a leading axis.
    /// Throws if they are not exact: Python converts them first.
    void add_context(py::handle obs,
                     py::handle mask,
                     bool continues,
                     std::optional<std::size_t> rows,
                     std::optional<std::size_t> env);

    // What comes out: py_replay_memory_draw.cpp, and of several steps py_replay_memory_views.cpp. A
    // batch is a tuple of arrays, in the order of its outputs.

    using Names = std::vector<std::pair<std::string, std::string>>;
    /// Part and field's name of each array of a batch.
    [[nodiscard]] Names transition_outputs() const { return names_of(transition_outputs_); }
    [[nodiscard]] Names frame_outputs() const { return names_of(frame_outputs_); }
    [[nodiscard]] Names sequence_outputs(bool previous) const {
        return names_of(sequence_outputs_[previous ? 1 : 0]);
    }
    [[nodiscard]] Names segment_outputs() const { return names_of(segment_outputs_); }
    /// Allocates arrays for a batch.
    [[nodiscard]] py::object empty(std::size_t batch_size) const {
        return empty(transition_outputs_, batch_size);
    }
    /// batch_size, n_step, gamma, beta, replacement, out. Fills `out`, or new arrays if it is None,
    /// and returns them.
    py::object sample(Positional arguments) {
        return sample<TransitionBatch>(transition_outputs_, arguments);
    }
    /// The same of a batch with each frame of its stacks once.
    [[nodiscard]] py::object empty_frames(std::size_t batch_size) const {
        return empty(frame_outputs_, batch_size);
    }
    py::object sample_frames(Positional arguments) {
        return sample<FrameBatch>(frame_outputs_, arguments);
    }
    /// Allocates arrays for a batch of sequences.
    [[nodiscard]] py::object empty_sequences(std::size_t batch_size,
                                             std::size_t length,
                                             std::size_t burn_in,
                                             std::size_t n_step,
                                             bool previous) const;
    /// batch_size, length, burn_in, n_step, gamma, beta, previous, out; as `sample`.
    py::object sample_sequences(Positional arguments);
    /// Draws so many segments, or as many as have so many rows.
    py::object sample_segments(std::optional<std::size_t> batch_size,
                               std::optional<std::size_t> max_rows,
                               std::size_t n_step,
                               double gamma,
                               double beta);
    /// The transitions of these indices, or of all that are held if they are None.
    py::object transitions(const py::object &indices, std::size_t n_step, double gamma);
    /// The transition of an index as a tuple of one value each, up to `terminated`; numbers are
    /// Python's.
    py::object read_one(std::int64_t index);
    py::object indices();
    py::object masses(const py::object &indices);
    /// For each index, the index of the next acted step of its segment, or -1.
    py::object successors(const py::object &indices);
    /// The index of the first environment's newest transition, and how many transitions are held.
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
    /// An array of a batch: what it is, and the type of its elements behind the leading axes.
    struct Output {
        std::string part, field;
        LeadingAxes leading_axes;
        ArrayType type;
    };
    using Outputs = std::vector<Output>;

    /// The lengths of the leading axes of a batch's arrays, by what they count.
    struct LeadingShapes {
        std::vector<py::ssize_t> drawn, steps, columns, offsets;

        [[nodiscard]] LeadingShape of(LeadingAxes leading_axes) const noexcept;
    };

    static LeadingShapes leading_shapes_of(std::size_t batch_size, const SequenceOptions &options);
    static Names names_of(const Outputs &outputs);
    /// Lists the outputs of a kind of batch, of which `for_each(visit)` visits the arrays.
    template <class ForEach>
    static Outputs outputs_of(ForEach &&for_each);
    /// Appends the arrays of an observation, a tuple of them if it has several.
    void read_observation(py::handle obs,
                          Arguments &arguments,
                          std::vector<const std::byte *> &pointers) const;
    /// Points a batch at its arrays, by `find(number)`; returns whether none of them is null.
    template <class ForEach, class Find>
    static bool set_pointers(ForEach &&for_each, Find &&find);
    /// Points a batch at the arrays of a tuple; returns whether every one of them fits.
    template <class ForEach>
    static bool point_at(ForEach &&for_each,
                         py::handle arrays,
                         const Outputs &outputs,
                         const LeadingShapes &leading_shapes);
    /// New arrays.
    static py::tuple make(const Outputs &outputs, const LeadingShapes &leading_shapes);
    /// New arrays, all of so many rows.
    [[nodiscard]] static py::object empty(const Outputs &outputs, std::size_t batch_size);
    /// See the public one; `Kind` is the batch that the arrays are of.
    template <class Kind>
    py::object sample(const Outputs &outputs, Positional arguments);
    /// Where a batch's arrays lie; null if one of them does not fit. Good until this thread's next
    /// call.
    template <class Kind>
    const Kind *batch_of(const Outputs &outputs, py::handle arrays, std::size_t rows) const;
    /// A batch whose size is known only after `draw()`, which returns its leading axes; `for_each`
    /// is the batch's, and `copy()` fills it. Without the GIL; if it fails, the generator is as it
    /// was.
    template <class ForEach, class Draw, class Copy>
    py::object batch_of_drawn(const Outputs &outputs, ForEach &&for_each, Draw &&draw, Copy &&copy);
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
    Outputs transition_outputs_, frame_outputs_, segment_outputs_;
    std::array<Outputs, 2> sequence_outputs_; // without and with what was done before
    const ArrayType flag_{py::dtype::of<bool>(), {}};
    const ArrayType weight_{py::dtype::of<float>(), {}};
    const ArrayType index_{py::dtype::of<std::int64_t>(), {}};
    const ArrayType priority_{py::dtype::of<double>(), {}};
    std::vector<double> priorities_; // float32 ones, widened
    std::unique_ptr<OneRow> row_;    // for the next call of read_one
    StepBatch room_;                 // whose vectors the next call of `add` fills
    bool has_warned_ = false;
};

template <class ForEach, class Find>
bool PyReplayMemory::set_pointers(ForEach &&for_each, Find &&find) {
    bool is_whole = true;
    std::size_t next = 0;
    for_each([&](const char *, const Field &, LeadingAxes, auto *&pointer) {
        const std::size_t i = next++;
        std::byte *const data = is_whole ? find(i) : nullptr;
        is_whole = is_whole && data != nullptr;
        pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(data);
    });
    return is_whole;
}

template <class ForEach>
bool PyReplayMemory::point_at(ForEach &&for_each,
                              py::handle arrays,
                              const Outputs &outputs,
                              const LeadingShapes &leading_shapes) {
    if (!PyTuple_Check(arrays.ptr()) ||
        PyTuple_GET_SIZE(arrays.ptr()) != static_cast<py::ssize_t>(outputs.size()))
        return false;
    return set_pointers(for_each, [&](std::size_t i) {
        PyObject *array = PyTuple_GET_ITEM(arrays.ptr(), static_cast<py::ssize_t>(i));
        return outputs[i].type.writable_data(array, leading_shapes.of(outputs[i].leading_axes));
    });
}

template <class ForEach, class Draw, class Copy>
py::object PyReplayMemory::batch_of_drawn(const Outputs &outputs,
                                          ForEach &&for_each,
                                          Draw &&draw,
                                          Copy &&copy) {
    std::vector<PooledBlock> blocks;
    LeadingShapes leading_shapes;
    {
        const MemoryLock lock(memory_, MemoryLock::kLong);
        const Random before = memory_.generator();
        try {
            leading_shapes = draw();
            set_pointers(for_each, [&](std::size_t i) {
                std::size_t bytes = outputs[i].type.row_bytes();
                for (const py::ssize_t length : leading_shapes.of(outputs[i].leading_axes))
                    bytes *= static_cast<std::size_t>(length);
                blocks.push_back(take_from_pool(bytes));
                return static_cast<std::byte *>(blocks.back()->data);
            });
            copy();
        } catch (...) { // nothing was given out
            memory_.set_generator(before);
            throw;
        }
    }
    py::tuple arrays(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i)
        arrays[i] = outputs[i].type.around(std::move(blocks[i]),
                                           leading_shapes.of(outputs[i].leading_axes));
    return arrays;
}

} // namespace dqn_fast::bindings
