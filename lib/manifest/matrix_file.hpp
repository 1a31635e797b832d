#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/json_value.hpp"

// MATRIX.json, as it is written: axes of values, which variants.hpp combines (docs/fleet.md).

namespace rpixen {

/// One value of a manifest, put in its place.
struct MatrixEdit {
    std::vector<std::string> place;  ///< the reference tokens of a JSON pointer (RFC 6901), at least one
    JsonValue value;                 ///< null: what is there is left out
    Location location;               ///< of the value in the matrix
};

struct MatrixValue {
    std::string name;
    std::vector<MatrixEdit> edits;  ///< in order
};

struct MatrixAxis {
    std::string name;
    std::vector<MatrixValue> values;  ///< at least one; names are unique
};

/// For each axis which values are meant, by index; none: all.
using MatrixExclusion = std::vector<std::vector<std::size_t>>;

struct MatrixFile {
    std::string manifest;  ///< path as written; empty: it is `inline_manifest`
    JsonValue inline_manifest;
    std::string name;              ///< the variants': text with {name} and {AXIS}
    Location name_location;        ///< of the text, or of the matrix
    std::vector<MatrixAxis> axes;  ///< at least one, in the order of the file
    std::vector<MatrixExclusion> exclude;
};

/// Limits (docs/limits.md).
inline constexpr std::size_t most_axes = 16;
inline constexpr std::size_t most_axis_values = 10'000;
inline constexpr std::size_t most_exclusions = 1'000;

/// Throws one Error{manifest} with every mistake found.
MatrixFile parse_matrix(std::string_view text, const std::string& file);

}  // namespace rpixen
