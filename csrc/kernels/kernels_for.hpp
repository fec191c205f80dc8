// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/dense_kernels.hpp"
#include "kernels/power_kernels.hpp"
#include "kernels/tree_kernels.hpp"

namespace dqn_fast::kernels {

/// The kernels as the including file compiles them; `Isa` must be its own.
template <class Isa>
constexpr Kernels compiled_for(const char *name) noexcept {
    return {name,
            Trees<Isa>::find,
            Trees<Isa>::template update<Sum>,
            Trees<Isa>::template update<Min>,
            Powers<Isa>::masses,
            Powers<Isa>::logarithms,
            Powers<Isa>::weights,
            Dense<Isa>::forward};
}

extern const Kernels kPortable;
extern const Kernels kAvx2;   // x86-64 only
extern const Kernels kAvx512; // x86-64 only

} // namespace dqn_fast::kernels
