// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>

/// Sets a variable of this process's environment; an empty value removes it.
inline void set_environment(const char *name, const char *value) {
#if defined(_WIN32)
    _putenv_s(name, value);
#else
    if (*value == '\0')
        unsetenv(name);
    else
        setenv(name, value, 1);
#endif
}
