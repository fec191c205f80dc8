// SPDX-License-Identifier: MIT
#include "storage/snapshot.hpp"

#include "bindings/py_replay_memory.hpp"
#include "bindings/register.hpp"

#include <cerrno>
#include <system_error>

namespace dqn_fast::bindings {

namespace {

// A buffer that nothing was added to is a header alone.
void write(snapshot::Writer &writer, const std::string &header, PyReplayMemory *memory) {
    writer.begin(header);
    if (memory != nullptr)
        memory->save(writer);
    writer.end();
}

void save(const std::string &path, const std::string &header, PyReplayMemory *memory) {
    snapshot::FileWriter writer(path);
    write(writer, header, memory);
    writer.close();
}

py::bytes dumps(const std::string &header, PyReplayMemory *memory) {
    snapshot::MemoryWriter writer;
    write(writer, header, memory);
    return {reinterpret_cast<const char *>(writer.bytes().data()), writer.bytes().size()};
}

/// A snapshot over a buffer of bytes, which it keeps alive.
class PySnapshot {
  public:
    explicit PySnapshot(const py::buffer &data)
        : info_(data.request()), reader_(static_cast<const std::byte *>(info_.ptr),
                                         static_cast<std::size_t>(info_.size * info_.itemsize)) {}

    [[nodiscard]] std::string header() const { return reader_.header(); }

    void restore(PyReplayMemory *memory) {
        if (memory != nullptr)
            memory->restore(reader_);
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
    module.def("save", &save, py::arg("path"), py::arg("header"), py::arg("memory").none(true));
    module.def("dumps", &dumps, py::arg("header"), py::arg("memory").none(true));
    py::class_<PySnapshot>(module, "Snapshot")
        .def(py::init<const py::buffer &>(), py::arg("data"))
        .def_property_readonly("header", &PySnapshot::header)
        .def("restore", &PySnapshot::restore, py::arg("memory").none(true));
}

} // namespace dqn_fast::bindings
