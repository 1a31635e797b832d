#include "follow/boot_order.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "devicetree/device_tree.hpp"
#include "follow/boot_files.hpp"
#include "follow/survey_root.hpp"

namespace rpixen {
namespace {

using Kind = BootCandidate::Kind;

const FileTree* tree_of(const CardFiles& card, unsigned partition) {
    const auto found = card.trees.find(partition);
    return found == card.trees.end() ? nullptr : found->second;
}

bool is_fat(const CardFiles& card, unsigned partition) {
    if (card.disk.boot_partition == partition) return true;
    return std::any_of(card.disk.partitions.begin(), card.disk.partitions.end(), [&](const PartitionFacts& facts) {
        return facts.number == partition && facts.file_system.starts_with("fat");
    });
}

/// Before bootstd: the default bootcmd is `run distro_bootcmd`.
bool boots_by_scripts(const std::optional<UBootFacts>& uboot) {
    if (!uboot) return false;
    const auto bootcmd = uboot->environment.find("bootcmd");
    if (bootcmd != uboot->environment.end() && bootcmd->second.find("distro_bootcmd") != std::string::npos) return true;
    if (bootcmd != uboot->environment.end() && bootcmd->second.find("bootflow") != std::string::npos) return false;
    return uboot->year > 0 && uboot->year * 100 + uboot->month < 202310;
}

/// "mmc2 = /emmc2bus/mmc@7e340000": the number that an alias gives the card's controller. Without one the
/// card is mmc 0, as QEMU shows.
unsigned card_number(const Content& tree) {
    try {
        const DeviceTree parsed = DeviceTree::parse(read_all(tree), "the firmware's device tree");
        for (unsigned number = 0; number < 4; ++number) {
            const auto path = parsed.string("/aliases", "mmc" + std::to_string(number));
            if (path && path->ends_with("mmc@7e340000")) return number;
        }
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io) throw;
    }
    return 0;
}

constexpr std::uint64_t block = 512;

std::vector<UBootPartition> partitions(const CardFiles& card, unsigned number) {
    std::vector<UBootPartition> found;
    for (const PartitionFacts& facts : card.disk.partitions) {
        UBootPartition part;
        part.number = facts.number;
        part.first_block = facts.range.begin / block;
        part.blocks = facts.range.size() / block;
        part.uuid = facts.uuid;
        part.name = card.disk.gpt
                        ? facts.name
                        : std::string("mmcsd") + static_cast<char>('a' + number) + std::to_string(facts.number);
        if (tree_of(card, facts.number)) part.file_system = is_fat(card, facts.number) ? "fat" : "ext4";
        part.bootable = facts.bootable;
        found.push_back(std::move(part));
    }
    return found;
}

}  // namespace

std::optional<Content> find_card_file(const CardFiles& card, unsigned partition, const std::string& path) {
    const FileTree* files = tree_of(card, partition);
    if (!files) return std::nullopt;
    if (is_fat(card, partition)) return find_boot_file(*files, path);
    const auto node = follow(*files, path);
    if (!node || files->type(*node) != NodeType::file) return std::nullopt;
    return files->content(*node);
}

std::vector<BootCandidate> boot_candidates(const CardFiles& card, const std::optional<UBootFacts>& uboot) {
    const bool by_scripts = boots_by_scripts(uboot);
    std::vector<unsigned> numbers;
    for (const PartitionFacts& facts : card.disk.partitions)
        if (facts.bootable) numbers.push_back(facts.number);
    if (numbers.empty() && by_scripts) numbers.push_back(1);
    if (numbers.empty())
        for (const PartitionFacts& facts : card.disk.partitions) numbers.push_back(facts.number);
    // A file system without a table around it.
    if (card.disk.partitions.empty() && card.disk.boot_partition) numbers.assign(1, *card.disk.boot_partition);

    std::vector<BootCandidate> found;
    for (const unsigned number : numbers) {
        const auto look_for = [&](Kind kind, const std::string& prefix, const std::string& name) {
            const std::string file = prefix.substr(1) + name;
            if (find_card_file(card, number, file)) found.push_back({kind, number, file, prefix});
        };
        const auto extlinux = [&](const std::string& prefix) {
            look_for(Kind::extlinux, prefix, "extlinux/extlinux.conf");
        };
        const auto script = [&](const std::string& prefix) {
            look_for(Kind::script, prefix, "boot.scr.uimg");
            look_for(Kind::script, prefix, "boot.scr");
        };
        const auto efi = [&] { look_for(Kind::efi, "/", "EFI/BOOT/BOOTAA64.EFI"); };
        const bool efi_first = uboot && uboot->year >= 2025 && !by_scripts;
        if (by_scripts) {
            for (const char* prefix : {"/", "/boot/"}) {
                extlinux(prefix);
                script(prefix);
            }
        } else {
            extlinux("/");
            extlinux("/boot/");
            if (efi_first) efi();
            script("/");
            script("/boot/");
        }
        if (!efi_first) efi();
    }
    return found;
}

UBootStart uboot_start(const CardFiles& card, const BootScenario& scenario,
                       const std::optional<Content>& firmware_tree) {
    UBootStart start;
    if (scenario.firmware && scenario.firmware->board) start.board = scenario.firmware->board;
    start.board_memory = start.board->memories.front();
    if (scenario.uboot) {
        start.environment = scenario.uboot->environment;
        if (scenario.uboot->year > 0) start.version = scenario.uboot->year * 100 + scenario.uboot->month;
    }
    const auto& saved = scenario.saved_environment;
    if (saved && saved->crc_right) start.environment = saved->variables;
    if (scenario.uboot)  // U-Boot's own addresses are there whatever was saved
        for (const char* name : {"scriptaddr", "fdt_addr_r", "kernel_addr_r", "ramdisk_addr_r", "loadaddr"})
            if (const auto value = scenario.uboot->environment.find(name); value != scenario.uboot->environment.end())
                start.environment.emplace(name, value->second);
    start.firmware_tree = firmware_tree;
    if (start.firmware_tree) start.card_number = card_number(*start.firmware_tree);
    start.partitions = partitions(card, start.card_number);
    start.find_file = [&card](unsigned partition, const std::string& path) {
        return find_card_file(card, partition, path);
    };
    if (card.disk.boot_partition) start.script_partition = *card.disk.boot_partition;
    return start;
}

}  // namespace rpixen
