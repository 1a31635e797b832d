#include "follow/uboot/uboot_shell.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "board/board.hpp"
#include "follow/uboot/shell.hpp"
#include "follow/uboot/test_command.hpp"

namespace rpixen {
namespace {

constexpr std::size_t largest_value = 64 * KiB;  // of a variable
constexpr std::uint64_t largest_environment = 4 * MiB;
constexpr std::size_t largest_console = 256 * KiB;

/// What `help` lists in Debian's U-Boot 2023.01 and 2025.01 for the Raspberry Pi 4, and what other builds
/// have that a script may use. Sorted.
constexpr std::array command_names{
    "base",    "bdinfo",   "bind",     "blkcache", "bmp",      "boot",      "bootd",   "bootdev", "bootefi",
    "bootelf", "bootflow", "booti",    "bootm",    "bootmeth", "bootp",     "bootstd", "bootvx",  "bootz",
    "button",  "clk",      "cls",      "cmp",      "coninfo",  "cp",        "crc32",   "cyclic",  "date",
    "dcache",  "dfu",      "dhcp",     "dm",       "echo",     "editenv",   "env",     "exit",    "ext2load",
    "ext2ls",  "ext4load", "ext4ls",   "ext4size", "false",    "fatinfo",   "fatload", "fatls",   "fatmkdir",
    "fatrm",   "fatsize",  "fatwrite", "fdt",      "fsinfo",   "fsload",    "fstype",  "fstypes", "fsuuid",
    "go",      "gpio",     "gpt",      "gzwrite",  "help",     "i2c",       "icache",  "iminfo",  "imxtract",
    "itest",   "lcdputs",  "led",      "ln",       "load",     "loadb",     "loads",   "loadx",   "loady",
    "loop",    "ls",       "lzmadec",  "md",       "mdio",     "mii",       "mm",      "mmc",     "mmcinfo",
    "mw",      "net",      "nfs",      "nm",       "nvme",     "panic",     "part",    "pci",     "ping",
    "pinmux",  "poweroff", "printenv", "pxe",      "random",   "regulator", "reset",   "run",     "save",
    "saveenv", "scsi",     "setcurs",  "setenv",   "setexpr",  "sf",        "showvar", "size",    "sleep",
    "smbios",  "source",   "sysboot",  "test",     "tftp",     "tftpboot",  "time",    "true",    "unbind",
    "unlz4",   "unzip",    "usb",      "usbboot",  "version",  "virtio",    "wdt"};

}  // namespace

std::string to_hex(std::uint64_t value) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%llx", static_cast<unsigned long long>(value));
    return text.data();
}

bool is_any(const std::string& word, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), word) != names.end();
}

std::string_view full_command(const std::string& word) {
    const std::string_view name = std::string_view(word).substr(0, word.find('.'));
    if (name.empty()) return {};
    std::string_view found;
    unsigned beginnings = 0;
    for (const std::string_view known : command_names) {
        if (known == name) return known;
        if (!known.starts_with(name)) continue;
        found = known;
        ++beginnings;
    }
    return beginnings == 1 ? found : std::string_view();
}

Shell::Shell(const UBootStart& start) : start_(start) {
    for (const auto& [name, text] : start.environment) set(name, text);
    const auto preset = [&](const char* name, const std::string& value) { run_.environment.emplace(name, value); };
    preset("kernel_addr_r", "80000");
    preset("scriptaddr", "2400000");
    preset("fdt_addr_r", "2600000");
    preset("ramdisk_addr_r", "2700000");
    preset("loadaddr", "1000000");
    preset("fdt_addr", "2efe0000");  // on a board; QEMU has it at 8000000
    set("fdtcontroladdr", to_hex(board::low_memory_end({}) - board::uboot_runtime_size - 1 * MiB));
    set("devtype", "mmc");
    set("devnum", to_hex(start.card_number));
    set("distro_bootpart", to_hex(start.script_partition));
    set("prefix", start.script_prefix);
    // As board/raspberrypi/rpi/rpi.c sets them at every start: of a board made by Sony in the UK.
    const BoardModel& board = *start.board;
    preset("fdtfile", "broadcom/" + std::string(board.tree));
    set("board_name", std::string(board.uboot_name));
    set("board_rev", "0x" + to_hex(board.type_code));
    set("board_rev_scheme", "1");
    set("board_revision", "0x" + to_hex(0x803000 | std::uint64_t{board.type_code} << 4 |
                                        std::uint64_t{board::memory_code(start.board_memory)} << 20 |
                                        // The Raspberry Pi 4 B with 1 GiB was only made as revision 1.1.
                                        (start.board_memory > 1 * GiB || board.revision == 0 ? board.revision : 1)));
    if (!start.firmware_tree) return;
    for (const char* variable : {"fdt_addr", "fdtcontroladdr"}) {
        MemoryObject object;
        object.file = "the firmware's device tree";
        object.address = parse_hex(value(variable));
        object.size = start.firmware_tree->size;
        object.content = *start.firmware_tree;
        object.firmware = true;
        run_.memory.place(std::move(object));
    }
}

