// SPDX-License-Identifier: MIT
#include "kernels/kernels.hpp"

#include "kernels/kernels_for.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(DQN_FAST_X86_64) && defined(_MSC_VER)
#include <intrin.h>
#elif defined(DQN_FAST_X86_64)
#include <cpuid.h>
#endif

namespace dqn_fast {

namespace {

#if defined(DQN_FAST_X86_64)

// What the processor says of itself. The compilers' __builtin_cpu_supports says no to everything
// where their run-time library does not fill in its table.
struct Registers {
    explicit Registers(int leaf) noexcept {
#if defined(_MSC_VER)
        int values[4];
        __cpuidex(values, leaf, 0);
        a = static_cast<unsigned>(values[0]), b = static_cast<unsigned>(values[1]);
        c = static_cast<unsigned>(values[2]), d = static_cast<unsigned>(values[3]);
#else
        __cpuid_count(leaf, 0, a, b, c, d);
#endif
    }
    unsigned a, b, c, d;
};

// Which registers the system saves; only where it says that it does.
unsigned saved_registers() noexcept {
#if defined(_MSC_VER)
    return static_cast<unsigned>(_xgetbv(0));
#else
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
#endif
}

// The processor has the features and the system saves the registers.
struct Processor {
    Processor() noexcept {
        if (Registers(0).a < 7)
            return;
        const Registers basic(1), extended(7);
        const auto all_of = [](unsigned value, unsigned bits) { return (value & bits) == bits; };
        constexpr unsigned popcnt = 1U << 23, os_saves = 1U << 27;
        if (!all_of(basic.c, popcnt | os_saves))
            return;
        const unsigned saved = saved_registers();
        avx2 = all_of(saved, 0x6) && all_of(extended.b, 1U << 5);
        constexpr unsigned f = 1U << 16, dq = 1U << 17, vl = 1U << 31;
        avx512 = avx2 && all_of(saved, 0xe6) && all_of(extended.b, f | dq | vl);
    }
    bool avx2 = false, avx512 = false;
};

#endif

std::vector<const Kernels *> find_available() {
    std::vector<const Kernels *> found;
#if defined(DQN_FAST_X86_64)
    const Processor processor;
    if (processor.avx512)
        found.push_back(&kernels::kAvx512);
    if (processor.avx2)
        found.push_back(&kernels::kAvx2);
#endif
    found.push_back(&kernels::kPortable);
    return found;
}

} // namespace

std::span<const Kernels *const> Kernels::available() {
    static const std::vector<const Kernels *> found = find_available();
    return found;
}

const Kernels &Kernels::choose() {
    const char *name = std::getenv("DQN_FAST_KERNELS");
    if (name == nullptr || *name == '\0')
        return *available().front();
    std::string names;
    for (const Kernels *kernels : available()) {
        if (std::string(name) == kernels->name)
            return *kernels;
        names += std::string(names.empty() ? "" : ", ") + kernels->name;
    }
    throw std::invalid_argument("DQN_FAST_KERNELS: got '" + std::string(name) +
                                "', expected one that this processor runs: " + names);
}

} // namespace dqn_fast
