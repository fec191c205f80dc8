// SPDX-License-Identifier: MIT
// Longer than most: every operation is read, held, called and returned here, and nowhere else.
#include "bound_memory.hpp"

#include "hold.hpp"

#include <array>
#include <utility>

namespace dqn_fast::bindings {

namespace {

const std::uint8_t *flags_at(const std::byte *data) {
    return reinterpret_cast<const std::uint8_t *>(data);
}

std::size_t size_of(PyObject *value) {
    const std::size_t size = PyLong_AsSize_t(value);
    if (size == static_cast<std::size_t>(-1) && PyErr_Occurred() != nullptr)
        throw py::error_already_set();
    return size;
}

double number_of(PyObject *value) {
    const double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred() != nullptr)
        throw py::error_already_set();
    return number;
}

} // namespace

BoundMemory::BoundMemory(const std::vector<FieldSpec> &fields,
                         std::size_t num_envs,
                         std::size_t capacity,
                         std::optional<double> reserve,
                         bool drops_resets,
                         std::uint64_t seed,
                         const py::object &priorities)
    : memory_(schema_of(fields),
              {num_envs, capacity, reserve, drops_resets},
              seed,
              options_of(priorities)) {
    for (const FieldSpec &field : fields)
        types_.emplace_back(std::get<2>(field), std::get<3>(field));
    const Schema &schema = memory_.schema();
    outputs_ = types_;
    outputs_.insert(outputs_.end(),
                    types_.begin(),
                    types_.begin() + static_cast<std::ptrdiff_t>(schema.observations()));
    outputs_.push_back(flag_);
    outputs_.push_back(flag_);
    outputs_.emplace_back(std::get<2>(fields[schema.reward()]), std::vector<py::ssize_t>{});
    outputs_.push_back(weight_);
    outputs_.push_back(index_);
}

py::object BoundMemory::add(Positional given) {
    const auto [obs, action, reward, next_obs, terminated, truncated, mask, new_segment, priority] =
        std::array<py::handle, 9>{given[0],
                                  given[1],
                                  given[2],
                                  given[3],
                                  given[4],
                                  given[5],
                                  given[6],
                                  given[7],
                                  given[8]};
    PyObject *extra = given[9];
    const bool has_rows = given.size() > 10 && given[10] != Py_None;
    const bool has_env = given.size() > 11 && given[11] != Py_None;
    const Schema &schema = memory_.schema();
    StepBatch batch; // not kept: an argument's __index__ may come back here
    std::array<py::ssize_t, 2> lead;
    std::size_t axes = 0;
    if (has_rows) {
        batch.rows = size_of(given[10]);
        lead[axes++] = static_cast<py::ssize_t>(batch.rows);
    }
    if (has_env)
        batch.first_stream = size_of(given[11]);
    else if (memory_.streams() > 1) {
        batch.streams = memory_.streams();
        lead[axes++] = static_cast<py::ssize_t>(batch.streams);
    }
    Arguments arguments(Lead(lead.data(), axes));
    read_observation(obs, arguments, batch.fields);
    read_observation(next_obs, arguments, batch.next_obs);
    batch.fields.push_back(arguments.read(action, types_[schema.action()]));
    batch.fields.push_back(arguments.read(reward, types_[schema.reward()]));
    if (!PyDict_Check(extra) ||
        PyDict_Size(extra) != static_cast<py::ssize_t>(types_.size() - schema.first_extra()))
        return py::bool_(false);
    for (std::size_t i = schema.first_extra(); i < types_.size(); ++i) {
        PyObject *value = PyDict_GetItemString(extra, schema.fields()[i].name.c_str());
        if (value == nullptr)
            return py::bool_(false);
        batch.fields.push_back(arguments.read(value, types_[i]));
    }
    batch.terminated = flags_at(arguments.read(terminated, flag_));
    batch.truncated = flags_at(arguments.read_flags(truncated, flag_));
    batch.mask = flags_at(arguments.read_optional(mask, flag_));
    batch.new_segment = flags_at(arguments.read_flags(new_segment, flag_));
    batch.priority = reinterpret_cast<const double *>(arguments.read_optional(priority, priority_));
    if (!arguments.exact() || (batch.priority != nullptr && !memory_.is_prioritized()))
        return py::bool_(false);

    const std::size_t steps = batch.rows * batch.streams;
    bool evicts_early = false;
    {
        const Hold hold(memory_, steps * (schema.row_bytes() + Hold::kStep));
        memory_.add(batch);
        evicts_early = memory_.counters().evicted_early > 0;
    }
    warn_of_early_eviction(evicts_early);
    return py::bool_(true);
}

