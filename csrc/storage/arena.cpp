// SPDX-License-Identifier: MIT
#include "storage/arena.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <utility>

#if defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace dqn_fast {

namespace {

constexpr std::size_t kUnknown = std::numeric_limits<std::size_t>::max();

#if defined(__linux__)

// What a container may use: the limit in a file of its control group.
std::size_t limit_in(const char *path) noexcept {
    unsigned long long limit = 0;
    std::FILE *file = std::fopen(path, "r");
    if (file == nullptr)
        return kUnknown;
    const bool found = std::fscanf(file, "%llu", &limit) == 1; // or "max"
    std::fclose(file);
    return found ? static_cast<std::size_t>(limit) : kUnknown;
}

#endif

} // namespace

std::size_t Arena::machine_memory() noexcept {
#if defined(_WIN32)
    MEMORYSTATUSEX status{};
    status.dwLength = sizeof status;
    return GlobalMemoryStatusEx(&status) ? static_cast<std::size_t>(status.ullTotalPhys) : kUnknown;
#else
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    std::size_t memory = kUnknown;
    if (pages > 0 && bytes > 0)
        memory = static_cast<std::size_t>(pages) * static_cast<std::size_t>(bytes);
#if defined(__linux__)
    memory = std::min({memory,
                       limit_in("/sys/fs/cgroup/memory.max"),                     // version 2
                       limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes")}); // version 1
#endif
    return memory;
#endif
}

OutOfMemory::OutOfMemory(double bytes) noexcept {
    const std::size_t machine = Arena::machine_memory();
    int length = std::snprintf(message_,
                               sizeof message_,
                               "capacity: the buffer would take %.0f bytes (%.1f GB)",
                               bytes,
                               bytes / 1e9);
    if (machine != kUnknown && length > 0)
        std::snprintf(message_ + length,
                      sizeof message_ - static_cast<std::size_t>(length),
                      ", and this machine has %.0f bytes (%.1f GB) of memory",
                      static_cast<double>(machine),
                      static_cast<double>(machine) / 1e9);
}

Arena Arena::anonymous(std::size_t bytes) {
    // The system might promise more than there is, and end the process when it is used.
    if (bytes > machine_memory())
        throw OutOfMemory(static_cast<double>(bytes));
    const std::size_t mapped = bytes < kHugePage ? bytes : bytes + kHugePage; // to align the start
#if defined(_WIN32)
    void *mapping = VirtualAlloc(nullptr, mapped, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (mapping == nullptr)
        throw OutOfMemory(static_cast<double>(bytes));
#else
    void *mapping =
        mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED)
        throw OutOfMemory(static_cast<double>(bytes));
#endif
    auto *data = static_cast<std::byte *>(mapping);
    if (bytes >= kHugePage) {
        const auto address = reinterpret_cast<std::uintptr_t>(mapping);
        data += (kHugePage - address % kHugePage) % kHugePage;
#if defined(MADV_HUGEPAGE)
        madvise(data, bytes, MADV_HUGEPAGE); // advice only: a refusal changes nothing but speed
#endif
    }
    return {mapping, mapped, data, bytes};
}

Arena::Arena(Arena &&other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)), mapped_(other.mapped_), data_(other.data_),
      size_(other.size_) {}

Arena::~Arena() {
    if (mapping_ == nullptr)
        return; // moved from
#if defined(_WIN32)
    VirtualFree(mapping_, 0, MEM_RELEASE);
#else
    munmap(mapping_, mapped_);
#endif
}

} // namespace dqn_fast
