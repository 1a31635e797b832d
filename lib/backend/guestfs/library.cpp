#include "backend/guestfs/library.hpp"

#include <dlfcn.h>

#include <rpixen/error.hpp>

namespace rpixen::guestfs {

#define RPIXEN_GUESTFS_DEFINE(name) decltype(&::guestfs_##name) guestfs_##name = nullptr;
RPIXEN_GUESTFS_FUNCTIONS(RPIXEN_GUESTFS_DEFINE)
#undef RPIXEN_GUESTFS_DEFINE

namespace {

[[noreturn]] void refuse() {
    const char* const reason = ::dlerror();
    throw Error(ErrorCode::unavailable, "libguestfs cannot be loaded", reason ? reason : "no reason given",
                "libguestfs.so.0 of 1.44 or newer",
                "install it (on Debian: apt-get install libguestfs0), or use the direct back end");
}

/// It stays loaded until the process ends.
bool load() {
    void* const library = ::dlopen("libguestfs.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) refuse();
    const auto find = [&](const char* name, auto& function) {
        void* const found = ::dlsym(library, name);
        if (!found) refuse();
        function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(found);
    };
#define RPIXEN_GUESTFS_FIND(name) find("guestfs_" #name, guestfs_##name);
    RPIXEN_GUESTFS_FUNCTIONS(RPIXEN_GUESTFS_FIND)
#undef RPIXEN_GUESTFS_FIND
    return true;
}

}  // namespace

void load_library() {
    static const bool loaded = load();
    static_cast<void>(loaded);
}

}  // namespace rpixen::guestfs