const TransitionBatch *BoundMemory::batch_of(py::handle arrays, std::size_t rows) const {
    if (!PyTuple_Check(arrays.ptr()) ||
        PyTuple_GET_SIZE(arrays.ptr()) != static_cast<py::ssize_t>(outputs_.size()))
        return nullptr;
    // Kept by the thread, so that a batch that is filled again allocates nothing.
    thread_local std::vector<std::byte *> pointers;
    thread_local TransitionBatch batch;
    pointers.clear();
    const std::array lead{static_cast<py::ssize_t>(rows)};
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        PyObject *array = PyTuple_GET_ITEM(arrays.ptr(), static_cast<py::ssize_t>(i));
        pointers.push_back(outputs_[i].writable_data(array, lead));
        if (pointers.back() == nullptr)
            return nullptr;
    }
    point(batch, pointers);
    return &batch;
}

void BoundMemory::point(TransitionBatch &batch, std::span<std::byte *const> pointers) const {
    const Schema &schema = memory_.schema();
    const auto fields = static_cast<std::ptrdiff_t>(schema.fields().size());
    const auto flags =
        pointers.begin() + fields + static_cast<std::ptrdiff_t>(schema.observations());
    batch.fields.assign(pointers.begin(), pointers.begin() + fields);
    batch.next_obs.assign(pointers.begin() + fields, flags);
    batch.terminated = reinterpret_cast<bool *>(flags[0]);
    batch.truncated = reinterpret_cast<bool *>(flags[1]);
    batch.discount = flags[2];
    batch.weights = reinterpret_cast<float *>(flags[3]);
    batch.indices = reinterpret_cast<std::int64_t *>(flags[4]);
}

py::object BoundMemory::sample(Positional given) {
    const std::size_t batch_size = size_of(given[0]), n_step = size_of(given[1]);
    const double gamma = number_of(given[2]), beta = number_of(given[3]);
    const auto arrays =
        given[4] == Py_None ? empty(batch_size) : py::reinterpret_borrow<py::object>(given[4]);
    const TransitionBatch *batch = batch_of(arrays, batch_size);
    if (batch == nullptr)
        return py::none(); // Python says what is wrong with it
    {
        const Hold hold(memory_, batch_size * memory_.schema().row_bytes());
        memory_.sample(batch_size, n_step, gamma, beta, *batch);
    }
    return arrays; // only now: the GIL is back
}

py::object BoundMemory::sample_distinct(Positional given) {
    const std::size_t batch_size = size_of(given[0]), n_step = size_of(given[1]);
    const double gamma = number_of(given[2]);
    {
        const Hold hold(memory_, 0);
        memory_.require_held(batch_size); // before so many rows are allocated
    }
    py::object arrays = empty(batch_size);
    const TransitionBatch *batch = batch_of(arrays, batch_size);
    {
        const Hold hold(memory_, batch_size * memory_.schema().row_bytes());
        memory_.sample_distinct(batch_size, n_step, gamma, *batch);
    }
    return arrays;
}

py::object BoundMemory::read(py::handle indices, std::size_t n_step, double gamma) {
    const std::array lead{length_of(indices)};
    const std::byte *data = index_.data(indices, lead);
    if (data == nullptr)
        throw py::type_error("indices: expected a contiguous array of int64");
    const auto count = static_cast<std::size_t>(lead[0]);
    py::object arrays = empty(count);
    const TransitionBatch *batch = batch_of(arrays, count);
    {
        const Hold hold(memory_, count * memory_.schema().row_bytes());
        memory_.read({reinterpret_cast<const std::int64_t *>(data), count}, n_step, gamma, *batch);
    }
    return arrays;
}

py::object BoundMemory::read_one(std::int64_t index, py::object spare) {
    std::unique_ptr<OneRow> row = std::move(row_); // taken while it is used: the GIL may go below
    if (row == nullptr)
        row = std::make_unique<OneRow>(outputs_.size());
    const Schema &schema = memory_.schema();
    const std::size_t count = schema.fields().size() + schema.observations() + 1;
    py::object values = spare ? std::move(spare) : py::tuple(count);
    const auto at = [&values](std::size_t i) -> PyObject *& {
        return reinterpret_cast<PyTupleObject *>(values.ptr())->ob_item[i];
    };
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        row->outputs[i] = row->numbers[i].data();
        if (outputs_[i].is_number())
            continue;
        std::byte *data = at(i) == nullptr ? nullptr : outputs_[i].spare_data(at(i), {});
        if (data == nullptr) {
            Py_XSETREF(at(i), outputs_[i].make({}).release().ptr());
            data = outputs_[i].data(at(i), {});
        }
        row->outputs[i] = data;
    }
    point(row->batch, row->outputs);
    {
        const Hold hold(memory_, schema.row_bytes());
        memory_.read({&index, 1}, 1, 1.0, row->batch);
    }
    for (std::size_t i = 0; i < count; ++i)
        if (outputs_[i].is_number())
            Py_XSETREF(at(i), outputs_[i].number(row->outputs[i]).release().ptr());
    row_ = std::move(row);
    return values;
}

