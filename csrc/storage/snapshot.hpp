// SPDX-License-Identifier: MIT
#pragma once

#include "storage/checksum.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

/// The container of a saved memory: a frame around a header, which says what the memory is, and
/// the parts that it consists of.
///
///     "dqn_fast" | version u32 | header bytes u32 | header | parts ... | checksum u64
///
/// The checksum is of all bytes before it, and is right before anything else is believed.
namespace dqn_fast::snapshot {

inline constexpr char kMagic[8] = {'d', 'q', 'n', '_', 'f', 'a', 's', 't'};
inline constexpr std::uint32_t kVersion = 2; // 2: hidden steps have a mark
inline constexpr std::size_t kPreamble = sizeof kMagic + 2 * sizeof(std::uint32_t);

/// Where the bytes of a snapshot go: a file, or memory.
class Writer {
  public:
    virtual ~Writer() = default;
    void put(const void *data, std::size_t size) {
        checksum_.add(static_cast<const std::byte *>(data), size);
        write(static_cast<const std::byte *>(data), size);
    }
    void begin(const std::string &header);
    void end();

  private:
    virtual void write(const std::byte *data, std::size_t size) = 0;
    Checksum checksum_;
};

class FileWriter final : public Writer {
  public:
    /// Throws std::system_error if the file cannot be made.
    explicit FileWriter(const std::string &path);
    ~FileWriter() override;
    FileWriter(const FileWriter &) = delete;
    FileWriter &operator=(const FileWriter &) = delete;
    /// Hands everything to the system. Throws std::system_error if it does not take it.
    void close();

  private:
    void write(const std::byte *data, std::size_t size) override;
    std::FILE *file_;
};

class MemoryWriter final : public Writer {
  public:
    [[nodiscard]] const std::vector<std::byte> &bytes() const noexcept { return bytes_; }

  private:
    void write(const std::byte *data, std::size_t size) override {
        bytes_.insert(bytes_.end(), data, data + size);
    }
    std::vector<std::byte> bytes_;
};

/// The parts of a snapshot that was checked whole.
class Reader {
  public:
    /// Throws std::invalid_argument if the bytes are no snapshot, a newer or a damaged one.
    Reader(const std::byte *data, std::size_t size);

    /// The format that it is in, at most kVersion.
    [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
    [[nodiscard]] std::string header() const;
    /// Throws std::invalid_argument if there are fewer bytes left.
    void get(void *to, std::size_t size);
    /// Throws std::invalid_argument if something is left.
    void end() const;

  private:
    const std::byte *data_;
    std::uint32_t version_ = 0;
    std::size_t at_;
    std::size_t end_; // of the parts
};

} // namespace dqn_fast::snapshot
