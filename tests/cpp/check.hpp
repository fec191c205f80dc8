// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the test with the line at which it failed.
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #condition);     \
            std::exit(1);                                                                          \
        }                                                                                          \
    } while (false)

/// The statement must throw `Error`.
#define CHECK_THROWS(Error, statement)                                                             \
    do {                                                                                           \
        bool thrown = false;                                                                       \
        try {                                                                                      \
            statement;                                                                             \
        } catch (const Error &) {                                                                  \
            thrown = true;                                                                         \
        }                                                                                          \
        CHECK(thrown &&#statement);                                                                \
    } while (false)
