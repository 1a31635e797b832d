#include "boot/script.hpp"

#include <algorithm>
#include <bit>

#include "board/board.hpp"
#include "boot/names.hpp"
#include "format/uboot_script.hpp"

extern "C" {
extern const unsigned char rpixen_embedded_checked_env[];
extern const unsigned long rpixen_embedded_checked_env_size;
extern const unsigned char rpixen_embedded_classic_env[];
extern const unsigned long rpixen_embedded_classic_env_size;
}

namespace rpixen {
namespace {

std::string_view embedded(const unsigned char* text, unsigned long size) {
    return as_text(std::as_bytes(std::span(text, size)));
}

/// Between single quotes U-Boot's shell takes everything but a single quote as it is (common/cli_hush.c); it
/// ends a line at a line break, and a backslash is taken away when the variable is expanded again.
void check_value(const std::string& what, const std::string& value, std::vector<Problem>& problems) {
    const auto wrong = [](char letter) {
        return letter == '\'' || letter == '\\' || static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    };
    if (const auto place = std::find_if(value.begin(), value.end(), wrong); place != value.end())
        problems.push_back({.message = what + " cannot be written into the boot script",
                            .found = static_cast<unsigned char>(*place) < 0x20 || *place == 0x7f
                                         ? "a control character"
                                         : std::string("the character ") + *place,
                            .allowed = "text without single quotes, backslashes and control characters",
                            .change = "take it out; double quotes may be used"});
}

std::string environment_lines(const ScriptPlan& plan, std::vector<Problem>& problems) {
    std::string lines;
    for (const auto& [name, value] : plan.env) {
        check_value("variable " + name, value, problems);
        check_value("the name of variable " + name, name, problems);
        lines += "setenv " + name + " '" + value + "'\n";
    }
    if (!lines.empty()) lines.pop_back();
    return lines;
}

std::string megabytes(std::uint64_t bytes) {
    return std::to_string(bytes / MiB) + "M";
}

std::string dom0_mem_lines(const ScriptPlan& plan) {
    std::string lines;
    for (const auto& [board, memory] : plan.dom0_mem)
        if (std::has_single_bit(board))
            lines += "if test \"${memory_code}\" = " + std::to_string(board::memory_code(board)) +
                     "; then setenv dom0_mem " + megabytes(memory) + "; fi\n";
    if (!lines.empty()) lines.pop_back();
    return lines;
}

/// By the firmware's word, in units of 128 MiB: what the largest board gets that is no larger than this one.
std::string dom0_mem_by_size_lines(const ScriptPlan& plan) {
    std::string lines;
    for (const auto& [board, memory] : plan.dom0_mem)
        lines += "if test ${sdram_gbit} -ge " + std::to_string(board / board::sdram_size_unit) +
                 "; then setenv dom0_mem " + megabytes(memory) + "; fi\n";
    if (!lines.empty()) lines.pop_back();
    return lines;
}

std::string choose_tree_lines(const ScriptPlan& plan) {
    std::string lines;
    for (const auto& [type_code, file] : plan.board_trees)
        lines += "if test \"${board_rev}\" -eq " + format_address(type_code) + "; then setenv board_tree " + file +
                 "; fi\n";
    if (!lines.empty()) lines.pop_back();
    return lines;
}

std::string apply_overlays(const ScriptPlan& plan) {
    if (plan.overlays.empty()) return {};
    std::string text;
    if (plan.flavour == ScriptFlavour::classic) {
        text = " && fdt resize";
        if (plan.resize_argument) text += " " + format_address(*plan.resize_argument);
    }
    for (const std::string& name : plan.overlays) {
        if (plan.flavour == ScriptFlavour::classic) {
            const std::string scratch = format_address(plan.overlay_scratch);
            text += " && fatload mmc 0:1 " + scratch + " overlays/" + name + ".dtbo && fdt apply " + scratch;
        } else {
            text += " && setenv overlay " + name + " && run apply_overlay";
        }
    }
    return text;
}

/// "run load_initrd && ": every module but the kernel, which has a place of its own.
std::string run_modules(const ScriptPlan& plan, const std::string& next) {
    std::string text;
    for (const auto& [kind, range] : plan.modules)
        if (kind != ModuleKind::kernel) text += std::string("run load_") + row_of(kind).script + next;
    for (const ModuleLoad& module : plan.guests) text += "run " + module.variable + next;
    return text;
}

/// All that Xen gets, dom0's first.
std::vector<ModuleLoad> all_modules(const ScriptPlan& plan) {
    std::vector<ModuleLoad> modules;
    for (const auto& [kind, range] : plan.modules)
        modules.push_back({std::string("load_") + row_of(kind).script, row_of(kind).file, range});
    modules.insert(modules.end(), plan.guests.begin(), plan.guests.end());
    return modules;
}

/// A template's lines that begin with "*" once for each module of the card, with its names and numbers.
std::string module_lines(std::string_view text, const ScriptPlan& plan) {
    std::string result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end);
        if (!line.starts_with('*')) {
            result += line;
            continue;
        }
        for (const ModuleLoad& module : all_modules(plan))
            result += fill_template(line.substr(1),
                                    {{"load_module", module.variable},
                                     {"module_file", module.file},
                                     {"module", format_address(module.range.begin)},
                                     {"module_size", format_address(module.range.size())}},
                                    {});
    }
    return result;
}

}  // namespace

