#include "follow/efi/grub_config.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include <rpixen/error.hpp>

#include "base/budget.hpp"
#include "base/size.hpp"
#include "follow/efi/grub_script.hpp"

// What grub.cfg's commands do: variables, the menu, and those that load something
// (grub-core/loader/arm64/xen_boot.c, loader/efi).

namespace rpixen {
namespace {

/// Steps are commands and the variables that an entry begins with, bytes those of their words once variables stand in
/// them.
constexpr Budget budget{.of = "a GRUB script", .steps = 10'000, .bytes = 8 * MiB};
constexpr int deepest = 16;
constexpr std::size_t largest_value = 64 * KiB;

struct Entry {
    std::string title;
    std::string id;
    const GrubCommand* command = nullptr;
    std::vector<Entry> entries;  ///< of a submenu
    std::map<std::string, std::string> variables{};
};

/// "(hd0,gpt2)/boot/xen" or "hd0,msdos2": the partition; nothing where none is named.
std::optional<unsigned> partition_in(std::string_view device) {
    const std::size_t comma = device.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    std::string_view text = device.substr(comma + 1);
    const std::size_t digit = text.find_first_of("0123456789");
    if (digit == std::string_view::npos) return std::nullopt;
    text.remove_prefix(digit);
    unsigned number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number == 0 ? std::nullopt : std::optional(number);
}

class Runner {
  public:
    Runner(const std::string& folder, const GrubDisk& disk) : disk_(disk) {
        root_ = disk.partition;
        variables_["prefix"] = folder;
        variables_["grub_platform"] = "efi";
        variables_["grub_cpu"] = "arm64";
        variables_["menuentry_id_option"] = "--id";
        variables_["feature_menuentry_id"] = variables_["feature_platform_search_hint"] = "y";
        variables_["feature_default_font_path"] = variables_["feature_all_video_module"] = "y";
    }

    GrubBoot take(std::string_view text) && {
        try {
            return follow(text);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::artifact) throw;
            boot_.unfollowed.push_back("the rest of a GRUB script, with " + error.problems()[0].found);
            return std::move(boot_);
        }
    }

  private:
    GrubBoot follow(std::string_view text) {
        source(text);
        const std::string wanted = value("default");
        const std::vector<Entry> menu = std::exchange(entries_, {});  // an entry that runs may make another one
        const Entry* chosen = find_entry(menu, wanted.empty() ? "0" : wanted);
        if (!chosen && !menu.empty()) chosen = find_entry(menu, "0");
        if (chosen) {
            GrubBoot boot = run_entry(*chosen);
            if (!boot.xen) boot.other_with_xen = with_xen(menu, chosen);
            boot.unfollowed.insert(boot.unfollowed.begin(), boot_.unfollowed.begin(), boot_.unfollowed.end());
            return boot;
        }
        return std::move(boot_);  // commands without a menu
    }

    std::string value(const std::string& name) const {
        const auto found = variables_.find(name);
        return found == variables_.end() ? std::string() : found->second;
    }

    void source(std::string_view text) {
        if (depth_ >= deepest) return;
        ++depth_;
        programs_.push_back(std::make_unique<GrubList>(parse_grub_script(text)));
        run(*programs_.back());
        --depth_;
    }

    /// An entry has its own.
    std::map<std::string, std::string> copied_variables() {
        spent_.steps(variables_.size());
        for (const auto& [name, text] : variables_) spent_.bytes(name.size() + text.size());
        return variables_;
    }

    GrubBoot run_entry(const Entry& entry) {
        const auto kept = copied_variables();
        const unsigned root = root_;
        GrubBoot before = std::exchange(boot_, {});
        for (const auto& [name, text] : entry.variables) variables_[name] = text;
        variables_["chosen"] = entry.title;
        boot_.entry = entry.title;
        run(entry.command->body);
        variables_ = kept;
        root_ = root;
        return std::exchange(boot_, std::move(before));
    }

    /// The title of an entry that starts Xen, other than `chosen`.
    std::string with_xen(const std::vector<Entry>& entries, const Entry* chosen) {
        for (const Entry& entry : entries) {
            if (!entry.entries.empty()) {
                if (std::string title = with_xen(entry.entries, chosen); !title.empty()) return title;
            } else if (&entry != chosen && run_entry(entry).xen) {
                return entry.title;
            }
        }
        return {};
    }

    /// "0", a title, an id, "submenu>entry". A submenu alone waits for somebody, so it starts its first entry
    /// here.
    static const Entry* find_entry(const std::vector<Entry>& entries, const std::string& wanted) {
        const std::size_t split = wanted.find('>');
        const std::string head = wanted.substr(0, split);
        const Entry* found = nullptr;
        std::size_t number = 0;
        const auto end = std::from_chars(head.data(), head.data() + head.size(), number);
        if (end.ec == std::errc() && end.ptr == head.data() + head.size() && number < entries.size())
            found = &entries[number];
        for (const Entry& entry : entries)
            if (!found && (entry.title == head || (!entry.id.empty() && entry.id == head))) found = &entry;
        if (!found || found->entries.empty()) return found;
        const Entry* inner = find_entry(found->entries, split == std::string::npos ? "0" : wanted.substr(split + 1));
        return inner ? inner : find_entry(found->entries, "0");
    }

    std::vector<std::string> expand(const std::vector<GrubWord>& words) {
        std::vector<std::string> result;
        for (const GrubWord& word : words) {
            std::string text;
            bool open = word.quoted;
            for (std::size_t place = 0; place < word.text.size() && text.size() < largest_value;) {
                const char letter = word.text[place];
                if (letter != grub_mark && letter != grub_quoted_mark) {
                    spent_.bytes(1);
                    text += letter;
                    open = true;
                    ++place;
                    continue;
                }
                const std::size_t end = word.text.find(letter, place + 1);
                if (end == std::string::npos) break;
                const std::string found = value(word.text.substr(place + 1, end - place - 1));
                spent_.bytes(found.size());
                place = end + 1;
                if (letter == grub_quoted_mark) {
                    text += found;
                    continue;
                }
                for (const char part : found) {
                    if (part == ' ') {
                        if (open) result.push_back(std::exchange(text, {}));
                        open = false;
                    } else {
                        text += part;
                        open = true;
                    }
                }
            }
            if (open) result.push_back(std::move(text));
        }
        return result;
    }

    bool run(const GrubList& commands) {
        bool good = true;
        for (const GrubCommand& command : commands) {
            spent_.steps();
            good = run(command);
        }
        return good;
    }

    bool run(const GrubCommand& command) {
        if (!command.branches.empty()) {
            for (const auto& [condition, body] : command.branches)
                if (run(condition)) return run(body);
            return run(command.otherwise);
        }
        const std::vector<std::string> words = expand(command.words);
        if (words.empty()) return true;
        const std::string& name = words[0];
        if (name == "function" && words.size() > 1) {
            functions_[words[1]] = &command.body;
            return true;
        }
        if (name == "menuentry" || name == "submenu") return menu_entry(words, command);
        if (const auto function = functions_.find(name); function != functions_.end()) {
            if (depth_ >= deepest) return false;
            ++depth_;
            const bool good = run(*function->second);
            --depth_;
            return good;
        }
        return builtin(words, command.line);
    }

    bool menu_entry(const std::vector<std::string>& words, const GrubCommand& command) {
        Entry entry;
        entry.command = &command;
        for (std::size_t index = 1; index < words.size(); ++index) {
            if (words[index].starts_with("--")) {
                if (words[index] == "--id" && index + 1 < words.size()) entry.id = words[index + 1];
                if (words[index].starts_with("--id=")) entry.id = words[index].substr(5);
                if (words[index] != "--unrestricted" && words[index].find('=') == std::string::npos) ++index;
            } else if (entry.title.empty()) {
                entry.title = words[index];
            }
        }
        entry.variables = copied_variables();
        if (words[0] == "submenu" && depth_ < deepest) {
            std::vector<Entry> outer = std::exchange(entries_, {});
            ++depth_;
            run(command.body);
            --depth_;
            entry.entries = std::exchange(entries_, std::move(outer));
        }
        entries_.push_back(std::move(entry));
        return true;
    }

    GrubFile file(const std::string& text, int line) const {
        GrubFile file;
        file.line = line;
        file.partition = root_;
        file.path = text;
        if (text.starts_with('(')) {
            const std::size_t end = text.find(')');
            if (const auto number = partition_in(text.substr(0, end))) file.partition = *number;
            file.path = end == std::string::npos ? "" : text.substr(end + 1);
        }
        return file;
    }

    /// The first word that is no option, and what follows it.
    std::optional<GrubFile> file_of(const std::vector<std::string>& words, int line) const {
        std::size_t index = 1;
        while (index < words.size() && words[index].starts_with("--")) ++index;
        if (index >= words.size()) return std::nullopt;
        GrubFile found = file(words[index], line);
        for (++index; index < words.size(); ++index)
            found.arguments += (found.arguments.empty() ? "" : " ") + words[index];
        return found;
    }

    bool builtin(const std::vector<std::string>& words, int line) {
        const std::string& name = words[0];
        const auto is = [&](std::initializer_list<std::string_view> names) {
            return std::find(names.begin(), names.end(), name) != names.end();
        };
        if (is({"set", "export"})) {
            for (std::size_t index = 1; index < words.size(); ++index) assign(words[index]);
            return true;
        }
        if (name.find('=') != std::string::npos) {
            assign(name);
            return true;
        }
        if (name == "unset") {
            for (std::size_t index = 1; index < words.size(); ++index) variables_.erase(words[index]);
            return true;
        }
        if (is({"[", "test"})) return test(words);
        if (is({"true", ":"})) return true;
        if (name == "false") return false;
        if (is({"search", "search.file", "search.fs_label", "search.fs_uuid"})) return search(words, line);
        if (is({"source", "configfile", ".", "normal"})) {
            const auto found = file_of(words, line);
            const auto text = found ? disk_.read(found->partition, found->path) : std::nullopt;
            if (!text) return false;
            if (name == "configfile") entries_.clear();
            source(*text);
            return true;
        }
        if (name == "load_env") {
            const auto text = disk_.read(root_, value("prefix") + "/grubenv");
            for (std::size_t begin = 0; text && begin < text->size();) {
                const std::size_t end = std::min(text->find('\n', begin), text->size());
                if ((*text)[begin] != '#') assign(text->substr(begin, end - begin));
                begin = end + 1;
            }
            return text.has_value();
        }
        if (is({"xen_hypervisor", "xen_hypervisor64"})) {
            boot_.xen = file_of(words, line);
            return boot_.xen.has_value();
        }
        if (is({"xen_module", "xen_module64"})) {
            if (const auto found = file_of(words, line)) boot_.modules.push_back(*found);
            return true;
        }
        if (name == "devicetree") {
            boot_.tree = file_of(words, line);
            return true;
        }
        if (is({"linux", "linuxefi", "linux16"})) {
            boot_.kernel = file_of(words, line);
            return true;
        }
        if (is({"initrd", "initrdefi", "initrd16"})) {
            boot_.initrd = file_of(words, line);
            return true;
        }
        if (name == "chainloader") {
            boot_.chainloader = file_of(words, line);
            return true;
        }
        if (is({"insmod",
                "echo",
                "terminal_input",
                "terminal_output",
                "terminal",
                "serial",
                "loadfont",
                "gfxpayload",
                "background_color",
                "background_image",
                "save_env",
                "recordfail",
                "load_video",
                "savedefault",
                "clear",
                "sleep",
                "boot",
                "play",
                "password_pbkdf2",
                "hiddenentry",
                "videoinfo",
                "rmmod",
                "fwsetup",
                "halt",
                "reboot",
                "setparams",
                "shift",
                "return",
                "export",
                "keymap",
                "regexp",
                "cmp",
                "videotest"}))
            return name != "regexp" && name != "cmp";
        boot_.unfollowed.push_back(name.substr(0, 64) + " (line " + std::to_string(line) + ")");
        return false;
    }

    void assign(const std::string& text) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || text.size() > largest_value) return;
        const std::string name = text.substr(0, equals);
        variables_[name] = text.substr(equals + 1);
        if (name != "root") return;
        if (const auto number = partition_in(variables_[name])) root_ = *number;
    }

