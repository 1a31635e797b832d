#pragma once

#include <rpixen/error.hpp>

#include "base/bytes.hpp"

namespace rpixen::fuzz {

/// Reads foreign bytes as the program does. It returns, or throws Error of a class that an input may have.
using Target = void (*)(ByteView input);

#define RPIXEN_FUZZ_TARGET(name) void name(ByteView input);
#include "fuzz_targets.inc"
#undef RPIXEN_FUZZ_TARGET

/// Runs a target. What it throws is passed on where it is a finding: everything but the errors that an input
/// may end with (exit status 3, 4 and 5).
inline void hold(Target target, ByteView input) {
    try {
        target(input);
    } catch (const Error& error) {
        const ErrorCode code = error.code();
        if (code != ErrorCode::manifest && code != ErrorCode::artifact && code != ErrorCode::unfit) throw;
    }
}

}  // namespace rpixen::fuzz
