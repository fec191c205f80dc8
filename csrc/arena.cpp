// SPDX-License-Identifier: MIT
#include "arena.hpp"

#include <cstdint>
#include <new>

#if defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#else
#include <sys/mman.h>
#endif

namespace dqn_fast {

Arena::Arena(std::size_t bytes) : size_(bytes) {
    mapped_ = bytes < kHugePage ? bytes : bytes + kHugePage; // room to align the start
    if (mapped_ < bytes)
        throw std::bad_alloc();
#if defined(_WIN32)
    mapping_ = VirtualAlloc(nullptr, mapped_, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (mapping_ == nullptr)
        throw std::bad_alloc();
#else
    void *block =
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        throw std::bad_alloc();
    mapping_ = block;
#endif
    data_ = static_cast<std::byte *>(mapping_);
    if (bytes >= kHugePage) {
        const auto address = reinterpret_cast<std::uintptr_t>(mapping_);
        data_ += (kHugePage - address % kHugePage) % kHugePage;
#if defined(MADV_HUGEPAGE)
        madvise(data_, size_, MADV_HUGEPAGE); // advice only: a refusal changes nothing but speed
#endif
    }
}

Arena::~Arena() {
#if defined(_WIN32)
    VirtualFree(mapping_, 0, MEM_RELEASE);
#else
    munmap(mapping_, mapped_);
#endif
}

} // namespace dqn_fast
