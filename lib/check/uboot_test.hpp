#pragma once

#include <functional>
#include <string>
#include <vector>

namespace rpixen {

/// U-Boot's `test` and `[` (cmd/test.c): `words` are what stands behind the name, without the closing
/// bracket. `exists` answers -e for interface, device and path.
bool uboot_test(const std::vector<std::string>& words,
                const std::function<bool(const std::string& interface, const std::string& device,
                                         const std::string& path)>& exists);

/// U-Boot's `itest` without memory (cmd/itest.c): two hexadecimal numbers or texts.
bool uboot_itest(const std::vector<std::string>& words);

}  // namespace rpixen