    bool search(const std::vector<std::string>& words, int line) {
        std::string by = words[0] == "search.fs_label" ? "label" : words[0] == "search.fs_uuid" ? "fs-uuid" : "file";
        std::string variable = "root";
        std::string what;
        for (std::size_t index = 1; index < words.size(); ++index) {
            const std::string& word = words[index];
            if (word == "--label" || word == "-l") by = "label";
            if (word == "--fs-uuid" || word == "-u") by = "fs-uuid";
            if (word == "--file" || word == "-f") by = "file";
            if (word.starts_with("--set=")) variable = word.substr(6);
            if (word.starts_with('-')) {
                // --set NAME and --hint NAME take the next word only where it is not the last one.
                if ((word == "--set" || word == "-s") && index + 2 < words.size() && !words[index + 1].starts_with('-'))
                    variable = words[++index];
                continue;
            }
            if (what.empty()) what = word;
        }
        const auto found = disk_.search(by, what);
        if (!found) {
            boot_.unfollowed.push_back("search --" + by + " " + what.substr(0, 64) + " (line " + std::to_string(line) +
                                       "): nothing on the card");
            return false;
        }
        assign(variable + "=hd0," + std::to_string(*found));
        return true;
    }

    bool test(std::vector<std::string> words) const {
        words.erase(words.begin());
        if (!words.empty() && words.back() == "]") words.pop_back();
        bool result = false;
        bool negated = false;
        char joint = 'o';
        for (std::size_t index = 0; index < words.size();) {
            const std::string& word = words[index];
            if (word == "!") {
                negated = !negated;
                ++index;
                continue;
            }
            if (word == "-a" || word == "-o") {
                joint = word[1];
                ++index;
                continue;
            }
            bool one = false;
            if (index + 2 < words.size() && is_comparison(words[index + 1])) {
                one = compare(word, words[index + 1], words[index + 2]);
                index += 3;
            } else if (word.size() == 2 && word[0] == '-' && index + 1 < words.size()) {
                const std::string& operand = words[index + 1];
                const GrubFile found = file(operand, 0);
                one = word == "-n"   ? !operand.empty()
                      : word == "-z" ? operand.empty()
                                     : disk_.exists(found.partition, found.path);
                index += 2;
            } else {
                one = !word.empty();
                ++index;
            }
            one = one != negated;
            negated = false;
            result = joint == 'a' ? result && one : result || one;
            joint = 'a';
        }
        return result;
    }

