#include "check/uboot_shell.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "boot/board.hpp"
#include "check/shell.hpp"
#include "check/uboot_test.hpp"

namespace rpixen {
namespace {

constexpr unsigned most_steps = 10000;
constexpr int deepest_run = 40;
constexpr std::size_t largest_value = 64 * KiB;  // of a variable
constexpr std::size_t largest_message = 1024;

bool is_load(const std::string& name) {
    return is_any(name, {"load", "fatload", "ext4load", "ext2load", "fsload", "tftpboot", "tftp", "usbboot"});
}

bool reads_only(const std::string& word) {
    return word.starts_with("pr") || word.starts_with("li") || word.starts_with("he") ||
           word.starts_with("g") || word.starts_with("ch");
}

}  // namespace

std::string to_hex(std::uint64_t value) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%llx", static_cast<unsigned long long>(value));
    return text.data();
}

bool is_any(const std::string& word, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), word) != names.end();
}

Shell::Shell(const UBootStart& start) : start_(start) {
    run_.environment = start.environment;
    const auto preset = [&](const char* name, const std::string& value) {
        run_.environment.emplace(name, value);
    };
    preset("kernel_addr_r", "80000");
    preset("scriptaddr", "2400000");
    preset("fdt_addr_r", "2600000");
    preset("ramdisk_addr_r", "2700000");
    preset("loadaddr", "1000000");
    preset("fdt_addr", "2efe0000");  // on a board; QEMU has it at 8000000
    set("devtype", "mmc");
    set("devnum", "0");
    set("distro_bootpart", "1");
    set("prefix", "/");
    // As board/raspberrypi/rpi/rpi.c sets them at every start: of a board made by Sony in the UK.
    const BoardModel& board = *start.board;
    preset("fdtfile", "broadcom/" + std::string(board.tree));
    set("board_name", std::string(board.uboot_name));
    set("board_rev", "0x" + to_hex(board.type_code));
    set("board_rev_scheme", "1");
    set("board_revision",
        "0x" + to_hex(0x803000 | std::uint64_t{board.type_code} << 4 |
                      std::uint64_t{board::memory_code(start.board_memory)} << 20 |
                      // The Raspberry Pi 4 B with 1 GiB was only made as revision 1.1.
                      (start.board_memory > 1 * GiB || board.revision == 0 ? board.revision : 1)));
    if (start.firmware_tree) {
        MemoryObject object;
        object.file = "the firmware's device tree";
        object.address = parse_hex(value("fdt_addr"));
        object.size = start.firmware_tree->size;
        object.content = *start.firmware_tree;
        object.firmware = true;
        run_.memory.place(std::move(object));
    }
}

bool Shell::text(const UBootScriptText& script, const std::string& place) {
    if (depth_ >= deepest_run) {
        unfollowed("run, nested too deeply", place);
        return false;
    }
    const hush::Parsed parsed = hush::parse(script.text);
    for (const std::string& error : parsed.errors)
        run_.syntax_errors.push_back(place.empty() ? error : error + " (" + place + ")");
    ++depth_;
    const std::string before = std::exchange(place_, place);
    const bool result = list(parsed.list);
    place_ = before;
    --depth_;
    return result;
}

void Shell::set(const std::string& name, std::string text) {
    if (name.empty() || text.size() > largest_value) return;
    run_.environment[name] = std::move(text);
}

void Shell::unfollowed(const std::string& what, const std::string& place) {
    const std::string text = what + " (" + place + ")";
    if (std::find(run_.unfollowed.begin(), run_.unfollowed.end(), text) == run_.unfollowed.end())
        run_.unfollowed.push_back(text);
}