void Shell::set(const std::string& name, std::string text) {
    if (name.empty()) return;
    kept_ += name.size() + text.size();
    if (over(text.size() > largest_value, "64 KiB in the variable " + name.substr(0, 64), place_)) return;
    if (over(kept_ > largest_environment, "4 MiB of variables", place_)) return;
    std::string& kept = run_.environment.try_emplace(name).first->second;
    kept_ -= std::min<std::uint64_t>(kept_, kept.empty() ? 0 : name.size() + kept.size());
    kept = std::move(text);
}

void Shell::set_local(const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos) return;
    kept_ += assignment.size();
    if (over(assignment.size() > largest_value || kept_ > largest_environment, "4 MiB of variables", place_)) return;
    std::string& kept = locals_[assignment.substr(0, equals)];
    kept_ -= std::min<std::uint64_t>(kept_, kept.empty() ? 0 : equals + 1 + kept.size());
    kept = assignment.substr(equals + 1);
}

void Shell::erase(const std::string& name) {
    const auto found = run_.environment.find(name);
    if (found == run_.environment.end()) return;
    kept_ -= std::min<std::uint64_t>(kept_, name.size() + found->second.size());
    run_.environment.erase(found);
}

void Shell::say(const std::string& line) {
    if (run_.console.size() + line.size() < largest_console) run_.console += line + "\n";
}

void Shell::unfollowed(const std::string& what, const std::string& place) {
    once(run_.unfollowed, what + (place.empty() ? "" : " (" + place + ")"));
}

std::string visible(const std::string& text) {
    std::string shown;
    for (const char letter : text) {
        std::array<char, 8> code{};
        if (letter == '\r')
            shown += "\\r";
        else if (letter == '\n' || letter == '\t' || static_cast<unsigned char>(letter) >= ' ')
            shown += letter;
        else if (std::snprintf(code.data(), code.size(), "\\x%02x", static_cast<unsigned char>(letter)) > 0)
            shown += code.data();
    }
    return shown;
}