    static bool is_comparison(const std::string& word) {
        return word == "=" || word == "==" || word == "!=" || word == "-eq" || word == "-ne" || word == "<" ||
               word == ">" || word == "-lt" || word == "-gt" || word == "-le" || word == "-ge";
    }
    static bool compare(const std::string& a, const std::string& how, const std::string& b) {
        if (how == "=" || how == "==" || how == "-eq") return a == b;
        if (how == "!=" || how == "-ne") return a != b;
        long left = 0;
        long right = 0;
        std::from_chars(a.data(), a.data() + a.size(), left);
        std::from_chars(b.data(), b.data() + b.size(), right);
        if (how == "-lt") return left < right;
        if (how == "-le") return left <= right;
        if (how == "-gt") return left > right;
        if (how == "-ge") return left >= right;
        return how == "<" ? a < b : a > b;
    }

    const GrubDisk& disk_;
    unsigned root_ = 1;
    std::map<std::string, std::string> variables_;
    std::map<std::string, const GrubList*> functions_;
    std::vector<std::unique_ptr<GrubList>> programs_;  ///< what entries and functions point into
    std::vector<Entry> entries_;
    GrubBoot boot_;
    Spending spent_{budget};
    int depth_ = 0;
};

}  // namespace

GrubBoot follow_grub(std::string_view text, const std::string& folder, const GrubDisk& disk) {
    return Runner(folder, disk).take(text);
}

}  // namespace rpixen
