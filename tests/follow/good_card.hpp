#pragma once

#include <map>
#include <string>

#include "base/size.hpp"
#include "follow/card_maker.hpp"

namespace rpixen::test {

inline constexpr const char* xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=512M";
inline constexpr std::uint64_t kernel_size = 18 * MiB;  ///< more than 0xf80000
inline constexpr std::uint64_t small_kernel = 2 * MiB;

/// A script image with this text.
std::string scr(const std::string& text);
/// With the first `what` replaced.
std::string changed(std::string text, const std::string& what, const std::string& with);

/// With the words of dom0's hypervisor node, by which the version is told.
std::string xen(const std::string& version, std::uint64_t image_size = 2 * MiB);
/// The board's device tree, with further nodes of the root and further properties of /chosen.
std::string board_tree(const std::string& nodes = "", const std::string& chosen = "");
/// Firmware, config.txt, U-Boot 2025.01, Xen, kernel and device tree.
std::map<std::string, std::string> common_boot(std::uint64_t kernel = kernel_size);
/// "0x00480000 0x1200000"
std::string reg(std::uint64_t size);

/// The script of the good card: loads to `tree`, the overlay to 0x18000, Xen to `xen`, and whatever `more`
/// says.
std::string good_script(const std::string& tree = "${fdt_addr_r}", const std::string& xen = "0x200000",
                        const std::string& more = "true");

/// A card as it should be, with an overlay that U-Boot applies.
CardRecipe good_card(const TemporaryFolder& folder, std::uint64_t kernel = kernel_size);

}  // namespace rpixen::test
