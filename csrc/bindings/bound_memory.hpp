// SPDX-License-Identifier: MIT
#pragma once

#include "../replay_memory.hpp"
#include "arrays.hpp"
#include "fast_method.hpp"
#include "field_spec.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace dqn_fast::bindings {

/// The memory with what the boundary needs to know: the NumPy types of its fields.
///
/// Inputs are taken as they are if their types and shapes are exact; the call returns False or
/// None otherwise, and has changed nothing.
class BoundMemory {
  public:
    /// `capacity` is that of one environment; `priorities` is None, or a tuple of alpha, eps,
    /// weight normalisation and stratification.
    BoundMemory(const std::vector<FieldSpec> &fields,
                std::size_t num_envs,
                std::size_t capacity,
                std::optional<double> reserve,
                bool drops_resets,
                std::uint64_t seed,
                const py::object &priorities);

    /// obs, action, reward, next_obs, terminated, truncated, mask, new_segment, priority, extra,
    /// and optionally rows and env. Without `rows` one step of each environment (or of `env`), else
    /// arrays with a row axis. Returns whether the step was taken.
    py::object add(Positional arguments);

    /// One observation of each environment. Throws if it is not exact: Python converts it first.
    void add_context(py::handle obs, py::handle mask);

    /// batch_size, n_step, gamma, beta, out. Fills `out`, or new arrays if it is None, and returns
    /// them: a tuple of the fields, next_obs, terminated, truncated, discount, weights, indices.
    py::object sample(Positional arguments);

    /// batch_size, n_step, gamma. Such a tuple of new arrays, of different transitions.
    py::object sample_distinct(Positional arguments);

    /// A tuple of the transitions of all indices of `held`, which must be held.
    py::object read(py::handle indices, std::size_t n_step, double gamma);
    /// What `read` gives of one index, up to terminated, without the axis of rows: numbers are
    /// Python's. `spare` is null, or a tuple that this returned and nobody else holds: it is filled
    /// again, and so are its arrays that nobody holds.
    py::object read_one(std::int64_t index, py::object spare);
    /// Index of the newest transition of the first environment, and how many transitions are held.
    std::pair<std::int64_t, std::int64_t> newest();
    py::object held();
    py::object held_masses();

    /// Such a tuple of new arrays.
    [[nodiscard]] py::object empty(std::size_t batch_size) const;

    /// indices, priorities. Returns how many were stale.
    py::object update_priorities(Positional arguments);
    void clear();
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
    /// Appends the arrays of an observation, a tuple of them if it has several.
    void read_observation(py::handle obs,
                          Arguments &arguments,
                          std::vector<const std::byte *> &pointers) const;
    /// Says where a batch's outputs lie.
    void point(TransitionBatch &batch, std::span<std::byte *const> pointers) const;
    /// Where a batch's arrays lie; null if one of them does not fit. Good until this thread's next
    /// call.
    const TransitionBatch *batch_of(py::handle arrays, std::size_t rows) const;
    /// Once in the memory's life.
    void warn_of_early_eviction(bool happened);

    /// Room for the numbers of one transition, and where all of it goes.
    struct OneRow {
        explicit OneRow(std::size_t count) : outputs(count), numbers(count) {}

        std::vector<std::byte *> outputs;
        std::vector<std::array<std::byte, 16>> numbers;
        TransitionBatch batch;
    };

    ReplayMemory memory_;
    std::vector<ArrayType> types_;   // of the fields
    std::vector<ArrayType> outputs_; // of a batch's arrays
    const ArrayType flag_{py::dtype::of<bool>(), {}};
    const ArrayType weight_{py::dtype::of<float>(), {}};
    const ArrayType index_{py::dtype::of<std::int64_t>(), {}};
    const ArrayType priority_{py::dtype::of<double>(), {}};
    std::vector<double> priorities_; // float32 ones, widened
    std::unique_ptr<OneRow> row_;    // for the next call of read_one
    bool has_warned_ = false;
};

} // namespace dqn_fast::bindings
