// SPDX-License-Identifier: MIT
// How transitions come out of the memory: into arrays that are there, into new ones, and into
// memory that arrays are made around afterwards.
#include "bindings/py_replay_memory.hpp"

namespace dqn_fast::bindings {

LeadingShape PyReplayMemory::LeadingShapes::of(LeadingAxes leading_axes) const noexcept {
    switch (leading_axes) {
    case LeadingAxes::kDrawn:
        return drawn;
    case LeadingAxes::kSteps:
        return steps;
    case LeadingAxes::kColumns:
        return columns;
    default:
        return offsets;
    }
}

PyReplayMemory::Names PyReplayMemory::names_of(const Outputs &outputs) {
    Names names;
    for (const Output &output : outputs)
        names.emplace_back(output.part, output.field);
    return names;
}

py::tuple PyReplayMemory::make(const Outputs &outputs, const LeadingShapes &leading_shapes) {
    py::tuple arrays(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i)
        PyTuple_SET_ITEM(
            arrays.ptr(),
            static_cast<py::ssize_t>(i),
            outputs[i].type.make(leading_shapes.of(outputs[i].leading_axes)).release().ptr());
    return arrays;
}

template <class Kind>
const Kind *
PyReplayMemory::batch_of(const Outputs &outputs, py::handle arrays, std::size_t rows) const {
    if (!PyTuple_Check(arrays.ptr()) ||
        PyTuple_GET_SIZE(arrays.ptr()) != static_cast<py::ssize_t>(outputs.size()))
        return nullptr;
    thread_local Kind batch; // kept, so that to fill a batch again allocates nothing
    const std::array leading{static_cast<py::ssize_t>(rows)};
    const bool fits = set_pointers([&](auto &&visit) { batch.for_each(memory_.schema(), visit); },
                                   [&](std::size_t i) {
                                       PyObject *array = PyTuple_GET_ITEM(
                                           arrays.ptr(), static_cast<py::ssize_t>(i));
                                       return outputs[i].type.writable_data(array, leading);
                                   });
    return fits ? &batch : nullptr;
}

py::object PyReplayMemory::empty(const Outputs &outputs, std::size_t batch_size) {
    py::tuple arrays(outputs.size());
    const std::array leading{static_cast<py::ssize_t>(batch_size)};
    for (std::size_t i = 0; i < outputs.size(); ++i)
        PyTuple_SET_ITEM(arrays.ptr(),
                         static_cast<py::ssize_t>(i),
                         outputs[i].type.make(leading).release().ptr());
    return arrays;
}

template <class Kind>
py::object PyReplayMemory::sample(const Outputs &outputs, Positional given) {
    const auto [batch_size, n_step] = std::pair(size_of(given[0]), size_of(given[1]));
    const TransitionOptions options{n_step, number_of(given[2])};
    const double beta = number_of(given[3]);
    const bool replacement = given[4] == Py_True;
    if (!replacement) {
        const MemoryLock lock(memory_, MemoryLock::kLookUp);
        memory_.require_held(batch_size); // before so many rows are allocated
    }
    const auto arrays = given[5] == Py_None ? empty(outputs, batch_size)
                                            : py::reinterpret_borrow<py::object>(given[5]);
    const Kind *batch = batch_of<Kind>(outputs, arrays, batch_size);
    if (batch == nullptr)
        return py::none(); // Python says what is wrong with it
    {
        const MemoryLock lock(memory_, batch_size * memory_.schema().row_bytes());
        memory_.copy(replacement ? memory_.draw(batch_size, beta, n_step)
                                 : memory_.draw_distinct(batch_size, n_step),
                     options,
                     *batch);
    }
    return arrays; // only now: the GIL is back
}

template py::object PyReplayMemory::sample<TransitionBatch>(const Outputs &, Positional);
template py::object PyReplayMemory::sample<FrameBatch>(const Outputs &, Positional);

py::object
PyReplayMemory::transitions(const py::object &indices, std::size_t n_step, double gamma) {
    const TransitionOptions options{n_step, gamma};
    if (indices.is_none()) {
        TransitionBatch batch;
        const Draws *draws = nullptr;
        return batch_of_drawn(
            transition_outputs_,
            [&](auto &&visit) { batch.for_each(memory_.schema(), visit); },
            [&] {
                draws = &memory_.find_all(n_step);
                LeadingShapes leading_shapes;
                leading_shapes.drawn = {static_cast<py::ssize_t>(draws->size())};
                return leading_shapes;
            },
            [&] { memory_.copy(*draws, options, batch); });
    }
    const std::span<const std::int64_t> wanted = indices_in(indices);
    py::object arrays = empty(wanted.size());
    const auto *batch = batch_of<TransitionBatch>(transition_outputs_, arrays, wanted.size());
    {
        const MemoryLock lock(memory_, wanted.size() * memory_.schema().row_bytes());
        memory_.copy(memory_.find(wanted, n_step), options, *batch);
    }
    return arrays;
}

py::object PyReplayMemory::read_one(std::int64_t index) {
    const Outputs &outputs = transition_outputs_;
    std::unique_ptr<OneRow> row = std::move(row_); // taken while it is used: the GIL may go below
    if (row == nullptr)
        row = std::make_unique<OneRow>(outputs.size());
    std::size_t count = 0;
    while (outputs[count].part != "truncated")
        ++count;
    py::tuple values(count);
    const auto value_at = [&](std::size_t i) -> PyObject *& {
        return reinterpret_cast<PyTupleObject *>(values.ptr())->ob_item[i];
    };
    set_pointers([&](auto &&visit) { row->batch.for_each(memory_.schema(), visit); },
                 [&](std::size_t i) {
                     const ArrayType &type = outputs[i].type;
                     if (type.is_number() || i >= count)
                         return row->numbers[i].data();
                     value_at(i) = type.make({}).release().ptr();
                     return type.data(value_at(i), {});
                 });
    {
        const MemoryLock lock(memory_, memory_.schema().row_bytes());
        memory_.copy(memory_.find({&index, 1}, 1), {1, 1.0}, row->batch);
    }
    for (std::size_t i = 0; i < count; ++i)
        if (outputs[i].type.is_number())
            value_at(i) = outputs[i].type.number(row->numbers[i].data()).release().ptr();
    row_ = std::move(row);
    return values;
}

py::object PyReplayMemory::indices() {
    std::vector<std::int64_t> found;
    {
        const MemoryLock lock(memory_, MemoryLock::kLong);
        found = memory_.indices();
    }
    return py::array_t<std::int64_t>(static_cast<py::ssize_t>(found.size()), found.data());
}

py::object PyReplayMemory::masses(const py::object &indices) {
    const std::span<const std::int64_t> wanted = indices_in(indices);
    std::vector<double> found;
    {
        const MemoryLock lock(memory_, wanted.size() * MemoryLock::kStep);
        found = memory_.masses(wanted);
    }
    return py::array_t<double>(static_cast<py::ssize_t>(found.size()), found.data());
}

py::object PyReplayMemory::successors(const py::object &indices) {
    const std::span<const std::int64_t> wanted = indices_in(indices);
    std::vector<std::int64_t> found;
    {
        const MemoryLock lock(memory_, wanted.size() * MemoryLock::kStep);
        found = memory_.successors(wanted);
    }
    return py::array_t<std::int64_t>(static_cast<py::ssize_t>(found.size()), found.data());
}

std::span<const std::int64_t> PyReplayMemory::indices_in(py::handle indices) const {
    const std::array leading{length_of(indices)};
    const std::byte *data = index_.data(indices, leading);
    if (data == nullptr)
        throw py::type_error("indices: got another object, expected a contiguous array of int64");
    return {reinterpret_cast<const std::int64_t *>(data), static_cast<std::size_t>(leading[0])};
}

std::pair<std::int64_t, std::int64_t> PyReplayMemory::newest() {
    const MemoryLock lock(memory_, MemoryLock::kLookUp);
    return {memory_.newest(), memory_.size()};
}

py::object PyReplayMemory::update_priorities(Positional given) {
    const py::handle indices = given[0], priorities = given[1];
    const std::array leading{length_of(indices)};
    const auto count = static_cast<std::size_t>(leading[0]);
    const auto find = [&leading](const ArrayType &type, py::handle value) {
        const std::byte *data = type.data(value, leading);
        return data != nullptr ? data : type.tensor_data(value, leading);
    };
    const std::byte *index_data = find(index_, indices);
    const std::byte *wide = priority_.data(priorities, leading);
    const std::byte *narrow = wide == nullptr ? find(weight_, priorities) : nullptr;
    if (index_data == nullptr || (wide == nullptr && narrow == nullptr))
        return py::none();
    std::int64_t stale = 0;
    {
        const MemoryLock lock(memory_, count * MemoryLock::kStep);
        if (narrow != nullptr) {
            const auto *values = reinterpret_cast<const float *>(narrow);
            priorities_.assign(values, values + count);
            wide = reinterpret_cast<const std::byte *>(priorities_.data());
        }
        stale =
            memory_.update_priorities({reinterpret_cast<const std::int64_t *>(index_data), count},
                                      {reinterpret_cast<const double *>(wide), count});
    }
    return py::int_(stale);
}

} // namespace dqn_fast::bindings
