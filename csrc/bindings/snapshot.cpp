// SPDX-License-Identifier: MIT
#include "storage/snapshot.hpp"

#include "bindings/py_priority_index.hpp"
#include "bindings/py_replay_memory.hpp"
#include "bindings/register.hpp"

#include <cerrno>
#include <system_error>

namespace dqn_fast::bindings {

namespace {

// A memory, or an index. A buffer that nothing was added to is a header alone.
template <class Saved>
void write(snapshot::Writer &writer, const std::string &header, Saved *memory) {
    writer.begin(header);
    if (memory != nullptr)
        memory->save(writer);
    writer.end();
}

template <class Saved>
void save(const std::string &path, const std::string &header, Saved *memory) {
    snapshot::FileWriter writer(path);
    write(writer, header, memory);
    writer.close();
}

template <class Saved>
py::bytes dumps(const std::string &header, Saved *memory) {
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

    template <class Saved>
    void restore(Saved *memory) {
        if (memory != nullptr)
            memory->restore(reader_);
        reader_.end();
    }

  private:
    py::buffer_info info_;
    snapshot::Reader reader_;
};

/// What is saved of an object of this class.
template <class Saved>
void define(py::module_ &module, py::class_<PySnapshot> &snapshot) {
    module.def("save", &save<Saved>, py::arg("path"), py::arg("header"), py::arg("memory"));
    module.def("dumps", &dumps<Saved>, py::arg("header"), py::arg("memory"));
    snapshot.def("restore", &PySnapshot::restore<Saved>, py::arg("memory"));
}

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
    py::class_<PySnapshot> snapshot(module, "Snapshot");
    snapshot.def(py::init<const py::buffer &>(), py::arg("data"))
        .def_property_readonly("header", &PySnapshot::header);
    define<PyReplayMemory>(module, snapshot); // first: None is a buffer's
    define<PyPriorityIndex>(module, snapshot);
}

} // namespace dqn_fast::bindings
