#include <array>
#include <cstddef>

#include <rpixen/console.hpp>

namespace rpixen {
namespace {

constexpr std::array names = {"none", "u-boot", "boot.scr", "device-tree", "xen", "dom0-kernel", "root", "login"};
const std::string guest_begins = "guest:";
const std::string guest_login = "guest-login:";
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

std::string GuestGoal::word() const {
    return (login ? guest_login : guest_begins) + name;
}

std::optional<GuestGoal> parse_guest_goal(std::string_view word) {
    GuestGoal goal;
    goal.login = word.starts_with(guest_login);
    if (!goal.login && !word.starts_with(guest_begins)) return std::nullopt;
    goal.name = word.substr(word.find(':') + 1);
    return goal.name.empty() ? std::nullopt : std::optional(goal);
}

std::string StageTime::name() const {
    return guest.empty() ? name_of(stage) : guest;
}

}  // namespace rpixen
