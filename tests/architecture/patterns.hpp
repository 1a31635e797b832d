#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rpixen::test {

/// Where the sources in lib/ and cli/ below `root` match one of `patterns` (ECMAScript): "lib/a.cpp: match".
std::vector<std::string> matches(const std::filesystem::path& root, const std::vector<std::string>& patterns);

}  // namespace rpixen::test
