#pragma once

#include "compose/replaceable_folder.hpp"

namespace rpixen {

/// A release lists its files in SHA256SUMS.
const ReplaceableFolder& release_folder();

}  // namespace rpixen
