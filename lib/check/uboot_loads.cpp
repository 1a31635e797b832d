#include <algorithm>

#include "check/shell.hpp"
#include "format/arm64_image.hpp"

namespace rpixen {
namespace {

bool literal(const hush::Word& word) {
    return std::none_of(word.begin(), word.end(), [](const hush::WordPart& part) { return part.variable; });
}

bool mentions(const hush::Word& word, std::string_view variable) {
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

}  // namespace

std::optional<Content> Shell::find(const std::string& interface, const std::string& device,
                                   const std::string& path) const {
    if (interface != "mmc" || !start_.find_file) return std::nullopt;
    const std::size_t colon = device.find(':');
    const auto partition =
        colon == std::string::npos ? 1 : static_cast<unsigned>(parse_hex(device.substr(colon + 1)));
    return start_.find_file(partition == 0 ? 1 : partition, path);
}

bool Shell::load(const Words& words, const hush::Command& command) {
    // load <interface> [<dev[:part]> [<addr> [<filename> [bytes [pos]]]]]
    const std::string device = words.size() > 2 ? words[2] : "0:1";
    const std::string address_text = words.size() > 3 ? words[3] : value("loadaddr");
    const std::string path = words.size() > 4 ? words[4] : value("bootfile");
    if (words.size() < 2 || path.empty()) return false;
    if (command.words.size() > 2 && literal(command.words[1]) && literal(command.words[2]) &&
        device.find(':') != std::string::npos)
        once(run_.fixed_devices, words[1] + " " + device + " (" + where(command) + ")");
    // A variable may hold several words ("mmc 0:1"), so the address is not always the fourth.
    if (std::any_of(command.words.begin(), command.words.end(),
                    [](const hush::Word& word) { return mentions(word, "fdt_addr"); }))
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
    set("filesize", to_hex(file->size));
    set("fileaddr", to_hex(object.address));
    run_.memory.place(std::move(object));
    return true;
}

bool Shell::fdt(const Words& words, const hush::Command& command) {
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
        const auto index = words.size() > 6 ? std::optional<std::size_t>(parse_hex(words[6])) : std::nullopt;
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

bool Shell::booti(const Words& words) {
    UBootRun::Booti booti;
    booti.image = words.size() > 1 ? words[1] : value("loadaddr");
    booti.initrd = words.size() > 2 ? words[2] : "";
    booti.tree = words.size() > 3 ? words[3] : "";
    MemoryObject* image = run_.memory.find(parse_hex(booti.image));
    MemoryObject* tree = booti.tree.empty() ? nullptr : run_.memory.find(parse_hex(booti.tree));
    if (image) image->last_use = step();
    booti.has_tree = tree && (tree->tree || run_.memory.set_working(tree->address, std::nullopt, step())) &&
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

}  // namespace rpixen
