#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include <rpixen/error.hpp>

namespace rpixen::cli {

/// One line, "rpixen-img: KIND: TEXT". Control characters in the text, which may come from a hostile input,
/// are escaped.
void write_message(std::ostream& err, std::string_view kind, std::string_view text);

/// A line for each problem, and one for each thing that was being done.
void write_error(std::ostream& err, const Error& error);

/// {"error": {"code": "manifest", "exit": 3, "context": [], "problems": [...]}}, with a newline. Valid UTF-8,
/// whatever the texts hold.
std::string error_json(const Error& error);

/// A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace rpixen::cli
