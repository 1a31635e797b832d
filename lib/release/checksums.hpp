#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rpixen/release.hpp>

namespace rpixen {

inline constexpr std::string_view checksums_name = "SHA256SUMS";
inline constexpr std::string_view signature_name = "SHA256SUMS.sig";

/// Bytewise by name, as sha256sum's users have them.
void sort_by_name(std::vector<ReleaseFile>& files);

/// The lines that sha256sum(1) checks, sorted bytewise by name.
std::string format_checksums(std::vector<ReleaseFile> files);

/// The way back; sizes are 0. `name` is for messages. Throws Error{artifact}: more than 64 lines, a line that is none,
/// a name that leads out of the folder, stands there twice or is one of the two above.
std::vector<ReleaseFile> parse_checksums(std::string_view text, const std::string& name);

/// SHA256SUMS of a folder. Throws Error{artifact}: it is not there, or as parse_checksums().
std::vector<ReleaseFile> read_checksums(const std::string& folder);

}  // namespace rpixen
