#pragma once

#include <string>
#include <vector>

#include "actions.hpp"
#include "surroundings.hpp"

namespace rpixen::cli {

/// The whole program but for main()'s signals and descriptors. Returns the exit status (docs/exit-codes.md);
/// throws nothing.
int run(const std::vector<std::string>& arguments, const Surroundings& surroundings, const Actions& actions);

}  // namespace rpixen::cli
