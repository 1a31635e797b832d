#include <algorithm>

#include "follow/uboot/shell.hpp"
#include "format/arm64_image.hpp"

namespace rpixen {
namespace {

bool literal(const hush::Word& word) {
    return word.text.find(hush::variable_mark) == std::string::npos;
}

bool mentions(const hush::Word& word, std::string_view variable) {
    const auto names = hush::variables(word);
    return std::find(names.begin(), names.end(), variable) != names.end();
}

/// "1024", "4096", "65536": read as hex they are not what was meant.
bool looks_decimal(const std::string& text) {
    if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) return false;
    const unsigned long value = std::stoul(text);
    return value >= 512 && (value & (value - 1)) == 0;
}

}  // namespace

std::optional<Content> Shell::find(const std::string& interface, const std::string& device, const std::string& path,
                                   const hush::Step& written) {
    const auto number = find_partition(interface, device, written);
    if (!number || !start_.find_file) return std::nullopt;
    return start_.find_file(*number, path);
}

int Shell::load(const Words& words, const hush::Step& written) {
    // load <interface> [<dev[:part]> [<addr> [<filename> [bytes [pos]]]]]
    if (words.size() < 3 || words.size() > 7) return 1;
    const std::string& device = words[2];
    const std::string address_text = words.size() > 3 ? words[3] : value("loadaddr");
    const std::string path = words.size() > 4 ? words[4] : value("bootfile");
    std::size_t first = 0;  // behind the assignments
    while (first < written.words.size() && hush::is_assignment(written.words[first].text)) ++first;
    if (written.words.size() > first + 2 && literal(written.words[first + 1]) && literal(written.words[first + 2]) &&
        device.find(':') != std::string::npos)
        once(run_.fixed_devices, words[1] + " " + device + " (" + where(written) + ")");
    // A variable may hold several words ("mmc 0:1"), so the address is not always the fourth.
    if (std::any_of(written.words.begin(), written.words.end(),
                    [](const hush::Word& word) { return mentions(word, "fdt_addr"); }))
        run_.loads_tree_to_fdt_addr = true;
    if (words.size() > 5 && looks_decimal(words[5]))
        once(run_.decimal_numbers, words[0] + " ... " + words[5] + " (" + where(written) + ")");
    const auto number = find_partition(words[1], device, written);
    const UBootPartition* found = number ? partition(*number) : nullptr;
    const bool wrong_kind = found &&
                            ((words[0] == "fatload" && found->file_system != "fat") ||
                             ((words[0] == "ext4load" || words[0] == "ext2load") && found->file_system != "ext4"));
    if (!number) return 1;
    const auto file = start_.find_file && !wrong_kind ? start_.find_file(*number, path) : std::nullopt;
    if (!file) {
        if (!path.empty()) {
            if (!wrong_kind) say("Failed to load '" + path + "'");
            once(guarded_ > 0 ? run_.optional_files : run_.missing_files,
                 path + (wrong_kind ? " (no " + words[0].substr(0, words[0].size() - 4) + ": " : " (") +
                     where(written) + ")");
        }
        return 1;
    }
    MemoryObject object;
    object.file = path.starts_with('/') ? path.substr(1) : path;
    object.address = parse_hex(address_text);
    object.content = *file;
    const std::uint64_t from = words.size() > 6 ? parse_hex(words[6]) : 0;
    const std::uint64_t most = words.size() > 5 ? parse_hex(words[5]) : 0;
    if (from > 0) {  // a part of a file: what it is is not looked at
        object.content = Content{};
        object.content.size = file->size - std::min(from, file->size);
    }
    if (most > 0) object.content.size = std::min(object.content.size, most);
    object.size = object.content.size;
    object.from = object.last_use = count();
    object.partition = *number;
    say(std::to_string(object.size) + " bytes read");
    set("filesize", to_hex(object.size));
    set("fileaddr", to_hex(object.address));
    run_.memory.place(std::move(object));
    return 0;
}

/// fdt addr [-c] [-q] <address> [<length>]
bool Shell::fdt_address(const Words& words) {
    std::size_t index = 2;
    bool control = false;
    for (; index < words.size() && words[index].starts_with("-"); ++index) control = control || words[index] == "-c";
    // With an address -c makes that U-Boot's own tree; without one it only says where that is.
    if (index >= words.size()) return control || run_.memory.working() != nullptr;
    if (control) return run_.memory.holds_tree(parse_hex(words[index]));
    const auto length = index + 1 < words.size() ? std::optional(parse_hex(words[index + 1])) : std::nullopt;
    if (!run_.memory.set_working(parse_hex(words[index]), length, count())) return false;
    set("fdtaddr", words[index]);
    return true;
}

