// SPDX-License-Identifier: MIT
#include "bindings/py_replay_memory.hpp"

#include "bindings/field_description.hpp"
#include "bindings/register.hpp"

#include <pybind11/stl.h>

namespace dqn_fast::bindings {

PyReplayMemory::PyReplayMemory(const py::iterable &fields,
                               std::size_t num_envs,
                               std::size_t capacity,
                               std::optional<double> reserve,
                               bool drops_resets,
                               bool draws_segments,
                               std::uint64_t seed,
                               const py::object &priorities)
    : memory_(schema_of(fields),
              {num_envs, capacity, reserve, drops_resets, draws_segments},
              seed,
              options_of(priorities)) {
    for (const Field &field : memory_.schema().fields())
        types_.emplace_back(field);
    const Schema &schema = memory_.schema();
    TransitionBatch transitions;
    FrameBatch frames;
    SequenceBatch sequences;
    SegmentBatch segments;
    transition_outputs_ = outputs_of([&](auto &&visit) { transitions.for_each(schema, visit); });
    frame_outputs_ = outputs_of([&](auto &&visit) { frames.for_each(schema, visit); });
    for (const bool previous : {false, true})
        sequence_outputs_[previous ? 1 : 0] =
            outputs_of([&](auto &&visit) { sequences.for_each(schema, previous, visit); });
    segment_outputs_ = outputs_of([&](auto &&visit) { segments.for_each(schema, visit); });
}

template <class ForEach>
PyReplayMemory::Outputs PyReplayMemory::outputs_of(ForEach &&for_each) {
    Outputs outputs;
    for_each([&](const char *part, const Field &field, LeadingAxes leading_axes, auto *&) {
        outputs.push_back({part, field.name, leading_axes, ArrayType(field)});
    });
    return outputs;
}

void PyReplayMemory::clear() {
    const MemoryLock lock(memory_, MemoryLock::kLookUp);
    memory_.clear();
}

void PyReplayMemory::reseed(std::uint64_t seed) {
    const MemoryLock lock(memory_, MemoryLock::kLookUp);
    memory_.reseed(seed);
}

void PyReplayMemory::save(snapshot::Writer &writer) {
    const MemoryLock lock(memory_, memory_.nbytes());
    memory_.save(writer);
}

void PyReplayMemory::restore(snapshot::Reader &reader) {
    const MemoryLock lock(memory_, memory_.nbytes());
    memory_.restore(reader);
}

py::dict PyReplayMemory::stats() {
    Counters counters{};
    std::int64_t size = 0, segments = 0, steps = 0;
    std::optional<double> largest;
    {
        const MemoryLock lock(memory_, MemoryLock::kLookUp);
        counters = memory_.counters();
        size = memory_.size();
        segments = memory_.segments();
        steps = memory_.steps();
        if (memory_.is_prioritized())
            largest = memory_.largest_priority();
    }
    py::dict result;
    result["size"] = size;
    result["added"] = counters.added;
    result["evicted"] = counters.evicted;
    result["evicted_early"] = counters.evicted_early;
    result["segments"] = segments;
    result["steps"] = steps;
    result["stale_updates"] = counters.stale_updates;
    result["dropped"] = counters.dropped;
    if (largest)
        result["largest_priority"] = *largest;
    return result;
}

bool PyReplayMemory::is_full() {
    const MemoryLock lock(memory_, MemoryLock::kLookUp);
    return memory_.is_full();
}

bool PyReplayMemory::is_valid() {
    const MemoryLock lock(memory_, MemoryLock::kLong);
    return memory_.is_valid();
}

std::int64_t PyReplayMemory::size() {
    const MemoryLock lock(memory_, MemoryLock::kLookUp);
    return memory_.size();
}

void register_replay_memory(py::module_ &module) {
    py::class_<PyReplayMemory> memory(module, "ReplayMemory");
    memory
        .def(py::init<const py::iterable &,
                      std::size_t,
                      std::size_t,
                      std::optional<double>,
                      bool,
                      bool,
                      std::uint64_t,
                      const py::object &>(),
             py::arg("fields"),
             py::arg("num_envs"),
             py::arg("capacity"),
             py::arg("reserve"),
             py::arg("drops_resets"),
             py::arg("draws_segments"),
             py::arg("seed"),
             py::arg("priorities"))
        .def("add_context",
             &PyReplayMemory::add_context,
             py::arg("obs"),
             py::arg("mask"),
             py::arg("continues"),
             py::arg("rows"),
             py::arg("env"))
        .def("sample_segments",
             &PyReplayMemory::sample_segments,
             py::arg("batch_size"),
             py::arg("max_rows"),
             py::arg("n_step"),
             py::arg("gamma"),
             py::arg("beta"))
        .def("empty_sequences",
             &PyReplayMemory::empty_sequences,
             py::arg("batch_size"),
             py::arg("length"),
             py::arg("burn_in"),
             py::arg("n_step"),
             py::arg("previous"))
        .def("sequence_outputs", &PyReplayMemory::sequence_outputs, py::arg("previous"))
        .def("transitions",
             &PyReplayMemory::transitions,
             py::arg("indices"),
             py::arg("n_step"),
             py::arg("gamma"))
        .def("indices", &PyReplayMemory::indices)
        .def("masses", &PyReplayMemory::masses, py::arg("indices"))
        .def("successors", &PyReplayMemory::successors, py::arg("indices"))
        .def("empty",
             py::overload_cast<std::size_t>(&PyReplayMemory::empty, py::const_),
             py::arg("batch_size"))
        .def("empty_frames", &PyReplayMemory::empty_frames, py::arg("batch_size"))
        .def("clear", &PyReplayMemory::clear)
        .def("reseed", &PyReplayMemory::reseed, py::arg("seed"))
        .def("stats", &PyReplayMemory::stats)
        .def("is_full", &PyReplayMemory::is_full)
        .def("is_valid", &PyReplayMemory::is_valid)
        .def("__len__", &PyReplayMemory::size)
        .def_property_readonly("transition_outputs", &PyReplayMemory::transition_outputs)
        .def_property_readonly("frame_outputs", &PyReplayMemory::frame_outputs)
        .def_property_readonly("segment_outputs", &PyReplayMemory::segment_outputs)
        .def_property_readonly("capacity", &PyReplayMemory::capacity)
        .def_property_readonly("nbytes", &PyReplayMemory::nbytes)
        .def_property_readonly("kernels", &PyReplayMemory::kernels);
    FastMethods<PyReplayMemory>(memory)
        .def<&PyReplayMemory::add, 10, 12>(
            "add",
            "add(self, obs, action, reward, next_obs, terminated, truncated, mask, new_segment, "
            "priority, extra, rows=None, env=None) -> bool")
        .def<&PyReplayMemory::sample, 6>(
            "sample", "sample(self, batch_size, n_step, gamma, beta, replacement, out) -> tuple")
        .def<&PyReplayMemory::sample_frames, 6>(
            "sample_frames",
            "sample_frames(self, batch_size, n_step, gamma, beta, replacement, out) -> tuple")
        .def<&PyReplayMemory::sample_sequences, 8>(
            "sample_sequences",
            "sample_sequences(self, batch_size, length, burn_in, n_step, gamma, beta, previous, "
            "out) -> tuple")
        .def<&PyReplayMemory::update_priorities, 2>(
            "update_priorities", "update_priorities(self, indices, priorities) -> int");
    module.def("available_kernels", [] {
        std::vector<std::string> names;
        for (const Kernels *kernels : Kernels::available())
            names.emplace_back(kernels->name);
        return names;
    });
}

} // namespace dqn_fast::bindings
