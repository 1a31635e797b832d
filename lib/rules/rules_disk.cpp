#include <algorithm>
#include <charconv>

#include "rules/root_device.hpp"
#include "rules/rules.hpp"

// Chapter 8, first half: the partition table and the file systems in it.

namespace rpixen {
namespace {

constexpr std::uint64_t least_fat32_clusters = 65525;  // Microsoft FAT specification 1.03

const DiskFacts* disk(const BootScenario& scenario) {
    return scenario.disk ? &*scenario.disk : nullptr;
}

const PartitionFacts* partition(const DiskFacts& facts, std::optional<unsigned> number) {
    for (const PartitionFacts& candidate : facts.partitions)
        if (number && candidate.number == *number) return &candidate;
    return nullptr;
}

bool is_fat(const PartitionFacts& facts) {
    return facts.file_system.starts_with("fat");
}

std::string called(const PartitionFacts& facts) {
    return "partition " + std::to_string(facts.number);
}

Findings larger_than_partition(const BootScenario& scenario, bool fat) {
    Findings findings;
    const DiskFacts* facts = disk(scenario);
    if (!facts) return {};
    for (const PartitionFacts& part : facts->partitions) {
        if (!part.file_system_size || is_fat(part) != fat || *part.file_system_size <= part.range.size()) continue;
        const std::uint64_t excess = *part.file_system_size - part.range.size();
        const Range beyond = range_at(part.range.end, excess);
        std::string over;
        for (const PartitionFacts& other : facts->partitions)
            if (other.range.overlaps(beyond))
                over += ", over " + called(other) + (other.file_system.empty() ? "" : " (" + other.file_system + ")");
        findings.push_back({"the " + part.file_system + " file system is larger than " + called(part),
                            "file system " + describe_size(*part.file_system_size) + ", partition " +
                                describe_size(part.range.size()) + ": the last " + describe_size(excess) +
                                " lie outside" + over,
                            "at most " + describe_size(part.range.size()),
                            fat ? "make the file system of the partition's size, or end the partition at " +
                                      describe_size(range_at(part.range.begin, *part.file_system_size).end)
                                : "shrink it with resize2fs, or make the partition larger"});
    }
    return findings;
}

Findings fat_larger(const BootScenario& scenario) {
    return larger_than_partition(scenario, true);
}
Findings ext4_larger(const BootScenario& scenario) {
    return larger_than_partition(scenario, false);
}

Findings ext4_smaller(const BootScenario& scenario) {
    Findings findings;
    const DiskFacts* facts = disk(scenario);
    if (!facts) return {};
    for (const PartitionFacts& part : facts->partitions) {
        if (!part.file_system_size || !part.file_system.starts_with("ext")) continue;
        // Less than a tenth of the partition may stay unused.
        if (*part.file_system_size >= part.range.size() - part.range.size() / 10) continue;
        findings.push_back({"the " + part.file_system + " file system does not fill " + called(part),
                            describe_size(*part.file_system_size) + " of " + describe_size(part.range.size()),
                            "the whole partition", "grow it with resize2fs"});
    }
    return findings;
}

Findings partitions_overlap(const BootScenario& scenario) {
    Findings findings;
    const DiskFacts* facts = disk(scenario);
    if (!facts) return {};
    for (std::size_t a = 0; a < facts->partitions.size(); ++a)
        for (std::size_t b = a + 1; b < facts->partitions.size(); ++b) {
            const PartitionFacts& first = facts->partitions[a];
            const PartitionFacts& second = facts->partitions[b];
            if (first.range.overlaps(second.range))
                findings.push_back({called(first) + " and " + called(second) + " overlap",
                                    describe_range(first.range) + " and " + describe_range(second.range),
                                    "no byte in common", "move the start of one of them"});
        }
    return findings;
}

Findings beyond_image(const BootScenario& scenario) {
    Findings findings;
    const DiskFacts* facts = disk(scenario);
    if (!facts || facts->size == 0) return {};
    for (const PartitionFacts& part : facts->partitions)
        if (part.range.end > facts->size)
            findings.push_back({called(part) + " ends behind the end of the image",
                                "partition " + describe_range(part.range) + ", image " + describe_size(facts->size),
                                "at most " + describe_size(facts->size),
                                "make the image larger; it may have been cut off"});
    return findings;
}

Findings no_boot_partition(const BootScenario& scenario) {
    const DiskFacts* facts = disk(scenario);
    if (!facts || facts->boot_partition) return {};
    return {{"the firmware finds no boot partition",
             std::to_string(facts->partitions.size()) + " partitions, none with a FAT", "a FAT as the first partition",
             "make partition 1 a FAT32 of type 0x0c"}};
}

Findings boot_partition_kind(const BootScenario& scenario) {
    const DiskFacts* facts = disk(scenario);
    const PartitionFacts* boot = facts ? partition(*facts, facts->boot_partition) : nullptr;
    if (!boot) return {};
    Findings findings;
    if (facts->gpt) {
        findings.push_back(
            {"the card has a GPT", "a GPT", "an MBR", "use an MBR unless every board's EEPROM is known to read GPT"});
    } else if (boot->mbr_type != 0x0c && boot->mbr_type != 0x0b && boot->mbr_type != 0x0e && boot->mbr_type != 0x06) {
        findings.push_back({"the boot partition has an unusual type", "type " + format_address(boot->mbr_type),
                            "0x0c (FAT32, LBA)", "set the type to 0x0c"});
    }
    for (const PartitionFacts& part : facts->partitions)
        if (is_fat(part) && part.number < boot->number)
            findings.push_back({"the boot files are not on the first FAT",
                                called(*boot) + "; " + called(part) + " is a FAT too", "the first FAT",
                                "put the boot files on " + called(part)});
    return findings;
}

Findings too_few_clusters(const BootScenario& scenario) {
    const DiskFacts* facts = disk(scenario);
    const PartitionFacts* boot = facts ? partition(*facts, facts->boot_partition) : nullptr;
    if (!boot || boot->file_system != "fat32" || boot->cluster_count == 0 ||
        boot->cluster_count >= least_fat32_clusters)
        return {};
    return {{"the boot partition has too few clusters for FAT32",
             std::to_string(boot->cluster_count) + " clusters of " + format_size(boot->cluster_size), "at least 65,525",
             "use smaller clusters, or a larger partition"}};
}

Findings last_cluster(const BootScenario& scenario) {
    const DiskFacts* facts = disk(scenario);
    const PartitionFacts* boot = facts ? partition(*facts, facts->boot_partition) : nullptr;
    if (!boot || boot->in_last_cluster.empty()) return {};
    return {{"the boot partition is filled to its last cluster", boot->in_last_cluster + " lies in it",
             "the last cluster of " + format_size(boot->cluster_size) + " free",
             "make the partition larger, or update the board's EEPROM"}};
}

Findings name_clash(const BootScenario& scenario) {
    const DiskFacts* facts = disk(scenario);
    if (!facts || facts->name_clashes.empty()) return {};
    return {{"names on the boot partition differ only in case", describe_list(facts->name_clashes),
             "names that FAT can tell apart", "rename one of them"}};
}

Findings damaged(const BootScenario& scenario) {
    constexpr std::size_t most = 4;
    const DiskFacts* facts = disk(scenario);
    if (!facts || facts->damages.empty()) return {};
    std::vector<std::string> shown(
        facts->damages.begin(),
        facts->damages.begin() + static_cast<std::ptrdiff_t>(std::min(most, facts->damages.size())));
    if (facts->damages.size() > most) shown.push_back(std::to_string(facts->damages.size() - most) + " more");
    return {{"the image is not sound", describe_list(shown), "a partition table and file systems without faults",
             "run fsck.fat and e2fsck on a copy, or make the image anew"}};
}

/// Says what is wrong with a name of the root device; nothing where it is right or cannot be judged.
std::optional<Finding> wrong_root(const DiskFacts& facts, const std::string& name, const std::string& where) {
    const RootDevice device = root_device(facts, name);
    if (device.whole_card)
        return Finding{where + " names the whole card", where + "=" + name, "a partition",
                       "name the partition: " + name + "p2"};
    if (!device.of_card) return std::nullopt;
    if (!device.partition)
        return Finding{where + " names a partition that the card does not have", where + "=" + name,
                       describe_list(device.names), "name a partition of this card"};
    if (is_fat(*device.partition) || device.partition->file_system == "swap")
        return Finding{where + " names " + called(*device.partition) + ", which is no root file system",
                       where + "=" + name + ", a " + device.partition->file_system,
                       "the partition with the root file system", "name the partition with the root file system"};
    return std::nullopt;
}

Findings root_argument(const BootScenario& scenario) {
    const DiskFacts* facts = disk(scenario);
    if (!facts || !scenario.dom0_bootargs) return {};
    const auto root = command_line_value(*scenario.dom0_bootargs, "root");
    if (!root) {
        if (scenario.module(ModuleKind::initrd)) return {};
        return {{"dom0 is not told where its root file system is", "no root= in \"" + *scenario.dom0_bootargs + "\"",
                 "root=/dev/mmcblk0p2", "add root= to dom0's command line"}};
    }
    if (const auto finding = wrong_root(*facts, *root, "root")) return {*finding};
    if ((root->starts_with("UUID=") || root->starts_with("LABEL=")) && !scenario.module(ModuleKind::initrd))
        return {{"only an initrd can find that root", "root=" + *root + " without an initrd",
                 "root=PARTUUID=... or root=/dev/mmcblk0p2", "use PARTUUID="}};
    return {};
}

Findings fstab_root(const BootScenario& scenario) {
    const DiskFacts* facts = disk(scenario);
    if (!facts || !scenario.root || scenario.root->fstab_root.empty()) return {};
    if (auto finding = wrong_root(*facts, scenario.root->fstab_root, "/etc/fstab's root")) return {*finding};
    return {};
}

constexpr Rule rules[] = {
    {{.id = "fat-larger-than-partition",
      .rule = "P1",
      .severity = Severity::error,
      .title = "The FAT is larger than its partition",
      .why = "Its last files lie in the next partition, and each of the two destroys the other.",
      .story = "The meta-virt-rpi recipe makes a boot.img of 262,144 KiB and writes it at 1 MiB, into a "
               "partition that ends at 256 MiB. The last MiB of the FAT then lies under the ext4, superblock "
               "first. It works until the FAT fills up. Neither mkfs.vfat nor dd nor the firmware looks.",
      .source = "reproduced with mkfs.vfat; Microsoft FAT specification 1.03, BPB_TotSec32"},
     fat_larger},
    {{.id = "ext4-larger-than-partition",
      .rule = "P2",
      .severity = Severity::error,
      .title = "The ext4 is larger than its partition",
      .why = "Linux refuses to mount it: \"bad geometry: block count exceeds size of device\".",
      .story = "A file system image was copied into a partition without comparing the two. dd does not know.",
      .source = "linux fs/ext4/super.c ext4_check_geometry"},
     ext4_larger},
    {{.id = "ext4-smaller-than-partition",
      .rule = "P2a",
      .severity = Severity::warning,
      .title = "The ext4 does not fill its partition",
      .why = "The rest of the partition is of no use until somebody runs resize2fs.",
      .story = "A file system image was copied into a larger partition. Raised where more than a tenth of "
               "the partition is lost.",
      .source = "resize2fs(8)"},
     ext4_smaller},
    {{.id = "partitions-overlap",
      .rule = "P3",
      .severity = Severity::error,
      .title = "Two partitions overlap",
      .why = "Each of the two file systems destroys the other.",
      .story = "A table written by hand, or by a script that counts in other units than the tool.",
      .source = "sfdisk --verify"},
     partitions_overlap},
    {{.id = "partition-beyond-image",
      .rule = "P3a",
      .severity = Severity::error,
      .title = "A partition ends behind the end of the image",
      .why = "The card would lack the end of that file system.",
      .story = "The image was cut off, or the table was written for another size.",
      .source = "sfdisk --verify"},
     beyond_image},
    {{.id = "root-not-found",
      .rule = "P4",
      .severity = Severity::error,
      .title = "root= does not name a root file system of this card",
      .why = "dom0 stops with \"VFS: Unable to mount root fs\", or waits for ever with rootwait.",
      .story = "root= is compared with the partition table: the number behind mmcblk0p, the PARTUUID with "
               "the disk signature. UUID= and LABEL= are for an initrd; the kernel itself knows PARTUUID=.",
      .source = "linux block/early-lookup.c"},
     root_argument},
    {{.id = "fstab-root-not-found",
      .rule = "P4a",
      .severity = Severity::warning,
      .title = "/etc/fstab names another root than the card has",
      .why = "The system stops at the check of its root file system, or stays read-only.",
      .story = "The line for / is compared with the partition table in the same way as root=.",
      .source = "fstab(5)"},
     fstab_root},
    {{.id = "boot-partition-missing",
      .rule = "P5",
      .severity = Severity::error,
      .title = "There is no boot partition",
      .why = "The firmware reads the first FAT and finds none.",
      .story = "The boot loader in the EEPROM looks for a FAT12, FAT16 or FAT32 on the first partition.",
      .source = "Raspberry Pi documentation, EEPROM boot flow"},
     no_boot_partition},
    {{.id = "boot-partition-unusual",
      .rule = "P5a",
      .severity = Severity::warning,
      .title = "The boot partition is one that not every boot loader takes",
      .why = "Older EEPROM boot loaders want an MBR and the first FAT, of type 0x0c.",
      .story = "GPT is read by newer EEPROMs only. Types other than 0x06, 0x0b, 0x0c and 0x0e are skipped.",
      .source = "Raspberry Pi documentation, EEPROM boot flow"},
     boot_partition_kind},
    {{.id = "fat32-too-few-clusters",
      .rule = "P5b",
      .severity = Severity::warning,
      .title = "A FAT32 with fewer than 65,525 clusters",
      .why = "The number of clusters is what tells FAT32 from FAT16, so some drivers take it for the other.",
      .story = "The specification decides by the cluster count alone. U-Boot and Linux look at other fields "
               "too and read it; others do not.",
      .source = "Microsoft FAT specification 1.03, \"FAT type determination\""},
     too_few_clusters},
    {{.id = "fat-last-cluster",
      .rule = "P5c",
      .severity = Severity::warning,
      .title = "A file in the last cluster of the boot partition",
      .why = "The boot loader in an older EEPROM stops with \"FAT read failed\".",
      .story = "Tools that make the boot partition exactly as large as its files fill its last cluster. The "
               "EEPROM's own FAT driver takes that for a place beyond the end; it was mended on 2024-01-18 "
               "(Pi 4) and 2024-01-22 (Pi 5). Linux, U-Boot and fsck.fat have nothing against it. A card that "
               "is composed here leaves the cluster free.",
      .source = "raspberrypi/rpi-eeprom #521, #522"},
     last_cluster},
    {{.id = "fat-name-clash",
      .rule = "F8",
      .severity = Severity::error,
      .title = "Two names on the FAT differ only in case",
      .why = "FAT cannot tell them apart, so which one is read is a matter of luck.",
      .story = "A directory with both was written by a driver that did not look.",
      .source = "Microsoft FAT specification 1.03, long names"},
     name_clash},
    {{.id = "image-damaged",
      .rule = "P8",
      .severity = Severity::warning,
      .title = "The partition table or a file system has faults",
      .why = "What is read from it may not be what was written.",
      .story = "Directories, allocation tables, inodes and checksums are read as fsck.fat and e2fsck would, "
               "and nothing is repaired. A card that was pulled out while it was "
               "written often looks like that.",
      .source = "fsck.fat(8), e2fsck(8)"},
     damaged},
};

}  // namespace

std::span<const Rule> disk_rules() {
    return rules;
}

}  // namespace rpixen