void Shell::once(std::vector<std::string>& list, std::string text) {
    text = visible(text);
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

int Shell::dispatch(const Words& words, const hush::Step& written) {
    const std::string name = words[0].substr(0, words[0].find('.'));
    if (name == "echo") {
        std::string line;
        const bool more = words.size() > 1 && words[1] == "-n";
        for (std::size_t index = more ? 2 : 1; index < words.size(); ++index)
            line += (index > (more ? 2U : 1U) ? " " : "") + words[index];
        if (more) {
            if (run_.console.size() + line.size() < largest_console) run_.console += line;
        } else {
            say(line);
        }
        return 0;
    }
    if (name == "setenv") return set_variable({words.begin() + 1, words.end()});
    if (name == "printenv") return print_variables({words.begin() + 1, words.end()});
    if (name == "env") return env(words, written);
    if (name == "run") return run_variables({words.begin() + 1, words.end()}, written);
    if (is_any(name, {"load", "fatload", "ext4load", "ext2load", "fsload"})) return load(words, written);
    if (name == "fdt") return fdt(words, written);
    if (name == "booti") return booti(words);
    if (name == "bootm") return bootm(words, written);
    if (name == "bootefi") return bootefi(words, written);
    if (name == "imxtract") return imxtract(words, written);
    if (name == "test")
        return uboot_test({words.begin() + 1, words.end()},
                          [&](const std::string& interface, const std::string& device, const std::string& path) {
                              return find(interface, device, path, written).has_value();
                          })
                   ? 0
                   : 1;
    if (name == "itest") return uboot_itest(words) ? 0 : 1;
    if (name == "setexpr") return set_expression(words, written);
    if (name == "source") return source(words, written);
    if (is_any(name, {"size", "fatsize", "ext4size"})) {
        const auto file = words.size() >= 4 ? find(words[1], words[2], words[3], written) : std::nullopt;
        if (file) set("filesize", to_hex(file->size));
        return file ? 0 : 1;
    }
    if (name == "part") return part(words, written);
    if (name == "mmc") return mmc(words, written);
    if (name == "fstype") return file_system_type(words, written);
    if (name == "true") return 0;
    if (name == "false") return 1;
    if (name == "exit") {
        const int status = words.size() < 2 ? 0 : static_cast<int>(std::strtol(words[1].c_str(), nullptr, 10));
        // Leaves the script, but in these versions it does nothing (cmd/exit.c; v2023.01 was seen).
        if (newer(202304) || start_.version < 202110) leaving_ = status;
        return status;
    }
    if (name == "reset" || name == "poweroff" || name == "panic") {
        overrun_ = true;
        return 0;
    }
    if (name == "showvar") {
        for (std::size_t index = 1; index < words.size(); ++index)
            if (locals_.contains(words[index])) say(words[index] + "=" + locals_[words[index]]);
        return 0;
    }
    if (name == "boot" || name == "bootd") return run_variables({"bootcmd"}, written);
    if (name == "bootflow" && words.size() > 1 && words[1] != "scan" && words[1] != "boot") return 0;
    if (name == "bootflow") return standard_boot(written);
    if (name == "usb" && words.size() > 1 && words[1] == "dev") {
        unfollowed(run_.steps.back().text + ": whether a USB disk is there is not known", where(written));
        return 1;
    }
    if (is_any(name, {"sleep",  "usb",     "scsi",    "nvme",     "pci",     "version",  "bdinfo",    "coninfo",
                      "gpio",   "led",     "cls",     "save",     "saveenv", "md",       "mw",        "iminfo",
                      "dcache", "icache",  "fatls",   "ls",       "ext4ls",  "ext2ls",   "fatinfo",   "dm",
                      "clk",    "bootdev", "bootstd", "bootmeth", "help",    "base",     "lcdputs",   "setcurs",
                      "bmp",    "wdt",     "crc32",   "date",     "time",    "pinmux",   "regulator", "sf",
                      "i2c",    "smbios",  "fstypes", "mmcinfo",  "random",  "blkcache", "net"}))
        return 0;
    if (full_command(name).empty()) say("Unknown command '" + words[0] + "' - try 'help'");
    unfollowed(run_.steps.back().text, where(written));
    // Other ways of booting do not come back in real life; here they count as failed, so that the rest is
    // looked at. So does what is no command.
    return full_command(name).empty() || is_any(name, {"bootz", "bootelf", "bootvx", "go", "sysboot", "pxe", "dhcp",
                                                       "tftpboot", "tftp", "bootp", "usbboot", "nfs"})
               ? 1
               : 0;
}

UBootRun run_uboot(const UBootStart& start, const UBootScriptText& script) {
    Shell shell(start);
    shell.text(script, "");
    return std::move(shell).take();
}

std::vector<std::string> unchecked_steps(const UBootStart& start, const UBootScriptText& script, const UBootRun& good) {
    // A script that makes much work is not run so often.
    constexpr std::uint64_t most_work = 128 * MiB;
    constexpr std::uint64_t most_steps = 100000;
    const std::uint64_t most_trials = std::min(
        {std::uint64_t{64}, most_work / (good.work + 1), most_steps / (good.steps.size() + 1)});
    std::set<std::string_view> usual;
    for (const UBootStep& step : good.steps) usual.insert(step.text);
    std::vector<std::string> unchecked;
    unsigned number = 0;
    for (std::size_t index = 0; index < good.steps.size() && number < most_trials; ++index) {
        const UBootStep& step = good.steps[index];
        if (!step.significant) continue;
        UBootStart trial = start;
        trial.fail_step = number++;
        if (!step.succeeded) continue;
        const UBootRun run = run_uboot(trial, script);
        // Noticed: booti is not tried, or before it something is run that a good boot does not run, if only a
        // message.
        bool noticed = !run.booti;
        for (std::size_t place = index + 1; !noticed && place < run.steps.size(); ++place) {
            if (run.steps[place].text.starts_with("boot")) break;
            noticed = !usual.contains(run.steps[place].text);
        }
        if (!noticed) unchecked.push_back(step.text + " (" + step.place + ")");
    }
    return unchecked;
}

}  // namespace rpixen
