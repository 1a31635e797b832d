#include "follow/firmware/firmware_boot.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <rpixen/error.hpp>

#include "base/text.hpp"
#include "board/board.hpp"
#include "follow/boot_files.hpp"
#include "follow/firmware/firmware_tree.hpp"
#include "follow/tree_facts.hpp"
#include "format/arm64_image.hpp"

namespace rpixen {
namespace {

/// Where the firmware puts a 64-bit kernel by itself (Raspberry Pi documentation, config.txt kernel_address).
constexpr std::uint64_t usual_address = 0x200000;
constexpr std::uint64_t page = 4 * KiB;

/// A number of config.txt: decimal, or hexadecimal with 0x.
std::optional<std::uint64_t> number(std::optional<std::string> text) {
    if (!text || text->empty()) return std::nullopt;
    if (text->starts_with("0x") || text->starts_with("0X")) return parse_hex(*text);
    std::uint64_t value = 0;
    const auto end = std::from_chars(text->data(), text->data() + text->size(), value);
    return end.ec == std::errc() ? std::optional(value) : std::nullopt;
}

/// The first arm64 Image that stands behind the one at the beginning.
std::optional<std::uint64_t> second_image(const Content& file) {
    constexpr std::uint64_t chunk = 1 * MiB;
    const auto open = file.open();
    for (std::uint64_t begin = 0; begin < file.size; begin += chunk) {
        Bytes bytes(static_cast<std::size_t>(std::min(chunk, file.size - begin)));
        open->read(begin, bytes);
        for (std::size_t place = begin == 0 ? page : 0; place + Arm64ImageHeader::size <= bytes.size(); place += page)
            if (const auto header = parse_arm64_image(ByteView(bytes).subspan(place)); header && header->image_size > 0)
                return begin + place;
    }
    return std::nullopt;
}

/// "initrd.img followkernel", "initrd.img 0x3000000"; ramfsfile= and ramfsaddr= say the same.
struct Initramfs {
    std::string file;
    std::optional<std::uint64_t> address;  ///< nothing: behind the kernel
};

std::optional<Initramfs> initramfs(const FirmwareFacts& firmware) {
    if (const auto line = config_value(firmware, "initramfs")) {
        const std::size_t split = std::min(line->find_first_of(" \t"), line->size());
        const std::string place(trimmed(std::string_view(*line).substr(split)));
        return Initramfs{line->substr(0, split), place == "followkernel" ? std::nullopt : number(place)};
    }
    if (const auto file = config_value(firmware, "ramfsfile"))
        return Initramfs{*file, number(config_value(firmware, "ramfsaddr"))};
    return std::nullopt;
}

/// Parts of the file at these offsets, each up to the next one.
void place_parts(UBootMemory& memory, const std::string& file, const Content& content, std::uint64_t address,
                 const std::set<std::uint64_t>& offsets) {
    for (auto offset = offsets.begin(); offset != offsets.end(); ++offset) {
        const auto next = std::next(offset);
        const std::uint64_t end = next == offsets.end() ? content.size : *next;
        MemoryObject object;
        object.file = *offset == 0 ? file : file + " from " + format_address(*offset) + " on";
        object.address = address + *offset;
        object.content = part_of(content, *offset, end - *offset);
        object.size = object.content.size;
        memory.place(std::move(object));
    }
}

}  // namespace

std::string uefi_firmware(const FileTree& boot, const FirmwareFacts& firmware) {
    const auto name = config_value(firmware, "armstub");
    if (!name) return {};
    const std::string file = with_os_prefix(boot, firmware, *name);
    if (!find_boot_file(boot, file)) return {};
    // A firmware volume has its signature at byte 40 (UEFI PI specification, volume 3, 3.2.1); EDK2's image for
    // the board has TF-A in front.
    constexpr std::uint64_t looked_at = 4 * MiB;
    const Bytes start = read_boot_file(boot, file, looked_at);
    const bool volume = as_text(start).find("_FVH") != std::string_view::npos;
    return volume || lower_case(file).ends_with(".fd") ? file : std::string();
}

UBootRun start_by_firmware(const FileTree& boot, const FirmwareFacts& firmware, const std::string& file,
                           const Content& content, const std::optional<Content>& tree) {
    const bool old = config_value(firmware, "kernel_old").value_or("0") == "1";
    const std::uint64_t address = number(config_value(firmware, "kernel_address")).value_or(old ? 0 : usual_address);
    UBootRun run;
    UBootMemory& memory = run.memory;
    std::set<std::uint64_t> offsets{0};
    if (const auto second = second_image(content)) offsets.insert(*second);
    std::uint64_t tree_address = 0;
    if (tree) {
        MemoryObject object;
        object.file = "the firmware's device tree";
        object.address = tree_address = number(config_value(firmware, "device_tree_address"))
                                            .value_or(board::firmware_tree.begin);
        object.size = tree->size;
        object.content = *tree;
        object.firmware = true;
        memory.place(std::move(object));
        memory.set_working(tree_address, std::nullopt, 0);
        // A module that begins inside the file is a part of it.
        if (const MemoryObject* working = memory.working())
            for (const ModuleFacts& module : tree_facts(*working->tree).modules)
                if (module.range && module.range->begin > address && module.range->begin - address < content.size)
                    offsets.insert(module.range->begin - address);
    }
    place_parts(memory, file, content, address, offsets);
    run.booti = UBootRun::Booti{};
    if (const auto extra = initramfs(firmware)) {
        const std::string path = with_os_prefix(boot, firmware, extra->file);
        if (const auto found = find_boot_file(boot, path)) {
            MemoryObject object;
            object.file = path;
            object.address = extra->address.value_or(align_up(address + content.size, page));
            object.size = found->size;
            object.content = *found;
            run.booti->initrd = format_address(object.address);
            memory.place(std::move(object));
        }
    }
    run.booti->image = format_address(address);
    if (tree) run.booti->tree = format_address(tree_address);
    run.booti->has_tree = memory.working() != nullptr;
    run.started = true;
    return run;
}

}  // namespace rpixen
