// SPDX-License-Identifier: MIT
#include "bindings/py_priority_index.hpp"

#include "bindings/field_description.hpp"
#include "bindings/register.hpp"

#include <array>

namespace dqn_fast::bindings {

PyPriorityIndex::PyPriorityIndex(std::size_t capacity,
                                 std::uint64_t seed,
                                 const py::object &options)
    : index_(capacity, seed, options_of(options).value()) {}

std::optional<std::span<const std::int64_t>> PyPriorityIndex::integers_in(py::handle value) const {
    const std::array leading{length_of(value)};
    const std::byte *data = id_.data(value, leading);
    if (data == nullptr)
        data = id_.tensor_data(value, leading);
    if (data == nullptr)
        return std::nullopt;
    return std::span{reinterpret_cast<const std::int64_t *>(data),
                     static_cast<std::size_t>(leading[0])};
}

PyPriorityIndex::Numbers PyPriorityIndex::numbers_in(py::handle value, py::ssize_t count) const {
    Numbers numbers;
    const std::array leading{count};
    const std::byte *data = priority_.data(value, leading);
    numbers.wide = reinterpret_cast<const double *>(data);
    if (data == nullptr) {
        data = weight_.data(value, leading);
        if (data == nullptr)
            data = weight_.tensor_data(value, leading);
        numbers.narrow = reinterpret_cast<const float *>(data);
    }
    numbers.given = data != nullptr;
    return numbers;
}

std::span<const double> PyPriorityIndex::widened(const Numbers &numbers, std::size_t count) {
    if (!numbers.given)
        return {};
    if (numbers.wide != nullptr)
        return {numbers.wide, count};
    if (numbers.narrow != nullptr)
        widened_.assign(numbers.narrow, numbers.narrow + count);
    else
        widened_.assign(count, numbers.one);
    return widened_;
}

py::object PyPriorityIndex::add(Positional given) {
    const py::handle n = given[0], priority = given[1], at = given[2];
    std::optional<std::span<const std::int64_t>> leaves;
    if (!at.is_none() && !(leaves = integers_in(at)))
        return py::none();
    const std::size_t count = leaves ? leaves->size() : size_of(n.ptr());
    if (count > index_.capacity() && !leaves)
        return py::none(); // before so many ids are allocated
    Numbers priorities;
    if (!priority.is_none()) {
        if (PyFloat_CheckExact(priority.ptr()))
            priorities = {.given = true, .one = PyFloat_AS_DOUBLE(priority.ptr())};
        else
            priorities = numbers_in(priority, static_cast<py::ssize_t>(count));
        if (!priorities.given)
            return py::none();
    }
    const std::array leading{static_cast<py::ssize_t>(count)};
    py::object ids = id_.make(leading);
    auto *data = reinterpret_cast<std::int64_t *>(id_.data(ids, leading));
    {
        const MemoryLock lock(index_, count * MemoryLock::kStep);
        index_.add(leaves ? leaves->data() : nullptr, widened(priorities, count), {data, count});
    }
    return ids;
}

py::object PyPriorityIndex::sample(Positional given) {
    const std::size_t count = size_of(given[0]);
    const double beta = number_of(given[1]);
    const std::array leading{static_cast<py::ssize_t>(count)};
    py::object ids = id_.make(leading), weights = weight_.make(leading);
    auto *id = reinterpret_cast<std::int64_t *>(id_.data(ids, leading));
    auto *weight = reinterpret_cast<float *>(weight_.data(weights, leading));
    {
        const MemoryLock lock(index_, count * MemoryLock::kStep);
        index_.draw(beta, {id, count}, weight);
    }
    return py::make_tuple(std::move(ids), std::move(weights));
}

py::object PyPriorityIndex::update(Positional given) {
    const auto ids = integers_in(given[0]);
    if (!ids)
        return py::none();
    const Numbers priorities = numbers_in(given[1], static_cast<py::ssize_t>(ids->size()));
    if (!priorities.given)
        return py::none();
    std::int64_t stale = 0;
    {
        const MemoryLock lock(index_, ids->size() * MemoryLock::kStep);
        stale = index_.update(*ids, widened(priorities, ids->size()));
    }
    return py::int_(stale);
}

py::object PyPriorityIndex::remove(Positional given) {
    const auto ids = integers_in(given[0]);
    if (!ids)
        return py::none();
    std::int64_t stale = 0;
    {
        const MemoryLock lock(index_, ids->size() * MemoryLock::kStep);
        stale = index_.remove(*ids);
    }
    return py::int_(stale);
}

py::object PyPriorityIndex::ids_at(const py::object &leaves) {
    const auto wanted = integers_in(leaves);
    if (!wanted)
        throw py::type_error("leaves: got another object, expected a contiguous array of int64");
    const std::array leading{static_cast<py::ssize_t>(wanted->size())};
    py::object ids = id_.make(leading);
    auto *data = reinterpret_cast<std::int64_t *>(id_.data(ids, leading));
    {
        const MemoryLock lock(index_, wanted->size() * MemoryLock::kStep);
        index_.ids_at(*wanted, data);
    }
    return ids;
}

py::object PyPriorityIndex::masses(const py::object &ids) {
    const auto wanted = integers_in(ids);
    if (!wanted)
        throw py::type_error("ids: got another object, expected a contiguous array of int64");
    const std::array leading{static_cast<py::ssize_t>(wanted->size())};
    py::object masses = priority_.make(leading);
    auto *data = reinterpret_cast<double *>(priority_.data(masses, leading));
    {
        const MemoryLock lock(index_, wanted->size() * MemoryLock::kStep);
        index_.masses(*wanted, data);
    }
    return masses;
}

void PyPriorityIndex::clear() {
    const MemoryLock lock(index_, index_.nbytes());
    index_.clear();
}

void PyPriorityIndex::reseed(std::uint64_t seed) {
    const MemoryLock lock(index_, MemoryLock::kLookUp);
    index_.reseed(seed);
}

void PyPriorityIndex::save(snapshot::Writer &writer) {
    const MemoryLock lock(index_, index_.nbytes());
    index_.save(writer);
}

void PyPriorityIndex::restore(snapshot::Reader &reader) {
    const MemoryLock lock(index_, index_.nbytes());
    index_.restore(reader);
}

bool PyPriorityIndex::is_valid() {
    const MemoryLock lock(index_, MemoryLock::kLong);
    return index_.is_valid();
}

std::int64_t PyPriorityIndex::size() {
    const MemoryLock lock(index_, MemoryLock::kLookUp);
    return index_.size();
}

double PyPriorityIndex::largest_priority() {
    const MemoryLock lock(index_, MemoryLock::kLookUp);
    return index_.largest_priority();
}

void register_priority_index(py::module_ &module) {
    py::class_<PyPriorityIndex> index(module, "PriorityIndex");
    index
        .def(py::init<std::size_t, std::uint64_t, const py::object &>(),
             py::arg("capacity"),
             py::arg("seed"),
             py::arg("priorities"))
        .def("ids_at", &PyPriorityIndex::ids_at, py::arg("leaves"))
        .def("masses", &PyPriorityIndex::masses, py::arg("ids"))
        .def("clear", &PyPriorityIndex::clear)
        .def("reseed", &PyPriorityIndex::reseed, py::arg("seed"))
        .def("is_valid", &PyPriorityIndex::is_valid)
        .def("__len__", &PyPriorityIndex::size)
        .def_property_readonly("largest_priority", &PyPriorityIndex::largest_priority)
        .def_property_readonly("capacity", &PyPriorityIndex::capacity)
        .def_property_readonly("nbytes", &PyPriorityIndex::nbytes);
    FastMethods<PyPriorityIndex>(index)
        .def<&PyPriorityIndex::add, 3>("add", "add(self, n, priority, at) -> ndarray")
        .def<&PyPriorityIndex::sample, 2>("sample", "sample(self, n, beta) -> tuple")
        .def<&PyPriorityIndex::update, 2>("update", "update(self, ids, priorities) -> int")
        .def<&PyPriorityIndex::remove, 1>("remove", "remove(self, ids) -> int");
}

} // namespace dqn_fast::bindings
