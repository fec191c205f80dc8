// SPDX-License-Identifier: MIT
#include "storage/snapshot.hpp"

#include <cerrno>
#include <system_error>

namespace dqn_fast::snapshot {

namespace {

template <class T>
T read(const std::byte *from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

} // namespace

void Writer::begin(const std::string &header) {
    const auto size = static_cast<std::uint32_t>(header.size());
    put(kMagic, sizeof kMagic);
    put(&kVersion, sizeof kVersion);
    put(&size, sizeof size);
    put(header.data(), header.size());
}

void Writer::end() {
    const std::uint64_t checksum = checksum_.value();
    write(reinterpret_cast<const std::byte *>(&checksum), sizeof checksum);
}

FileWriter::FileWriter(const std::string &path) : file_(std::fopen(path.c_str(), "wb")) {
    if (file_ == nullptr)
        throw std::system_error(errno, std::generic_category(), path);
}

FileWriter::~FileWriter() {
    if (file_ != nullptr)
        std::fclose(file_);
}

void FileWriter::write(const std::byte *data, std::size_t size) {
    if (std::fwrite(data, 1, size, file_) != size)
        throw std::system_error(errno, std::generic_category());
}

void FileWriter::close() {
    const int failed = std::fclose(file_);
    file_ = nullptr;
    if (failed != 0)
        throw std::system_error(errno, std::generic_category());
}

Reader::Reader(const std::byte *data, std::size_t size) : data_(data) {
    if (size < sizeof kMagic || std::memcmp(data, kMagic, sizeof kMagic) != 0)
        throw std::invalid_argument("saved buffer: got other bytes, expected those of dqn_fast");
    if (size < kPreamble + sizeof(std::uint64_t))
        throw std::invalid_argument("saved buffer: got a truncated one, expected all of it");
    version_ = read<std::uint32_t>(data + sizeof kMagic);
    Checksum checksum;
    end_ = size - sizeof(std::uint64_t);
    checksum.add(data, end_);
    const bool is_whole = checksum.value() == read<std::uint64_t>(data + end_);
    if (version_ > kVersion) // newer ones may be guarded otherwise
        throw std::invalid_argument("saved buffer: got format " + std::to_string(version_) +
                                    ", expected at most " + std::to_string(kVersion) +
                                    ", the newest that this version of dqn_fast reads");
    if (!is_whole)
        throw std::invalid_argument(
            "saved buffer: got a truncated or altered one, expected bytes that fit its checksum");
    at_ = kPreamble + read<std::uint32_t>(data + sizeof kMagic + sizeof kVersion);
    if (version_ == 0 || at_ > end_)
        throw std::invalid_argument(
            "saved buffer: got a malformed one, expected a header and steps");
}

std::string Reader::header() const {
    const auto size = read<std::uint32_t>(data_ + sizeof kMagic + sizeof kVersion);
    return {reinterpret_cast<const char *>(data_ + kPreamble), size};
}

void Reader::get(void *to, std::size_t size) {
    if (size > end_ - at_)
        throw std::invalid_argument(
            "saved buffer: got one that ends too early, expected more steps");
    std::memcpy(to, data_ + at_, size);
    at_ += size;
}

void Reader::end() const {
    if (at_ != end_)
        throw std::invalid_argument(
            "saved buffer: got one that ends too late, expected fewer bytes");
}

} // namespace dqn_fast::snapshot
