// SPDX-License-Identifier: MIT
#include "kernels/kernels_for.hpp"

namespace dqn_fast::kernels {

constinit const Kernels kAvx2 = compiled_for<struct Avx2>("avx2");

} // namespace dqn_fast::kernels