std::pair<std::int64_t, std::int64_t> BoundMemory::newest() {
    const Hold hold(memory_, 0);
    return {memory_.newest(), memory_.size()};
}

py::object BoundMemory::held() {
    std::vector<std::int64_t> indices;
    {
        const Hold hold(memory_, 0);
        indices = memory_.held();
    }
    return py::array_t<std::int64_t>(static_cast<py::ssize_t>(indices.size()), indices.data());
}

py::object BoundMemory::held_masses() {
    std::vector<double> masses;
    {
        const Hold hold(memory_, 0);
        masses = memory_.held_masses();
    }
    return py::array_t<double>(static_cast<py::ssize_t>(masses.size()), masses.data());
}

py::object BoundMemory::empty(std::size_t batch_size) const {
    py::tuple arrays(outputs_.size());
    const std::array lead{static_cast<py::ssize_t>(batch_size)};
    for (std::size_t i = 0; i < outputs_.size(); ++i)
        PyTuple_SET_ITEM(
            arrays.ptr(), static_cast<py::ssize_t>(i), outputs_[i].make(lead).release().ptr());
    return arrays;
}

py::object BoundMemory::update_priorities(Positional given) {
    const py::handle indices = given[0], priorities = given[1];
    const std::array lead{length_of(indices)};
    const auto count = static_cast<std::size_t>(lead[0]);
    const auto find = [&lead](const ArrayType &type, py::handle value) {
        const std::byte *data = type.data(value, lead);
        return data != nullptr ? data : type.tensor_data(value, lead);
    };
    const std::byte *index_data = find(index_, indices);
    const std::byte *wide = priority_.data(priorities, lead);
    const std::byte *narrow = wide == nullptr ? find(weight_, priorities) : nullptr;
    if (index_data == nullptr || (wide == nullptr && narrow == nullptr))
        return py::none();
    std::int64_t stale = 0;
    {
        const Hold hold(memory_, count * Hold::kStep);
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

py::dict BoundMemory::stats() {
    Counters counters{};
    std::int64_t size = 0, segments = 0, steps = 0;
    std::optional<double> largest;
    {
        const Hold hold(memory_, 0);
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

void BoundMemory::warn_of_early_eviction(bool happened) {
    if (!happened || has_warned_)
        return;
    has_warned_ = true;
    const char *message =
        "the oldest transitions are evicted before the buffer's capacity is reached: segments "
        "are so short that their final steps fill the reserve; a larger reserve= keeps more";
    if (PyErr_WarnEx(PyExc_RuntimeWarning, message, 2) != 0)
        throw py::error_already_set();
}

void BoundMemory::add_context(py::handle obs, py::handle mask) {
    const std::array lead{static_cast<py::ssize_t>(memory_.streams())};
    Arguments arguments(Lead(lead).first(memory_.streams() > 1 ? 1 : 0));
    ContextBatch batch;
    read_observation(obs, arguments, batch.obs);
    batch.mask = flags_at(arguments.read_optional(mask, flag_));
    if (!arguments.exact())
        throw py::type_error("add_context: expected converted arrays");
    bool evicts_early = false;
    {
        const Hold hold(memory_, memory_.streams() * memory_.schema().row_bytes());
        memory_.add_context(batch);
        evicts_early = memory_.counters().evicted_early > 0;
    }
    warn_of_early_eviction(evicts_early);
}

void BoundMemory::read_observation(py::handle obs,
                                   Arguments &arguments,
                                   std::vector<const std::byte *> &pointers) const {
    const std::size_t count = memory_.schema().observations();
    if (count == 1) {
        pointers.push_back(arguments.read(obs, types_[0]));
        return;
    }
    const auto leaves = py::reinterpret_borrow<py::tuple>(obs);
    for (std::size_t i = 0; i < count; ++i)
        pointers.push_back(arguments.read(leaves[i], types_[i]));
}

void BoundMemory::clear() {
    const Hold hold(memory_, 0);
    memory_.clear();
}

void BoundMemory::save(snapshot::Writer &writer) {
    const Hold hold(memory_, memory_.nbytes());
    memory_.save(writer);
}

void BoundMemory::restore(snapshot::Reader &reader) {
    const Hold hold(memory_, memory_.nbytes());
    memory_.restore(reader);
}

bool BoundMemory::is_full() {
    const Hold hold(memory_, 0);
    return memory_.is_full();
}

bool BoundMemory::is_valid() {
    const Hold hold(memory_, 0);
    return memory_.is_valid();
}

std::int64_t BoundMemory::size() {
    const Hold hold(memory_, 0);
    return memory_.size();
}

} // namespace dqn_fast::bindings
