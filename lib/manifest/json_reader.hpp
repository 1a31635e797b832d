#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifest/json_value.hpp"

namespace rpixen {

/// What a text holds, and mistakes that do not hinder reading on (a key that stands twice: the first one
/// counts).
struct JsonDocument {
    JsonValue root;
    std::vector<Problem> problems;
};

/// Reads JSON (RFC 8259, UTF-8, a byte order mark is passed over) with // and /* */ comments, at most 64
/// levels deep. `file` is the name in locations. Throws Error{manifest} with one problem where the text is no
/// JSON.
JsonDocument read_json(std::string_view text, const std::string& file);

}  // namespace rpixen
