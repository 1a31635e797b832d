#pragma once

#include <string>

namespace rpixen {

/// docs/diagnostics.md: every rule by chapter, its story, and the rules that were struck. A test compares the
/// file with it.
std::string diagnostics_table();

}  // namespace rpixen
