#include "compose/release_folder.hpp"

#include <rpixen/error.hpp>

#include "release/checksums.hpp"
#include "release/release_facts.hpp"

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

const ReplaceableFolder& release_folder() {
    static const ReplaceableFolder kind{"a release", listed_in};
    return kind;
}

}  // namespace rpixen
