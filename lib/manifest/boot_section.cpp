#include <algorithm>
#include <array>

#include "base/size.hpp"
#include "board/module.hpp"
#include "manifest/sections.hpp"
#include "manifest/text_rules.hpp"

namespace rpixen {
namespace {

/// Something that must not be set, and where its value comes from instead.
struct Taken {
    std::string_view name;
    std::string_view instead;
};

constexpr std::string_view from_firmware =
    "leave it out: the firmware or the board gives it at every start, and a stored value would go stale";
constexpr std::string_view written_here = "leave it out: it is part of the boot script that is written for this card";

/// U-Boot's variables that a card must not bring: the stale ones of boot-facts U1
/// (board/raspberrypi/rpi/rpi.c sets them) and the names of the boot_xen environment.
constexpr std::array<Taken, 11> taken_variables{{
    {"fdt_addr", from_firmware},
    {"serial#", from_firmware},
    {"board_rev", from_firmware},
    {"board_revision", from_firmware},
    {"bootargs", "write it as \"bootargs\" of \"boot\""},
    {"do_dtbsetup", written_here},
    {"load_xen", written_here},
    {"load_dom0", written_here},
    {"xen_bootcmd", written_here},
    {"boot_xen", written_here},
    {"filesize", "leave it out: U-Boot sets it with every file that it loads"},
}};

/// Keys of config.txt whose value is decided; any other value than the one given here contradicts it.
struct Decided {
    std::string_view key;
    std::string_view value;  ///< empty: the key must not stand there at all
    std::string_view why;
};
constexpr std::array<Decided, 16> decided_keys{{
    {"arm_64bit", "1", "Xen and U-Boot are 64-bit"},
    {"enable_gic", "1", "Xen needs the GIC-400"},
    {"enable_uart", "1", "the console's clock is fixed only with it"},
    {"kernel", "u-boot.bin", "the firmware starts U-Boot"},
    {"kernel_address", {}, "U-Boot is linked for the firmware's own address, 0x80000"},
    {"kernel_old", {}, "U-Boot is linked for the firmware's own address, 0x80000"},
    {"device_tree", "bcm2711-rpi-4-b.dtb", "that is the device tree on the card"},
    {"device_tree_address", {}, "the address planner does not know it"},
    {"device_tree_end", {}, "the address planner does not know it"},
    {"initramfs",
     {},
     "the firmware would load it where the planner places something else; use \"initrd\" of \"artifacts\""},
    {"ramfsfile",
     {},
     "the firmware would load it where the planner places something else; use \"initrd\" of \"artifacts\""},
    {"ramfsaddr",
     {},
     "the firmware would load it where the planner places something else; use \"initrd\" of \"artifacts\""},
    {"auto_initramfs", "0",
     "the firmware would load it where the planner places something else; use \"initrd\" of \"artifacts\""},
    {"os_prefix", {}, "U-Boot lies in the root of the boot partition"},
    {"overlay_prefix", "overlays/", "the overlays lie there"},
    {"cmdline", {}, "dom0's command line is \"bootargs\" of \"boot\""},
}};

bool is_mac_variable(std::string_view name) {
    // ethaddr, eth1addr, usbethaddr, wlanaddr: U-Boot takes what is stored, and every card would have the
    // same address.
    const auto ends = [&](std::string_view prefix) {
        if (!name.starts_with(prefix) || !name.ends_with("addr")) return false;
        name.remove_prefix(prefix.size());
        name.remove_suffix(std::min<std::size_t>(4, name.size()));
        return std::all_of(name.begin(), name.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
    };
    return ends("eth") || ends("usbeth") || ends("wlan");
}

void read_environment(const JsonValue& value, Problems& problems, Manifest& manifest) {
    ObjectReader object(value, problems);
    for (const JsonMember& member : value.members) {
        const auto complain = [&](std::string_view message, std::string_view allowed, std::string_view change) {
            problems.add({std::string(message), in_quotes(member.name), std::string(allowed), std::string(change),
                          member.location});
        };
        if (const std::string_view allowed = text_rules::variable_name(member.name); !allowed.empty())
            complain("not a U-Boot variable's name", allowed, {});
        const auto taken = std::find_if(taken_variables.begin(), taken_variables.end(),
                                        [&](const Taken& variable) { return variable.name == member.name; });
        if (taken != taken_variables.end()) complain("this variable must not be set", {}, taken->instead);
        if (is_mac_variable(member.name)) complain("this variable must not be set", {}, from_firmware);
        if (auto text = read_text(member.value, problems, text_rules::variable_value))
            manifest.env.emplace_back(member.name, std::move(*text));
    }
}

void read_addresses(const JsonValue& value, Problems& problems, Manifest& manifest) {
    ObjectReader object(value, problems);
    std::vector<std::string_view> names{"xen", "dtb", "overlay_scratch"};
    for (const ModuleRow& row : module_rows) names.emplace_back(row.key);
    for (const std::string_view name : names) {
        const JsonValue* address = object.optional(name);
        if (!address) continue;
        if (const auto place = read_address(*address, problems)) manifest.addresses.emplace(name, *place);
    }
    object.finish();
    for (const ModuleRow& module : module_rows)
        if (module.kind != ModuleKind::kernel && manifest.addresses.contains(module.key) &&
            !manifest.modules.contains(module.key))
            problems.add(*object.optional(module.key), "an address for something that is not on this card",
                         "addresses of artifacts that the manifest names",
                         "name \"" + std::string(module.key) + "\" in \"artifacts\"");
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

void read_config(const JsonValue& value, Problems& problems, Manifest& manifest) {
    for (const JsonValue& element : read_array(value, problems)) {
        const auto line = read_text(element, problems, text_rules::config_line);
        if (!line) continue;
        const std::size_t equals = std::min(line->find('='), line->size());
        std::string_view key = trimmed(std::string_view(*line).substr(0, equals));
        // "initramfs FILE ADDRESS" has no '='.
        if (equals == line->size()) key = key.substr(0, key.find(' '));
        const std::string_view setting = equals == line->size() ? ""
                                                                : trimmed(std::string_view(*line).substr(equals + 1));
        const auto decided = std::find_if(decided_keys.begin(), decided_keys.end(),
                                          [&](const Decided& entry) { return entry.key == key; });
        if (decided != decided_keys.end() && (decided->value.empty() || decided->value != setting))
            problems.add(
                element, "contradicts what config.txt has to say for Xen",
                decided->value.empty() ? std::string() : std::string(decided->key) + '=' + std::string(decided->value),
                "remove it: " + std::string(decided->why));
        manifest.config_txt.push_back(*line);
    }
}

/// Whether a command line has an option of this name, with or without a value.
bool has_option(std::string_view line, std::string_view option) {
    while (!line.empty()) {
        const std::string_view word = line.substr(0, line.find(' '));
        if (word.substr(0, word.find('=')) == option) return true;
        line.remove_prefix(std::min(word.size() + 1, line.size()));
    }
    return false;
}

void read_dom0_mem(const JsonValue* value, const JsonValue* xen_bootargs, Problems& problems, Manifest& manifest) {
    const bool in_xen_bootargs = has_option(manifest.xen_bootargs, "dom0_mem");
    if (value) {
        // Xen counts in pages and the 1:1 allocator in chunks of 4 MiB or more (xen/arch/arm/domain_build.c).
        static constexpr SizeLimits limits{
            .least = 32 * MiB, .most = 8 * GiB, .unit = MiB, .words = "\"auto\", \"rest\""};
        if (is_word(*value, "auto") || is_word(*value, "rest")) {
            manifest.dom0_mem = value->text;
            if (manifest.script == ScriptFlavour::classic)
                problems.add(*value, "the classic script cannot choose dom0's memory by the board",
                             "\"auto\" and \"rest\" with \"script\": \"checked\", or a size",
                             "name a size, or leave \"script\" out");
        } else if (const auto bytes = read_size(*value, limits, problems)) {
            manifest.dom0_mem = format_size(*bytes);
        }
        if (in_xen_bootargs)
            problems.add(*value, "dom0's memory is given twice",
                         "one of \"dom0_mem\" and dom0_mem= in \"xen_bootargs\"",
                         "remove one; the other is in line " + std::to_string(xen_bootargs->location.line));
    } else if (in_xen_bootargs) {
        manifest.dom0_mem.clear();
    }
}

}  // namespace

void read_boot(const JsonValue& value, Problems& problems, Manifest& manifest) {
    ObjectReader object(value, problems);
    if (const JsonValue* script = object.optional("script")) {
        static constexpr std::array<std::string_view, 2> flavours{"checked", "classic"};
        manifest.script = static_cast<ScriptFlavour>(read_choice(*script, flavours, problems).value_or(0));
        if (manifest.script == ScriptFlavour::classic && manifest.dtbs.size() > 1)
            problems.add(*script, "the classic script cannot choose a device tree by the board",
                         "\"checked\" where \"dtb\" of \"artifacts\" is a list",
                         "use \"script\": \"checked\", or name one device tree");
    }
    if (const JsonValue* moment = object.optional("apply_overlays")) {
        static constexpr std::array<std::string_view, 2> moments{"compose", "boot"};
        manifest.apply_overlays = static_cast<OverlayMoment>(read_choice(*moment, moments, problems).value_or(0));
    }
    if (const JsonValue* bootargs = object.optional("bootargs"))
        manifest.bootargs = read_text(*bootargs, problems, text_rules::command_line).value_or("");
    const JsonValue* xen_bootargs = object.optional("xen_bootargs");
    if (xen_bootargs) manifest.xen_bootargs = read_text(*xen_bootargs, problems, text_rules::command_line).value_or("");
    read_dom0_mem(object.optional("dom0_mem"), xen_bootargs, problems, manifest);
    if (const JsonValue* env = object.optional("env")) read_environment(*env, problems, manifest);
    if (const JsonValue* addresses = object.optional("addresses")) read_addresses(*addresses, problems, manifest);
    if (const JsonValue* config = object.optional("config_txt")) read_config(*config, problems, manifest);
    object.finish();
}

}  // namespace rpixen
