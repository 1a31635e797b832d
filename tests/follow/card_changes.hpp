#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/size.hpp"
#include "follow/good_card.hpp"
#include "follow/survey.hpp"
#include "rules/rules.hpp"
#include "support/artifact_kit.hpp"

namespace rpixen::test {

/// The kernel's modules on the root partition.
inline constexpr const char* modules = "lib/modules/6.1.0-37-arm64/";

using Change = std::function<void(CardRecipe&)>;

/// A card in which nothing is found, and which does not tell which drivers dom0's kernel has.
CardRecipe changeable_card();
/// By rule: what makes it raise that. Nothing for a rule about the disk itself.
const std::map<std::string, Change>& card_changes();

/// The recipe's files on a disk without faults.
Survey survey_of(const CardRecipe& recipe);

/// modules.builtin with these drivers.
std::string builtin(const std::vector<std::string>& drivers);
/// A kernel with its configuration in it, as CONFIG_IKCONFIG leaves it: without CONFIG_XENFS.
std::string config_kernel();

/// The device tree with dom0 and this guest in it, whose kernel and ramdisk a script loads to 0x4000000 and
/// 0x5000000.
Change guest(std::string node, std::string kernel = ArtifactKit::kernel(small_kernel), std::string line = "");
/// Properties of such a guest, as they should be.
extern const std::string guest_kernel, guest_size;

}  // namespace rpixen::test
