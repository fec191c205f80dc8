// SPDX-License-Identifier: MIT
// How steps come from Python into the memory.
#include "bindings/py_replay_memory.hpp"
#include "bindings/step_arguments.hpp"

namespace dqn_fast::bindings {

namespace {

const std::uint8_t *flags_at(const std::byte *data) {
    return reinterpret_cast<const std::uint8_t *>(data);
}

/// A batch with the room of another, which has none meanwhile and gets it back: an argument's
/// __index__ may come back here before that.
class BatchInRoom {
  public:
    explicit BatchInRoom(StepBatch &room) : room_(room) { exchange(); }
    ~BatchInRoom() {
        batch.fields.clear();
        batch.next_obs.clear();
        exchange();
    }
    BatchInRoom(const BatchInRoom &) = delete;
    BatchInRoom &operator=(const BatchInRoom &) = delete;

    StepBatch batch;

  private:
    void exchange() noexcept {
        batch.fields.swap(room_.fields);
        batch.next_obs.swap(room_.next_obs);
    }

    StepBatch &room_;
};

bool is_given(Positional given, StepArgument argument) {
    return given.size() > argument && given[argument] != Py_None;
}

} // namespace

py::object PyReplayMemory::add(Positional given) {
    const Schema &schema = memory_.schema();
    BatchInRoom in_room(room_);
    StepBatch &batch = in_room.batch;
    std::array<py::ssize_t, 2> leading;
    std::size_t axes = 0;
    if (is_given(given, kRows)) {
        batch.rows = size_of(given[kRows]);
        leading[axes++] = static_cast<py::ssize_t>(batch.rows);
    }
    const bool is_one = is_given(given, kEnv) && !PyTuple_Check(given[kEnv]);
    if (is_one)
        batch.first_stream = size_of(given[kEnv]);
    else if (is_given(given, kEnv)) {
        batch.first_stream = size_of(PyTuple_GET_ITEM(given[kEnv], 0));
        batch.streams = size_of(PyTuple_GET_ITEM(given[kEnv], 1));
    } else
        batch.streams = memory_.streams();
    if (batch.streams > 1 || (is_given(given, kEnv) && !is_one))
        leading[axes++] = static_cast<py::ssize_t>(batch.streams);
    Arguments arguments(LeadingShape(leading.data(), axes));
    read_observation(given[kObs], arguments, batch.fields);
    read_observation(given[kNextObs], arguments, batch.next_obs);
    batch.fields.push_back(arguments.read(given[kAction], types_[schema.action()]));
    batch.fields.push_back(arguments.read(given[kReward], types_[schema.reward()]));
    PyObject *const extra = given[kExtra];
    if (!PyDict_Check(extra) ||
        PyDict_Size(extra) != static_cast<py::ssize_t>(types_.size() - schema.first_extra()))
        return py::bool_(false);
    for (std::size_t i = schema.first_extra(); i < types_.size(); ++i) {
        PyObject *value = PyDict_GetItemString(extra, schema.fields()[i].name.c_str());
        if (value == nullptr)
            return py::bool_(false);
        batch.fields.push_back(arguments.read(value, types_[i]));
    }
    batch.terminated = flags_at(arguments.read(given[kTerminated], flag_));
    batch.truncated = flags_at(arguments.read_flags(given[kTruncated], flag_));
    batch.mask = flags_at(arguments.read_optional(given[kMask], flag_));
    batch.new_segment = flags_at(arguments.read_flags(given[kNewSegment], flag_));
    batch.priority =
        reinterpret_cast<const double *>(arguments.read_optional(given[kPriority], priority_));
    if (!arguments.exact() || (batch.priority != nullptr && !memory_.is_prioritized()))
        return py::bool_(false);

    const std::size_t steps = batch.rows * batch.streams;
    bool evicts_early = false;
    {
        const MemoryLock lock(memory_, steps * (schema.row_bytes() + MemoryLock::kStep));
        memory_.add(batch);
        evicts_early = memory_.counters().evicted_early > 0;
    }
    warn_of_early_eviction(evicts_early);
    return py::bool_(true);
}

void PyReplayMemory::add_context(py::handle obs,
                                 py::handle mask,
                                 bool continues,
                                 std::optional<std::size_t> rows,
                                 std::optional<std::size_t> env) {
    ContextBatch batch;
    std::vector<py::ssize_t> leading;
    if (rows) {
        batch.rows = *rows;
        leading.push_back(static_cast<py::ssize_t>(*rows));
    }
    if (env)
        batch.first_stream = *env;
    else if (memory_.streams() > 1) {
        batch.streams = memory_.streams();
        leading.push_back(static_cast<py::ssize_t>(batch.streams));
    }
    Arguments arguments(leading);
    read_observation(obs, arguments, batch.obs);
    batch.mask = flags_at(arguments.read_optional(mask, flag_));
    batch.continues = continues;
    if (!arguments.exact())
        throw py::type_error("obs: got other arrays, expected converted ones");
    bool evicts_early = false;
    {
        const MemoryLock lock(memory_, batch.rows * batch.streams * memory_.schema().row_bytes());
        memory_.add_context(batch);
        evicts_early = memory_.counters().evicted_early > 0;
    }
    warn_of_early_eviction(evicts_early);
}

void PyReplayMemory::read_observation(py::handle obs,
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

void PyReplayMemory::warn_of_early_eviction(bool happened) {
    if (!happened || has_warned_)
        return;
    has_warned_ = true;
    std::int64_t hidden = 0, context = 0, others = 0; // of the steps that are no transitions
    {
        const MemoryLock lock(memory_, MemoryLock::kLong);
        hidden = memory_.hidden();
        context = memory_.context();
        others = memory_.steps() - memory_.size();
    }
    std::string message = "the oldest transitions are evicted before the buffer's capacity is "
                          "reached: ";
    if (2 * hidden > others)
        message += "the observations are no stacks that move by one frame a step, as frame_stack= "
                   "says, so that frames are stored beside them and fill the reserve; "
                   "frame_stack=1 stores each observation once, and a larger reserve= keeps more";
    else if (2 * context > others)
        message += "context steps, which nobody acted on, fill the reserve; a larger reserve= "
                   "keeps more";
    else
        message += "segments are so short that their final steps fill the reserve; a larger "
                   "reserve= keeps more";
    if (PyErr_WarnEx(PyExc_RuntimeWarning, message.c_str(), 2) != 0)
        throw py::error_already_set();
}

} // namespace dqn_fast::bindings
