// SPDX-License-Identifier: MIT
// How several steps at once come out of the memory: sequences and segments.
#include "bindings/py_replay_memory.hpp"

namespace dqn_fast::bindings {

namespace {

SequenceOptions options_of(
    std::size_t length, std::size_t burn_in, std::size_t n_step, double gamma, bool previous) {
    return {length, burn_in, {n_step, gamma}, previous};
}

} // namespace

py::object PyReplayMemory::empty_sequences(std::size_t batch_size,
                                           std::size_t length,
                                           std::size_t burn_in,
                                           std::size_t n_step,
                                           bool previous) const {
    return make(sequence_outputs_[previous ? 1 : 0],
                leading_shapes_of(batch_size, options_of(length, burn_in, n_step, 1.0, previous)));
}

PyReplayMemory::LeadingShapes PyReplayMemory::leading_shapes_of(std::size_t batch_size,
                                                                const SequenceOptions &options) {
    const auto rows = static_cast<py::ssize_t>(batch_size);
    LeadingShapes leading_shapes;
    leading_shapes.drawn = {rows};
    leading_shapes.steps = {rows, static_cast<py::ssize_t>(options.steps())};
    leading_shapes.columns = {rows, static_cast<py::ssize_t>(options.columns())};
    return leading_shapes;
}

py::object PyReplayMemory::sample_sequences(Positional given) {
    const std::size_t batch_size = size_of(given[0]);
    const bool previous = given[6] == Py_True;
    const SequenceOptions options = options_of(
        size_of(given[1]), size_of(given[2]), size_of(given[3]), number_of(given[4]), previous);
    const double beta = number_of(given[5]);
    const Outputs &outputs = sequence_outputs_[previous ? 1 : 0];
    const LeadingShapes leading_shapes = leading_shapes_of(batch_size, options);
    const auto arrays = given[7] == Py_None ? make(outputs, leading_shapes)
                                            : py::reinterpret_borrow<py::object>(given[7]);
    SequenceBatch batch;
    const bool fits =
        point_at([&](auto &&visit) { batch.for_each(memory_.schema(), previous, visit); },
                 arrays,
                 outputs,
                 leading_shapes);
    if (!fits)
        return py::none(); // Python says what is wrong with it
    {
        const MemoryLock lock(memory_,
                              batch_size * options.columns() * memory_.schema().row_bytes());
        memory_.copy(memory_.draw(batch_size, beta, 0), options, batch);
    }
    return arrays; // only now: the GIL is back
}

py::object PyReplayMemory::sample_segments(std::optional<std::size_t> batch_size,
                                           std::optional<std::size_t> max_rows,
                                           std::size_t n_step,
                                           double gamma,
                                           double beta) {
    SegmentBatch batch;
    const Draws *draws = nullptr;
    return batch_of_drawn(
        segment_outputs_,
        [&](auto &&visit) { batch.for_each(memory_.schema(), visit); },
        [&] {
            draws = &memory_.draw_segments({batch_size, max_rows}, beta);
            LeadingShapes leading_shapes;
            leading_shapes.drawn = {static_cast<py::ssize_t>(draws->size())};
            leading_shapes.steps = {static_cast<py::ssize_t>(memory_.segment_rows())};
            leading_shapes.columns = leading_shapes.steps;
            leading_shapes.offsets = {static_cast<py::ssize_t>(draws->size()) + 1};
            return leading_shapes;
        },
        [&] { memory_.copy(*draws, TransitionOptions{n_step, gamma}, batch); });
}

} // namespace dqn_fast::bindings
