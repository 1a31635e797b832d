#include "emulator/card_view.hpp"

#include <algorithm>
#include <bit>

#include <fcntl.h>
#include <sys/mman.h>

#include "base/text.hpp"
#include "card/read_card.hpp"
#include "devicetree/device_tree.hpp"
#include "emulator/qcow2.hpp"
#include "emulator/raspi4b_gaps.hpp"

namespace rpixen {
namespace {

/// A file in the boot partition's root folder.
struct BootFile {
    std::string name;
    NodeId node = no_id;
};

std::vector<BootFile> root_files(const FileTree& tree) {
    std::vector<BootFile> files;
    for (const EntryId entry : tree.children(FileTree::root())) {
        const NodeId node = tree.entry_node(entry);
        if (tree.type(node) == NodeType::file) files.push_back({std::string(tree.entry_name(entry)), node});
    }
    return files;
}

const BootFile* find(const std::vector<BootFile>& files, std::string_view name) {
    const auto found = std::ranges::find_if(files, [&](const BootFile& file) { return same_name(file.name, name); });
    return found == files.end() ? nullptr : &*found;
}

/// The last value that config.txt gives a key for a Raspberry Pi 4.
/// Source: "config.txt" and "Conditional filters" in the Raspberry Pi documentation.
std::string setting(std::string_view config, std::string_view key, std::string_view otherwise) {
    std::string value(otherwise);
    bool applies = true;
    while (!config.empty()) {
        const std::size_t end = std::min(config.find('\n'), config.size());
        std::string_view line = config.substr(0, end);
        config.remove_prefix(std::min(end + 1, config.size()));
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
            line.remove_suffix(1);
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
        if (line.starts_with('[')) applies = line == "[all]" || line == "[pi4]";
        if (applies && line.size() > key.size() && line.starts_with(key) && line[key.size()] == '=')
            value = line.substr(key.size() + 1);
    }
    return value;
}

FileDescriptor memory_file(const char* name, ByteView bytes) {
    FileDescriptor file(::memfd_create(name, MFD_CLOEXEC));
    if (!file) throw_io("make", name);
    pwrite_exactly(file.get(), 0, bytes, name);
    return file;
}

/// A file without a name, so that nothing can stay behind.
FileDescriptor unnamed_file(const std::string& folder) {
    FileDescriptor file(::open(folder.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
    if (!file) throw_io("make a temporary file in", folder);
    return file;
}

}  // namespace

CardView make_card_view(const std::string& image, const std::string& temporary_folder, const Supervision& supervision) {
    const Card card = read_card(image, supervision, temporary_folder);
    const Partition* boot = card.boot_partition();
    if (!boot) throw Error(ErrorCode::artifact, "the image has no FAT partition to boot from", image);
    const std::vector<BootFile> files = root_files(boot->tree);

    const BootFile* config_file = find(files, "config.txt");
    const Bytes config = config_file ? read_all(boot->tree.content(config_file->node)) : Bytes{};
    std::vector<Problem> missing;
    const auto named = [&](const std::string& key, std::string_view otherwise) {
        const std::string name = setting(as_text(config), key, otherwise);
        const BootFile* file = find(files, name);
        if (!file) {
            Problem problem;
            problem.message = "the card's boot partition lacks " + name + ", which the firmware would load";
            problem.change = "put it there, or name another file with " + key + "= in config.txt";
            problem.location.file = image;
            missing.push_back(std::move(problem));
        }
        return file;
    };
    const BootFile* uboot = named("kernel", "kernel8.img");
    const BootFile* board_tree = named("device_tree", "bcm2711-rpi-4-b.dtb");
    if (!missing.empty()) throw Error(ErrorCode::artifact, missing);

    CardView view;
    view.guests = guests_of(card);
    view.uboot = memory_file("u-boot", read_all(boot->tree.content(uboot->node)));

    // U-Boot's script loads a tree from the FAT, while the firmware hands over its own: both need the edits.
    qcow2::Overlay overlay;
    for (const BootFile& file : files) {
        if (!file.name.ends_with(".dtb") && &file != board_tree) continue;
        Bytes bytes = read_all(boot->tree.content(file.node));
        DeviceTree tree = DeviceTree::parse(bytes, file.name);
        if (std::ranges::count(tree.compatible(), "brcm,bcm2711") == 0) continue;
        for (const std::string& edit : apply_raspi4b_gaps(tree)) view.edits.push_back(file.name + ": " + edit);
        if (tree.bytes().size() > bytes.size())
            throw Error(ErrorCode::internal, "an edit made a device tree longer", file.name);
        std::ranges::copy(tree.bytes(), bytes.begin());
        if (&file == board_tree) view.device_tree = memory_file("device-tree", bytes);
        ByteView rest = bytes;
        for (const Range& extent : boot->fat()->places.at(file.node).extents) {
            const ByteView piece = rest.first(std::min<std::uint64_t>(rest.size(), extent.size()));
            overlay.patches.push_back({extent.begin, Bytes(piece.begin(), piece.end())});
            rest = rest.subspan(piece.size());
        }
    }
    if (!view.device_tree)
        throw Error(ErrorCode::artifact, "the card's device tree is not for a Raspberry Pi 4", board_tree->name,
                    "compatible brcm,bcm2711");

    // QEMU's SD card has to be a power of two in size (hw/sd/sd.c).
    overlay.size = std::bit_ceil(std::max(card.size, 64 * MiB));
    view.image = FileDescriptor(::fcntl(card.image->descriptor(), F_DUPFD_CLOEXEC, 3));
    if (!view.image) throw_io("open", image);
    overlay.backing = "/proc/self/fd/" + std::to_string(view.image.get());
    overlay.backing_size = card.size;
    view.disk = unnamed_file(temporary_folder);
    const auto backing = card.image->open(0);
    pwrite_exactly(view.disk.get(), 0, qcow2::make_overlay(overlay, *backing), "the card's view");
    return view;
}

}  // namespace rpixen
