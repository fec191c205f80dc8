// SPDX-License-Identifier: MIT
#include "storage/snapshot.hpp"

#include "bindings/py_priority_index.hpp"
#include "bindings/py_replay_memory.hpp"
#include "bindings/register.hpp"

#include <pybind11/stl.h>

#include <cerrno>
#include <system_error>
#include <variant>

namespace dqn_fast::bindings {

namespace {

// What is saved. A buffer that nothing was added to has no memory: it is a header alone.
using Saved = std::variant<PyReplayMemory *, PyPriorityIndex *>;

void write(snapshot::Writer &writer, const std::string &header, const Saved &saved) {
    writer.begin(header);
    const auto put = [&writer](auto *memory) {
        if (memory != nullptr)
            memory->save(writer);
    };
    std::visit(put, saved);
    writer.end();
}

void save(const std::string &path, const std::string &header, const Saved &saved) {
    snapshot::FileWriter writer(path);
    write(writer, header, saved);
    writer.close();
}

py::bytes dumps(const std::string &header, const Saved &saved) {
    snapshot::MemoryWriter writer;
    write(writer, header, saved);
    return {reinterpret_cast<const char *>(writer.bytes().data()), writer.bytes().size()};
}

/// A snapshot over a buffer of bytes, which it keeps alive.
class PySnapshot {
  public:
    explicit PySnapshot(const py::buffer &data)
        : info_(data.request()), reader_(static_cast<const std::byte *>(info_.ptr),
                                         static_cast<std::size_t>(info_.size * info_.itemsize)) {}

    [[nodiscard]] std::string header() const { return reader_.header(); }

    void restore(const Saved &saved) {
        const auto get = [this](auto *memory) {
            if (memory != nullptr)
                memory->restore(reader_);
        };
        std::visit(get, saved);
        reader_.end();
    }

  private:
    py::buffer_info info_;
    snapshot::Reader reader_;
};

} // namespace

void register_snapshot(py::module_ &module) {
    py::register_exception_translator([](std::exception_ptr thrown) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::system_error &error) {
            errno = error.code().value();
            PyErr_SetFromErrno(PyExc_OSError);
        }
    });
    module.def("save", &save, py::arg("path"), py::arg("header"), py::arg("memory"));
    module.def("dumps", &dumps, py::arg("header"), py::arg("memory"));
    py::class_<PySnapshot>(module, "Snapshot")
        .def(py::init<const py::buffer &>(), py::arg("data"))
        .def_property_readonly("header", &PySnapshot::header)
        .def("restore", &PySnapshot::restore, py::arg("memory"));
}

} // namespace dqn_fast::bindings