std::string fill_template(std::string_view text, const std::vector<std::pair<std::string, std::string>>& values,
                          const std::vector<std::string>& flags) {
    const auto fill = [&](std::string_view line) {
        std::string filled;
        while (true) {
            const std::size_t open = line.find('@');
            const std::size_t close = open == std::string_view::npos ? open : line.find('@', open + 1);
            if (close == std::string_view::npos) return filled += line;
            const std::string_view name = line.substr(open + 1, close - open - 1);
            const auto value = std::find_if(values.begin(), values.end(),
                                            [&](const auto& entry) { return entry.first == name; });
            if (value == values.end())
                throw Error(ErrorCode::internal, "a script template names a value that does not exist",
                            std::string(name));
            filled += line.substr(0, open);
            filled += value->second;
            line.remove_prefix(close + 1);
        }
    };
    std::string result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with('?') || line.starts_with('!')) {
            const std::size_t blank = std::min(line.find(' '), line.size() - 1);
            const bool set = std::find(flags.begin(), flags.end(), line.substr(1, blank - 1)) != flags.end();
            if (set != line.starts_with('?')) continue;
            line.remove_prefix(blank + 1);
        }
        std::string filled = fill(line);
        if (filled.empty() && !line.empty()) continue;  // a value that is empty here
        result += filled + "\n";
    }
    return result;
}

std::string render_script(const ScriptPlan& plan) {
    std::vector<Problem> problems;
    check_value("boot.bootargs", plan.bootargs, problems);
    if (!plan.dom0_mem.empty()) check_value("boot.xen_bootargs", plan.xen_bootargs, problems);
    for (const std::string& name : plan.overlays) {
        const bool plain = !name.empty() && name.find_first_not_of(
                                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                "0123456789._+,-") == std::string::npos;
        if (!plain)
            problems.push_back({.message = "an overlay's name cannot be written into the boot script",
                                .found = name,
                                .allowed = "letters, digits and . _ + , -",
                                .change = "rename the file"});
    }
    std::vector<std::string> flags;
    if (!plan.moved.empty()) flags.emplace_back("moved");
    if (!plan.overlays.empty()) flags.emplace_back("apply");
    if (!plan.dom0_mem.empty()) flags.emplace_back("auto");
    if (!plan.board_trees.empty()) flags.emplace_back("boards");
    const bool checked = plan.flavour == ScriptFlavour::checked;
    const std::string next = checked ? " && " : "; ";
    const std::string text = fill_template(
        module_lines(checked ? embedded(rpixen_embedded_checked_env, rpixen_embedded_checked_env_size)
                             : embedded(rpixen_embedded_classic_env, rpixen_embedded_classic_env_size),
                     plan),
        {{"moved", plan.moved},
         {"env", environment_lines(plan, problems)},
         {"bootargs", plan.bootargs},
         {"xen_bootargs", plan.xen_bootargs},
         {"dom0_mem", plan.dom0_mem.empty() ? "" : megabytes(plan.dom0_mem.front().second)},
         {"tree", plan.board_trees.empty() ? boot_name::tree : "${board_tree}"},
         {"choose_tree", choose_tree_lines(plan)},
         {"run_choose_tree", plan.board_trees.empty() ? "" : "run choose_tree && "},
         {"choose_dom0_mem", dom0_mem_lines(plan)},
         {"choose_dom0_mem_by_size", dom0_mem_by_size_lines(plan)},
         {"sdram_size", board::sdram_size_property},
         {"command_line_room", format_address(board::command_line_room)},
         {"set_dom0_mem", plan.dom0_mem.empty() ? "" : "run set_dom0_mem" + next},
         {"xen", format_address(plan.xen)},
         {"dtb", plan.tree ? format_address(*plan.tree) : "${fdt_addr}"},
         {"base", format_address(plan.tree_as_loaded)},
         {"length", format_address(plan.tree_length)},
         {"scratch", format_address(plan.overlay_scratch)},
         {"apply_overlays", apply_overlays(plan)},
         {"run_modules", run_modules(plan, next)}},
        flags);
    // The header of the script image and its table of lengths: 64 + 8 bytes.
    if (text.size() + 72 > max_script_size)
        problems.push_back({.message = "the boot script gets too large for U-Boot",
                            .found = std::to_string(text.size() + 72) + " bytes",
                            .allowed = std::to_string(max_script_size) + " bytes",
                            .change = "shorten boot.env"});
    if (!problems.empty()) throw Error(ErrorCode::unfit, std::move(problems));
    return text;
}

Bytes pack_script(std::string_view text, std::uint32_t time, std::string_view name) {
    return make_uboot_script(text, time, name);
}

}  // namespace rpixen
