// SPDX-License-Identifier: MIT
#include "kernels/kernels_for.hpp"

namespace dqn_fast::kernels {

constinit const Kernels kPortable = compiled_for<struct Portable>("portable");

} // namespace dqn_fast::kernels
