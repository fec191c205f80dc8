// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace dqn_fast::bindings {

/// The positional arguments of the core's `add`. Without kRows it is one step of each environment
/// (or of kEnv), else arrays with a row axis. kEnv is one environment, or a tuple of the first of
/// several neighbours and their number, for which arrays have an axis, too.
enum StepArgument : std::size_t {
    kObs,
    kAction,
    kReward,
    kNextObs,
    kTerminated,
    kTruncated,
    kMask,
    kNewSegment,
    kPriority,
    kExtra,
    kRows, // optional
    kEnv,  // optional
};

} // namespace dqn_fast::bindings
