#pragma once

#include <future>
#include <system_error>

#include "base/host_signals.hpp"

namespace rpixen {

/// Starts work on a thread of its own; where the system gives none (RLIMIT_NPROC, no memory for a stack) it is
/// done by the caller when the result is asked for. The work must not wait for its caller. As with std::async
/// the future's destructor waits for the thread.
template <typename Work>
auto beside(const Work& work) -> std::future<decltype(work())> {
    try {
        const SignalsBlocked blocked;
        return std::async(std::launch::async, work);
    } catch (const std::system_error&) {
        return std::async(std::launch::deferred, work);
    }
}

}  // namespace rpixen
