#include <array>
#include <cstddef>

#include <rpixen/console.hpp>

namespace rpixen {
namespace {

constexpr std::array names = {"none", "u-boot", "boot.scr", "device-tree", "xen", "dom0-kernel", "root", "login"};
static_assert(names.size() == static_cast<std::size_t>(BootStage::login) + 1);

}  // namespace

const char* name_of(BootStage stage) noexcept {
    return names[static_cast<std::size_t>(stage)];
}

std::optional<BootStage> parse_boot_stage(std::string_view name) {
    for (std::size_t index = 0; index < names.size(); ++index)
        if (name == names[index]) return static_cast<BootStage>(index);
    return std::nullopt;
}

}  // namespace rpixen
