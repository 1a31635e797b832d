#include "check/uboot_shell.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "check/hush.hpp"
#include "check/uboot_test.hpp"
#include "format/arm64_image.hpp"
#include "format/uboot_script.hpp"

namespace rpixen {
namespace {

using hush::Command;
using hush::Joint;
using hush::List;
using hush::Word;
using Words = std::vector<std::string>;

constexpr unsigned most_steps = 10000;
constexpr int deepest_run = 40;
constexpr std::uint64_t largest_text = 1 * MiB;  // of a script
constexpr std::size_t largest_value = 64 * KiB;  // of a variable
constexpr std::size_t largest_message = 1024;

std::string hex(std::uint64_t value) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%llx", static_cast<unsigned long long>(value));
    return text.data();
}

bool literal(const Word& word) {
    return std::none_of(word.begin(), word.end(), [](const hush::WordPart& part) { return part.variable; });
}

bool mentions(const Word& word, std::string_view variable) {
    return std::any_of(word.begin(), word.end(),
                       [&](const hush::WordPart& part) { return part.variable && part.text == variable; });
}

/// "1024", "4096", "65536": read as hex they are not what was meant.
bool looks_decimal(const std::string& text) {
    if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
        return false;
    const unsigned long value = std::stoul(text);
    return value >= 512 && (value & (value - 1)) == 0;
}

bool starts_any(const std::string& word, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), word) != names.end();
}

