#pragma once

#include <cstddef>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>

#include <rpixen/progress.hpp>

namespace rpixen::cli {

/// What a run has from the world around it, so that tests can be that world.
struct Surroundings {
    std::ostream& out;
    std::ostream& err;
    std::istream* in = nullptr;     ///< standard input
    bool terminal_in = false;       ///< `in` is one, and someone may answer a question
    bool terminal = false;          ///< `err` is one, and someone may watch it
    bool terminal_results = false;  ///< `out` is one
    /// Whether severities are in colour: where it is automatic, on a terminal.
    enum class Color { automatic, always, never } color = Color::automatic;
    /// Columns of the terminal as it is now, since a window may be resized while a progress line is drawn.
    std::function<std::size_t()> width = [] { return std::size_t{80}; };
    std::optional<std::string> source_date_epoch{};  ///< the environment variable
    const CancelToken* cancel = nullptr;
    std::function<double()> seconds = [] { return 0.0; };  ///< a monotonic clock, for progress only

    bool colors_messages() const { return color == Color::always || (color == Color::automatic && terminal); }
    bool colors_results() const { return color == Color::always || (color == Color::automatic && terminal_results); }
};

}  // namespace rpixen::cli
