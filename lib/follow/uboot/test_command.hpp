#pragma once

#include <functional>
#include <string>
#include <vector>

namespace rpixen {

using FileExists = std::function<bool(const std::string& interface, const std::string& device,
                                      const std::string& path)>;

/// U-Boot's `test` (cmd/test.c), without the word `test`: what it makes of its words from left to right, with
/// no brackets and no precedence. Fewer than two words are false.
bool uboot_test(const std::vector<std::string>& words, const FileExists& exists);

/// `itest[.b|.w|.l|.q|.s] value op value` (cmd/itest.c), the word itself first; numbers are hexadecimal. What
/// lies in memory (*address) is taken for 0.
bool uboot_itest(const std::vector<std::string>& words);

}  // namespace rpixen
