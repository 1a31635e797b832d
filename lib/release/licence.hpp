#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rpixen {

/// What a package database says of a licence as an expression of SPDX 2.3 (annex D), if it is one with licences that
/// are known here; Yocto's "&" and "|" become AND and OR. Nothing for others, which documents give as a text.
std::optional<std::string> licence_expression(std::string_view text);

}  // namespace rpixen
