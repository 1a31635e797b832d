#pragma once

#include "storage/output_file.hpp"

namespace rpixen {

/// Whether the file that `output` would replace holds the same bytes already. Holes of both are not read.
/// Throws Error{io}.
bool holds_the_same(const OutputFile& output);

}  // namespace rpixen
