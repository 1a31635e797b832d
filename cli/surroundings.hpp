#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include <rpixen/progress.hpp>

namespace rpixen::cli {

/// What a run has from the world around it, so that tests can be that world.
struct Surroundings {
    std::ostream& out;
    std::ostream& err;
    bool terminal = false;  ///< `err` is one, and someone may watch it
    std::size_t width = 80;
    std::optional<std::string> source_date_epoch{};  ///< the environment variable
    const CancelToken* cancel = nullptr;
    std::function<double()> seconds = [] { return 0.0; };  ///< a monotonic clock, for progress only
};

}  // namespace rpixen::cli
