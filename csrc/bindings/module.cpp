// SPDX-License-Identifier: MIT
#include "bindings/register.hpp"

PYBIND11_MODULE(_core, module) {
    module.doc() = "The C++ core of dqn_fast; dqn_fast.ReplayBuffer is its public face.";
    module.attr("__version__") = DQN_FAST_VERSION;
    module.attr("stub_digest") = DQN_FAST_STUB_DIGEST;
    dqn_fast::bindings::register_add_method(module);
    dqn_fast::bindings::register_dense_layers(module);
    dqn_fast::bindings::register_priority_index(module);
    dqn_fast::bindings::register_replay_memory(module);
    dqn_fast::bindings::register_lazy_row(module);
    dqn_fast::bindings::register_snapshot(module);
    dqn_fast::bindings::register_tuple_sequence(module);
}
