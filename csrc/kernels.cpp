// SPDX-License-Identifier: MIT
#include "kernels.hpp"

#include "kernels_for.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#endif

namespace dqn_fast {

namespace {

#if defined(DQN_FAST_X86_64) && defined(_MSC_VER)

// The processor has the features and the system saves the registers.
struct Processor {
    Processor() noexcept {
        int basic[4], extended[4];
        __cpuid(basic, 1);
        __cpuidex(extended, 7, 0);
        const bool saves = (basic[2] >> 27 & 1) != 0; // OSXSAVE
        const auto saved = saves ? _xgetbv(0) : 0;
        const bool popcnt = (basic[2] >> 23 & 1) != 0;
        avx2 = popcnt && (saved & 0x6) == 0x6 && (extended[1] >> 5 & 1) != 0;
        constexpr int wanted = 1 << 16 | 1 << 17 | 1 << 31; // F, DQ, VL
        avx512 = avx2 && (saved & 0xe6) == 0xe6 && (extended[1] & wanted) == wanted;
    }
    bool avx2, avx512;
};

#elif defined(DQN_FAST_X86_64)

struct Processor {
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
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
