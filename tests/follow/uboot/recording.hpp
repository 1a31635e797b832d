#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rpixen::test {

/// A case of recordings/cases.txt, or of what was recorded from it.
struct RecordedCase {
    std::string name;
    std::vector<std::pair<std::string, std::string>> files;  ///< path, text
    std::vector<std::pair<std::string, std::string>> lines;  ///< what was typed, what was printed
};

std::vector<RecordedCase> read_recording(const std::string& path);

}  // namespace rpixen::test