void Shell::once(std::vector<std::string>& list, std::string text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

bool Shell::list(const hush::List& commands) {
    bool status = true;
    for (std::size_t index = 0; index < commands.size() && !ended(); ++index) {
        const bool guards = commands[index].joint == hush::Joint::or_else;
        guarded_ += guards ? 1 : 0;
        status = command(commands[index]);
        guarded_ -= guards ? 1 : 0;
        last_ = status;
        if (ended()) return status;
        // Pass over what this status rules out.
        while (index < commands.size() && ((commands[index].joint == hush::Joint::and_then && !status) ||
                                           (commands[index].joint == hush::Joint::or_else && status)))
            ++index;
    }
    return status;
}

bool Shell::condition(const hush::List& commands) {
    ++guarded_;
    const bool result = list(commands);
    --guarded_;
    return result;
}

bool Shell::command(const hush::Command& command) {
    switch (command.kind) {
        case hush::Command::Kind::simple:
            return simple(command);
        case hush::Command::Kind::conditional: {
            if (condition(command.condition)) return ended() || list(command.body);
            if (ended()) return false;
            return command.otherwise.empty() || list(command.otherwise);
        }
        case hush::Command::Kind::while_loop:
        case hush::Command::Kind::until_loop: {
            const bool wanted = command.kind == hush::Command::Kind::while_loop;
            while (!ended() && condition(command.condition) == wanted && !ended()) list(command.body);
            return true;
        }
        case hush::Command::Kind::for_loop: {
            bool status = true;
            for (const std::string& word : expand(command.words)) {
                if (ended()) break;
                set(command.variable, word);
                status = list(command.body);
            }
            return status;
        }
    }
    return true;
}

Words Shell::expand(const std::vector<hush::Word>& words) {
    Words result;
    for (const hush::Word& word : words) {
        std::string current;
        bool any = false;
        for (const hush::WordPart& part : word) {
            if (!part.variable) {
                current += part.text;
                any = any || part.quoted || !part.text.empty();
                continue;
            }
            if (part.text == "fdt_addr") run_.uses_fdt_addr = true;
            const std::string text = part.text == "?" ? (last_ ? "0" : "1") : value(part.text);
            if (part.quoted) {
                current += text;
                any = true;
                continue;
            }
            for (const char letter : text) {
                if (letter != ' ' && letter != '\t' && letter != '\n') {
                    current += letter;
                    any = true;
                } else if (any) {
                    result.push_back(std::exchange(current, {}));
                    any = false;
                }
            }
        }
        if (any) result.push_back(std::move(current));
        if (result.size() > 4096) break;
    }
    return result;
}

bool Shell::simple(const hush::Command& command) {
    const Words words = expand(command.words);
    if (words.empty()) return true;
    if (run_.steps.size() >= most_steps) {
        if (!overrun_) unfollowed("more than " + std::to_string(most_steps) + " commands", where(command));
        overrun_ = true;
        return false;
    }
    // name=value sets a variable of the shell.
    if (const std::size_t equals = words[0].find('='); equals != std::string::npos && equals > 0 &&
                                                       words.size() == 1 &&
                                                       words[0].find_first_of("/ ") > equals) {
        set(words[0].substr(0, equals), words[0].substr(equals + 1));
        return true;
    }
    std::string text;
    for (const std::string& word : words)
        if (text.size() < largest_message)
            text += (text.empty() ? "" : " ") + word.substr(0, largest_message);
    const bool significant =
        is_load(words[0]) || (words[0] == "fdt" && words.size() > 1 && !reads_only(words[1]));
    const std::size_t index = run_.steps.size();
    run_.steps.push_back({text, where(command), true, significant});
    bool status = false;
    if (significant && significant_++ == start_.fail_step) {
        if (words[0] == "fdt" && words[1].starts_with("ap")) run_.memory.destroy_working();
    } else {
        status = dispatch(words, command);
    }
    run_.steps[index].succeeded = status;
    return status;
}

bool Shell::dispatch(const Words& words, const hush::Command& command) {
    const std::string& name = words[0];
    if (name == "setenv") return set_variable({words.begin() + 1, words.end()});
    if (name == "env") return env(words, command);
    if (name == "run") return run_variables({words.begin() + 1, words.end()}, command);
    if (is_load(name) && name != "tftpboot" && name != "tftp" && name != "usbboot")
        return load(words, command);
    if (name == "fdt") return fdt(words, command);
    if (name == "booti") return booti(words);
    if (name == "test" || name == "[") {
        Words rest(words.begin() + 1, words.end());
        if (name == "[" && !rest.empty() && rest.back() == "]") rest.pop_back();
        return uboot_test(
            rest, [&](const std::string& interface, const std::string& device, const std::string& path) {
                return find(interface, device, path).has_value();
            });
    }
    if (name.starts_with("itest")) return uboot_itest({words.begin() + 1, words.end()});
    if (name == "setexpr" || name.starts_with("setexpr.")) return set_expression(words, command);
    if (name == "source") return source(words, command);
    if (is_any(name, {"size", "fatsize", "ext4size"})) {
        const auto file = words.size() >= 4 ? find(words[1], words[2], words[3]) : std::nullopt;
        if (file) set("filesize", to_hex(file->size));
        return file.has_value();
    }
    if (name == "part" && words.size() >= 2) return part(words, command);
    if (name == "true" || name == ":") return true;
    if (name == "false") return false;
    if (name == "exit") {
        exit_ = true;
        return words.size() < 2 || words[1] == "0";
    }
    if (name == "reset" || name == "poweroff") {
        exit_ = true;
        return true;
    }
    if (name == "boot" || name == "bootd") return run_variables({"bootcmd"}, command);
    if (name == "bootflow" && words.size() > 1 && words[1] != "scan" && words[1] != "boot") return true;
    if (name == "bootflow") return standard_boot(command);
    if (is_any(name,
               {"echo",    "printenv", "sleep",     "mmc",     "usb",     "scsi",     "nvme",    "pci",
                "version", "bdinfo",   "coninfo",   "gpio",    "led",     "cls",      "saveenv", "md",
                "mw",      "iminfo",   "dcache",    "icache",  "fatls",   "ls",       "ext4ls",  "ext2ls",
                "fatinfo", "dm",       "clk",       "fstype",  "bootdev", "bootmeth", "bootstd", "showvar",
                "help",    "base",     "lcdputs",   "setcurs", "bmp",     "wdt",      "crc32",   "date",
                "time",    "pinmux",   "regulator", "sf",      "i2c",     "smbios"}))
        return true;
    unfollowed(run_.steps.back().text, where(command));
    // Other ways of booting do not come back in real life; here they count as failed, so that the rest is
    // looked at.
    return !is_any(name, {"bootm", "bootz", "bootefi", "bootelf", "go", "sysboot", "pxe", "dhcp", "tftpboot",
                          "tftp", "bootp", "usbboot"});
}

UBootRun run_uboot(const UBootStart& start, const UBootScriptText& script) {
    Shell shell(start);
    shell.text(script, "");
    return std::move(shell).take();
}

std::vector<std::string> unchecked_steps(const UBootStart& start, const UBootScriptText& script,
                                         const UBootRun& good) {
    constexpr unsigned most_trials = 64;
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
            if (run.steps[place].text.starts_with("booti")) break;
            noticed = !usual.contains(run.steps[place].text);
        }
        if (!noticed) unchecked.push_back(step.text + " (" + step.place + ")");
    }
    return unchecked;
}

}  // namespace rpixen