/// fdt get value|name|addr|size <variable> <path> ...
bool Shell::fdt_get(const Words& words, const hush::Step& written) {
    if (words.size() < 5) return false;
    UBootMemory& memory = run_.memory;
    const std::string& what = words[2];
    const auto index = words.size() > 6 ? std::optional<std::size_t>(parse_hex(words[6])) : std::nullopt;
    std::optional<std::string> found;
    if (what.starts_with("v")) {
        if (words.size() < 6) return false;
        bool printable = true;
        found = memory.get(words[4], words[5], index, newer(202304), printable);
        if (!printable) {
            say("error: unprintable value");
            erase(words[3]);
            return true;
        }
    } else if (what.starts_with("n")) {
        found = memory.child_name(words[4], words.size() > 5 ? parse_hex(words[5]) : 0);
    } else if (what.starts_with("s")) {
        const auto size = memory.size_of(words[4], words.size() > 5 ? words[5] : "");
        std::string text = size ? to_hex(*size) : "";
        if (size && !newer(202304)) text = "0x" + std::string(8 - std::min<std::size_t>(8, text.size()), '0') + text;
        if (size) found = text;
    } else {
        unfollowed(run_.steps.back().text, where(written));
        const auto size = memory.size_of(words[4], words.size() > 5 ? words[5] : "");
        if (size && memory.working()) found = to_hex(memory.working()->address);
    }
    if (found) set(words[3], *found);
    return found.has_value();
}

int Shell::fdt(const Words& words, const hush::Step& written) {
    if (words.size() < 2) return 1;
    UBootMemory& memory = run_.memory;
    const std::string& verb = words[1];
    const std::size_t nodes_before = memory.missing_nodes.size();
    if (const MemoryObject* tree = memory.working(); tree && tree->tree && !work(tree->tree->bytes().size())) return 1;
    bool good = true;
    if (verb.starts_with("ad")) {
        good = fdt_address(words);
    } else if (verb.starts_with("mo")) {
        if (words.size() < 4) return 1;
        const auto length = words.size() > 4 ? std::optional(parse_hex(words[4])) : std::nullopt;
        good = memory.move(parse_hex(words[2]), parse_hex(words[3]), length, count());
    } else if (verb.starts_with("res")) {
        const std::string argument = words.size() > 2 ? words[2] : "";
        if (looks_decimal(argument)) once(run_.decimal_numbers, "fdt resize " + argument + " (" + where(written) + ")");
        good = memory.resize(argument);
    } else if (verb.starts_with("ap")) {
        good = words.size() > 2 && memory.apply(parse_hex(words[2]), count());
    } else if (verb.starts_with("mk")) {
        good = words.size() > 3 && memory.make_node(words[2], words[3]);
    } else if (verb.starts_with("se")) {
        good = words.size() > 3 && memory.set(words[2], words[3], {words.begin() + 4, words.end()});
    } else if (verb.starts_with("rm")) {
        good = words.size() > 2 && memory.remove(words[2], words.size() > 3 ? words[3] : "");
    } else if (verb.starts_with("ge")) {
        good = fdt_get(words, written);
    } else if (verb.starts_with("pr") || verb.starts_with("li")) {
        good = words.size() > 2 ? memory.size_of(words[2], words.size() > 3 ? words[3] : "").has_value()
                                : memory.working() != nullptr;
    } else if (is_any(verb.substr(0, 2), {"he", "bo", "me", "rs", "ch", "sy"})) {
        // They need a tree and change nothing that matters here.
        good = memory.working() != nullptr;
    } else {
        return 1;
    }
    for (std::size_t index = nodes_before; index < memory.missing_nodes.size(); ++index)
        once(guarded_ > 0 ? ignored_ : run_.missing_nodes, memory.missing_nodes[index] + " (" + where(written) + ")");
    return good ? 0 : 1;
}

int Shell::booti(const Words& words) {
    UBootRun::Booti booti;
    booti.image = words.size() > 1 ? words[1] : value("loadaddr");
    booti.initrd = words.size() > 2 ? words[2] : "";
    booti.tree = words.size() > 3 ? words[3] : "";
    return start_image(booti);
}

/// What booti does with an image, and bootm with an arm64 Linux.
int Shell::start_image(const UBootRun::Booti& asked) {
    UBootRun::Booti booti = asked;
    MemoryObject* image = run_.memory.find(parse_hex(booti.image));
    MemoryObject* tree = booti.tree.empty() ? nullptr : run_.memory.find(parse_hex(booti.tree));
    if (image) image->last_use = count();
    booti.has_tree = tree && (tree->tree || run_.memory.set_working(tree->address, std::nullopt, count())) &&
                     !tree->destroyed;
    bool is_image = false;
    if (image && image->content.source && image->content.size >= Arm64ImageHeader::size) {
        Bytes header(Arm64ImageHeader::size);
        image->content.open()->read(0, header);
        is_image = parse_arm64_image(header).has_value() || as_text(header).starts_with("\x1f\x8b");
    }
    run_.booti = booti;
    run_.started = is_image && booti.has_tree;
    if (!is_image) say("Bad Linux ARM64 Image magic!");
    return run_.started ? 0 : 1;
}

/// bootefi <address> [<tree>]; what comes of it is followed outside of U-Boot.
int Shell::bootefi(const Words& words, const hush::Step& written) {
    const MemoryObject* program = words.size() > 1 ? run_.memory.find(parse_hex(words[1])) : nullptr;
    if (!program || program->partition == 0) {
        unfollowed(run_.steps.back().text, where(written));
        return 1;
    }
    run_.bootefi = UBootRun::Bootefi{program->file, program->partition};
    run_.started = true;
    return 0;
}

}  // namespace rpixen
