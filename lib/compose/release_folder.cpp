#include "compose/release_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "release/checksums.hpp"
#include "release/release_facts.hpp"
#include "storage/input_file.hpp"

namespace rpixen {
namespace {

/// What an earlier release says that it holds; empty where there is none: others have a SHA256SUMS too.
std::vector<std::string> listed_in(const std::string& folder) {
    std::vector<std::string> names{std::string(checksums_name), std::string(signature_name)};
    bool is_release = false;
    try {
        for (const ReleaseFile& file : read_checksums(folder)) {
            is_release = is_release || file.name.ends_with(statement_suffix);
            names.push_back(file.name);
        }
    } catch (const Error&) {
        return {};
    }
    return is_release ? names : std::vector<std::string>();
}

}  // namespace

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        names.push_back(entry->path().filename().string());
    if (error) throw Error(ErrorCode::io, "cannot read the folder " + folder, error.message());
    std::sort(names.begin(), names.end());
    return names;
}

void check_replaceable(const std::string& folder) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder, ignored)) return;
    const auto refuse = [&](const std::string& found) {
        throw Error(ErrorCode::usage, "a release would replace " + folder, found,
                    "a new name, an empty folder, or one that holds an earlier release and nothing else",
                    "give -d another name, or remove it yourself");
    };
    if (!std::filesystem::is_directory(folder, ignored)) refuse("no folder");
    const std::vector<std::string> listed = listed_in(folder);
    for (const std::string& name : names_in(folder))
        if (std::find(listed.begin(), listed.end(), name) == listed.end()) refuse("it holds " + name);
}

}  // namespace rpixen
