#include "compose/replaceable_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <rpixen/error.hpp>

#include "storage/output_path.hpp"

namespace rpixen {

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        names.push_back(entry->path().filename().string());
    if (error) throw Error(ErrorCode::io, "cannot read the folder " + folder, error.message());
    std::sort(names.begin(), names.end());
    return names;
}

void check_replaceable(const ReplaceableFolder& kind, const std::string& folder) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder, ignored)) return;
    const auto refuse = [&](const std::string& found) {
        throw Error(ErrorCode::usage, kind.what + " would replace " + folder, found,
                    "a new name, an empty folder, or one that holds an earlier one and nothing else",
                    "give -d another name, or remove it yourself");
    };
    if (!std::filesystem::is_directory(folder, ignored)) refuse("no folder");
    std::vector<std::string> listed = kind.listed(folder);
    std::sort(listed.begin(), listed.end());
    for (const std::string& name : names_in(folder))
        if (!std::binary_search(listed.begin(), listed.end(), name)) refuse("it holds " + name);
}

void check_replaceable(const ReplaceableFolder& kind, const std::string& folder,
                       const std::vector<std::string>& inputs) {
    check_replaceable(kind, folder);
    for (const std::string& input : inputs)
        if (!input.empty() && lies_in(input, folder))
            throw Error(ErrorCode::usage, kind.what + " would replace an input", input, "another folder",
                        "give -d another name");
}

}  // namespace rpixen
