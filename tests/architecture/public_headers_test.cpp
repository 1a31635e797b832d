#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

// Whoever links the library finds in each header what its calls do beside their work: which threads may call, what may
// be thrown, and who calls back from where.

namespace rpixen::test {
namespace {

std::vector<std::string> silent_headers(const std::filesystem::path& folder) {
    std::vector<std::string> silent;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".hpp") continue;
        const std::string text = read_file(entry.path());
        const std::string beginning = text.substr(0, text.find("#include"));
        for (const char* word : {"Threads:", "Exceptions:", "Callbacks:"})
            if (beginning.find(word) == std::string::npos)
                silent.push_back(entry.path().filename().string() + ": " + word);
    }
    std::sort(silent.begin(), silent.end());
    return silent;
}

TEST(PublicHeaders, EachTellsOfThreadsExceptionsAndCallbacks) {
    EXPECT_THAT(silent_headers(RPIXEN_SOURCE_FOLDER "/lib/include/rpixen"), testing::IsEmpty());
}

TEST(PublicHeaders, OneThatDoesNotIsSeen) {
    const TemporaryFolder folder;
    folder.write("a.hpp",
                 "#pragma once\n\n// Threads: any. Callbacks: none.\n\n#include <string>\n// Exceptions: none\n");
    folder.write("export.h", "");
    EXPECT_THAT(silent_headers(folder.path()), testing::ElementsAre("a.hpp: Exceptions:"));
}

}  // namespace
}  // namespace rpixen::test