class Shell {
  public:
    explicit Shell(const UBootStart& start) : start_(start) {
        run_.environment = start.environment;
        const auto preset = [&](const char* name, const char* value) {
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

    UBootRun take() && { return std::move(run_); }

    bool text(const UBootScriptText& script, const std::string& place) {
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

  private:
    std::string value(const std::string& name) const {
        const auto found = run_.environment.find(name);
        return found == run_.environment.end() ? std::string() : found->second;
    }
    void set(const std::string& name, std::string text) {
        if (name.empty() || text.size() > largest_value) return;
        run_.environment[name] = std::move(text);
    }

    std::string where(const Command& command) const {
        return place_.empty() ? "line " + std::to_string(command.line) : place_;
    }
    void unfollowed(const std::string& what, const std::string& place) {
        const std::string text = what + " (" + place + ")";
        if (std::find(run_.unfollowed.begin(), run_.unfollowed.end(), text) == run_.unfollowed.end())
            run_.unfollowed.push_back(text);
    }
    static void once(std::vector<std::string>& list, std::string text) {
        if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
    }

    // --- Lists
    // -------------------------------------------------------------------------------------------------

    bool ended() const { return run_.started || exit_ || overrun_; }

    bool list(const List& commands) {
        bool status = true;
        for (std::size_t index = 0; index < commands.size() && !ended(); ++index) {
            const bool guards = commands[index].joint == Joint::or_else;
            guarded_ += guards ? 1 : 0;
            status = command(commands[index]);
            guarded_ -= guards ? 1 : 0;
            last_ = status;
            if (ended()) return status;
            // Pass over what this status rules out.
            while (index < commands.size() && ((commands[index].joint == Joint::and_then && !status) ||
                                               (commands[index].joint == Joint::or_else && status)))
                ++index;
        }
        return status;
    }

    bool condition(const List& commands) {
        ++guarded_;
        const bool result = list(commands);
        --guarded_;
        return result;
    }

    bool command(const Command& command) {
        switch (command.kind) {
            case Command::Kind::simple:
                return simple(command);
            case Command::Kind::conditional: {
                if (condition(command.condition)) return ended() || list(command.body);
                if (ended()) return false;
                return command.otherwise.empty() || list(command.otherwise);
            }
            case Command::Kind::while_loop:
            case Command::Kind::until_loop: {
                const bool wanted = command.kind == Command::Kind::while_loop;
                while (!ended() && condition(command.condition) == wanted && !ended()) list(command.body);
                return true;
            }
            case Command::Kind::for_loop: {
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

    Words expand(const std::vector<Word>& words) {
        Words result;
        for (const Word& word : words) {
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

    // --- Commands
    // ----------------------------------------------------------------------------------------------

    bool simple(const Command& command) {
        const Words words = expand(command.words);
        if (words.empty()) return true;
        if (run_.steps.size() >= most_steps) {
            if (!overrun_)
                unfollowed("more than " + std::to_string(most_steps) + " commands", where(command));
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

    static bool is_load(const std::string& name) {
        return starts_any(
            name, {"load", "fatload", "ext4load", "ext2load", "fsload", "tftpboot", "tftp", "usbboot"});
    }
    static bool reads_only(const std::string& word) {
        return word.starts_with("pr") || word.starts_with("li") || word.starts_with("he") ||
               word.starts_with("g") || word.starts_with("ch");
    }

    bool dispatch(const Words& words, const Command& command) {
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
        if (starts_any(name, {"size", "fatsize", "ext4size"})) {
            const auto file = words.size() >= 4 ? find(words[1], words[2], words[3]) : std::nullopt;
            if (file) set("filesize", hex(file->size));
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
        if (starts_any(name, {"echo",      "printenv", "sleep",   "mmc",     "usb",    "scsi",   "nvme",
                              "pci",       "version",  "bdinfo",  "coninfo", "gpio",   "led",    "cls",
                              "saveenv",   "md",       "mw",      "iminfo",  "dcache", "icache", "fatls",
                              "ls",        "ext4ls",   "ext2ls",  "fatinfo", "dm",     "clk",    "fstype",
                              "bootdev",   "bootmeth", "bootstd", "showvar", "help",   "base",   "lcdputs",
                              "setcurs",   "bmp",      "wdt",     "crc32",   "date",   "time",   "pinmux",
                              "regulator", "sf",       "i2c",     "smbios"}))
            return true;
        unfollowed(run_.steps.back().text, where(command));
        // Other ways of booting do not come back in real life; here they count as failed, so that the rest is
        // looked at.
        return !starts_any(name, {"bootm", "bootz", "bootefi", "bootelf", "go", "sysboot", "pxe", "dhcp",
                                  "tftpboot", "tftp", "bootp", "usbboot"});
    }

    bool set_variable(Words words) {
        while (!words.empty() && words[0].starts_with("-") && words[0].size() == 2)
            words.erase(words.begin());
        if (words.empty()) return false;
        if (words.size() == 1) {
            run_.environment.erase(words[0]);
            return true;
        }
        std::string text;
        for (std::size_t index = 1; index < words.size(); ++index)
            text += (index > 1 ? " " : "") + words[index];
        set(words[0], std::move(text));
        return true;
    }

    bool env(const Words& words, const Command& command) {
        if (words.size() < 2) return false;
        const std::string& verb = words[1];
        if (verb == "set") return set_variable({words.begin() + 2, words.end()});
        if (verb == "run") return run_variables({words.begin() + 2, words.end()}, command);
        if (verb == "exists") return words.size() > 2 && run_.environment.contains(words[2]);
        if (verb == "delete") {
            for (std::size_t index = 2; index < words.size(); ++index) run_.environment.erase(words[index]);
            return true;
        }
        if (verb == "import") return import(words, command);
        if (starts_any(verb, {"print", "save", "default", "info", "flags", "select"})) return true;
        unfollowed(run_.steps.back().text, where(command));
        return true;
    }

    /// `env import -t address size`: lines of name=value.
    bool import(const Words& words, const Command& command) {
        std::size_t index = 2;
        bool as_text = false;
        for (; index < words.size() && words[index].starts_with("-"); ++index)
            as_text = as_text || words[index].find('t') != std::string::npos;
        MemoryObject* object = index < words.size() ? run_.memory.find(parse_hex(words[index])) : nullptr;
        if (!object || !as_text || object->content.size > largest_text || !object->content.source) {
            unfollowed(run_.steps.back().text, where(command));
            return object != nullptr;
        }
        object->last_use = step();
        const Bytes bytes = read_all(object->content);
        std::string_view rest = rpixen::as_text(bytes);
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            std::string_view line = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (line.ends_with('\r')) line.remove_suffix(1);
            const std::size_t equals = line.find('=');
            if (line.empty() || line[0] == '#' || equals == std::string_view::npos) continue;
            set(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
        }
        return true;
    }

    bool run_variables(const Words& names, const Command& command) {
        for (const std::string& name : names) {
            if (starts_any(name, {"distro_bootcmd", "scan_dev_for_scripts", "boot_a_script", "bootcmd_mmc0",
                                  "bootcmd_mmc1"}) &&
                start_.boot_script) {
                if (!standard_boot(command)) return false;
                continue;
            }
            const auto found = run_.environment.find(name);
            if (found == run_.environment.end()) return false;
            const std::string script = found->second;
            if (!text({name, script}, "in " + name)) return false;
            if (ended()) return last_;
        }
        return true;
    }

    bool standard_boot(const Command& command) {
        if (!start_.boot_script || standard_boot_done_) {
            if (!start_.boot_script) unfollowed("U-Boot's standard boot, without a boot.scr", where(command));
            return false;
        }
        standard_boot_done_ = true;
        const bool result = text(*start_.boot_script, "");
        exit_ = false;  // `exit` leaves the script, not the shell
        return result;
    }

    bool source(const Words& words, const Command& command) {
        std::string address = words.size() > 1 ? words[1] : value("loadaddr");
        address = address.substr(0, address.find(':'));
        MemoryObject* object = run_.memory.find(parse_hex(address));
        if (!object || !object->content.source || object->content.size > largest_text) {
            unfollowed(run_.steps.back().text, where(command));
            return false;
        }
        object->last_use = step();
        const std::string file = object->file;
        const auto script = parse_uboot_script(read_all(object->content));
        if (!script || !script->intact() || script->texts.empty()) return false;
        const bool result = text({file, script->texts.front()}, "in " + file);
        exit_ = false;
        return result;
    }

    std::optional<Content> find(const std::string& interface, const std::string& device,
                                const std::string& path) const {
        if (interface != "mmc" || !start_.find_file) return std::nullopt;
        const std::size_t colon = device.find(':');
        const auto partition =
            colon == std::string::npos ? 1 : static_cast<unsigned>(parse_hex(device.substr(colon + 1)));
        return start_.find_file(partition == 0 ? 1 : partition, path);
    }

    bool load(const Words& words, const Command& command) {
        // load <interface> [<dev[:part]> [<addr> [<filename> [bytes [pos]]]]]
        const std::string device = words.size() > 2 ? words[2] : "0:1";
        const std::string address_text = words.size() > 3 ? words[3] : value("loadaddr");
        const std::string path = words.size() > 4 ? words[4] : value("bootfile");
        if (words.size() < 2 || path.empty()) return false;
        if (command.words.size() > 2 && literal(command.words[1]) && literal(command.words[2]) &&
            device.find(':') != std::string::npos)
            once(run_.fixed_devices, words[1] + " " + device + " (" + where(command) + ")");
        if (command.words.size() > 3 && mentions(command.words[3], "fdt_addr"))
            run_.loads_tree_to_fdt_addr = true;
        if (words.size() > 5 && looks_decimal(words[5]))
            once(run_.decimal_numbers, words[0] + " ... " + words[5] + " (" + where(command) + ")");
        const auto file = find(words[1], device, path);
        if (!file) {
            once(guarded_ > 0 ? run_.optional_files : run_.missing_files, path + " (" + where(command) + ")");
            return false;
        }
        MemoryObject object;
        object.file = path.starts_with('/') ? path.substr(1) : path;
        object.address = parse_hex(address_text);
        object.size = file->size;
        object.content = *file;
        object.from = object.last_use = step();
        set("filesize", hex(file->size));
        set("fileaddr", hex(object.address));
        run_.memory.place(std::move(object));
        return true;
    }

    bool fdt(const Words& words, const Command& command) {
        if (words.size() < 2) return false;
        UBootMemory& memory = run_.memory;
        const std::string& verb = words[1];
        const std::size_t nodes_before = memory.missing_nodes.size();
        bool status = true;
        if (verb.starts_with("ad")) {
            std::size_t index = 2;
            while (index < words.size() && words[index].starts_with("-")) ++index;
            if (index >= words.size()) return memory.working() != nullptr;
            const auto length =
                index + 1 < words.size() ? std::optional(parse_hex(words[index + 1])) : std::nullopt;
            status = memory.set_working(parse_hex(words[index]), length, step());
            set("fdtaddr", words[index]);
        } else if (verb.starts_with("mo")) {
            if (words.size() < 4) return false;
            const auto length = words.size() > 4 ? std::optional(parse_hex(words[4])) : std::nullopt;
            status = memory.move(parse_hex(words[2]), parse_hex(words[3]), length, step());
        } else if (verb.starts_with("res")) {
            const std::string argument = words.size() > 2 ? words[2] : "";
            if (looks_decimal(argument))
                once(run_.decimal_numbers, "fdt resize " + argument + " (" + where(command) + ")");
            status = memory.resize(argument);
        } else if (verb.starts_with("ap")) {
            status = words.size() > 2 && memory.apply(parse_hex(words[2]), step());
        } else if (verb.starts_with("mk")) {
            status = words.size() > 3 && memory.make_node(words[2], words[3]);
        } else if (verb.starts_with("se")) {
            status = words.size() > 3 && memory.set(words[2], words[3], {words.begin() + 4, words.end()});
        } else if (verb.starts_with("rm") || verb.starts_with("r")) {
            if (verb.starts_with("rs")) return memory.working() != nullptr;  // rsvmem
            status = words.size() > 2 && memory.remove(words[2], words.size() > 3 ? words[3] : "");
        } else if (verb.starts_with("g")) {
            // fdt get value <var> <path> <prop> [<index>]
            if (words.size() < 6 || words[2] != "value") {
                unfollowed(run_.steps.back().text, where(command));
                return true;
            }
            const auto index =
                words.size() > 6 ? std::optional<std::size_t>(parse_hex(words[6])) : std::nullopt;
            const auto found = memory.get(words[4], words[5], index);
            if (found) set(words[3], *found);
            status = found.has_value();
        } else {
            // print, list, header, boardsetup, chosen, memory: they need a tree and change nothing that
            // matters here.
            status = memory.working() != nullptr;
        }
        for (std::size_t index = nodes_before; index < memory.missing_nodes.size(); ++index)
            once(guarded_ > 0 ? ignored_ : run_.missing_nodes,
                 memory.missing_nodes[index] + " (" + where(command) + ")");
        return status;
    }

    bool booti(const Words& words) {
        UBootRun::Booti booti;
        booti.image = words.size() > 1 ? words[1] : value("loadaddr");
        booti.initrd = words.size() > 2 ? words[2] : "";
        booti.tree = words.size() > 3 ? words[3] : "";
        MemoryObject* image = run_.memory.find(parse_hex(booti.image));
        MemoryObject* tree = booti.tree.empty() ? nullptr : run_.memory.find(parse_hex(booti.tree));
        if (image) image->last_use = step();
        booti.has_tree = tree &&
                         (tree->tree || run_.memory.set_working(tree->address, std::nullopt, step())) &&
                         !tree->destroyed;
        bool is_image = false;
        if (image && image->content.source && image->content.size >= Arm64ImageHeader::size) {
            Bytes header(Arm64ImageHeader::size);
            image->content.open()->read(0, header);
            is_image = parse_arm64_image(header).has_value() || as_text(header).starts_with("\x1f\x8b");
        }
        run_.booti = booti;
        run_.started = is_image && booti.has_tree;
        return run_.started;
    }

    bool part(const Words& words, const Command& command) {
        // part uuid mmc 0:2 name
        if (words[1] == "list") {
            if (words.size() > 4) set(words.back(), "1");
            return true;
        }
        if (words[1] == "uuid" && words.size() > 4 && start_.partition_uuid) {
            const std::size_t colon = words[3].find(':');
            const auto uuid = start_.partition_uuid(
                colon == std::string::npos ? 1
                                           : static_cast<unsigned>(parse_hex(words[3].substr(colon + 1))));
            if (uuid) set(words[4], *uuid);
            return uuid.has_value();
        }
        unfollowed(run_.steps.back().text, where(command));
        return true;
    }

    bool set_expression(const Words& words, const Command& command) {
        // setexpr name value [op value], all hexadecimal
        if (words.size() == 3) {
            set(words[1], words[2]);
            return true;
        }
        if (words.size() != 5 || words[2].starts_with("*") || words[4].starts_with("*")) {
            unfollowed(run_.steps.back().text, where(command));
            return true;
        }
        const std::uint64_t a = parse_hex(words[2]);
        const std::uint64_t b = parse_hex(words[4]);
        std::uint64_t result = 0;
        switch (words[3][0]) {
            case '+':
                result = a + b;
                break;
            case '-':
                result = a - b;
                break;
            case '*':
                result = a * b;
                break;
            case '/':
                result = b ? a / b : 0;
                break;
            case '%':
                result = b ? a % b : 0;
                break;
            case '&':
                result = a & b;
                break;
            case '|':
                result = a | b;
                break;
            case '^':
                result = a ^ b;
                break;
            default:
                unfollowed(run_.steps.back().text, where(command));
                return true;
        }
        set(words[1], hex(result));
        return true;
    }

    unsigned step() const { return static_cast<unsigned>(run_.steps.size()); }

    const UBootStart& start_;
    UBootRun run_;
    std::string place_;
    int depth_ = 0;
    int guarded_ = 0;
    unsigned significant_ = 0;
    bool last_ = true;
    bool exit_ = false;
    bool overrun_ = false;
    bool standard_boot_done_ = false;
    std::vector<std::string> ignored_;
};

}  // namespace

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
