// SPDX-License-Identifier: MIT
#include "kernels/kernels_for.hpp"

namespace dqn_fast::kernels {

constinit const Kernels kAvx512 = compiled_for<struct Avx512>("avx512");

} // namespace dqn_fast::kernels
