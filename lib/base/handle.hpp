#pragma once

#include <memory>

namespace rpixen {

/// Calls a C library's release function; `using Archive = Handle<archive, archive_read_free>;`
template <auto release>
struct Release {
    template <typename T>
    void operator()(T* handle) const noexcept {
        static_cast<void>(release(handle));
    }
};

template <typename T, auto release>
using Handle = std::unique_ptr<T, Release<release>>;

}  // namespace rpixen
