#pragma once

#include <ostream>
#include <string_view>

#include <rpixen/error.hpp>

#include "surroundings.hpp"

namespace rpixen::cli {

/// One line, "rpixen-img: KIND: TEXT". Control characters in the text, which may come from a hostile input,
/// are escaped.
void write_message(std::ostream& err, std::string_view kind, std::string_view text);

/// A line for each problem, and one for each thing that was being done. On a terminal what was found, what is allowed
/// and what to change stand on lines of their own.
void write_error(const Surroundings& surroundings, const Error& error);

}  // namespace rpixen::cli
