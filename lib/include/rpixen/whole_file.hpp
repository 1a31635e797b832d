#pragma once

// Threads: any, as long as the paths differ. Exceptions: Error, std::bad_alloc. Callbacks: `before` is called once, in
// the calling thread, and may throw, which is then what the call throws.

#include <functional>
#include <string>
#include <string_view>

#include <rpixen/export.h>

namespace rpixen {

/// Writes a file that appears under its name whole or not at all; an older one of that name stays until then.
/// `before` is called when nothing is left to do but to give it the name; what it throws leaves the older
/// file. Throws Error{io}: no such folder, no space, no regular file of that name.
RPIXEN_API void write_whole_file(const std::string& path, std::string_view content,
                                 const std::function<void()>& before = {});

}  // namespace rpixen
