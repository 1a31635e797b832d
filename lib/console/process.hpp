#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace rpixen {

/// Starts a program, looked up in PATH, in a process group of its own, which the kernel kills when this thread ends. -1
/// in `inherit` is skipped. A failed exec shows as exit status 127. Throws Error{io}.
pid_t start_process(const std::vector<std::string>& arguments, int input, int output, int errors,
                    const std::vector<int>& inherit);

/// Waits for its end. Its exit status; -1 where a signal ended it.
int wait_for(pid_t child);

/// Its exit status where it has ended; nothing where it runs.
std::optional<int> ended(pid_t child);

}  // namespace rpixen
