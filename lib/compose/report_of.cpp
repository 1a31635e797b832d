#include "compose/report_of.hpp"

#include <array>
#include <cstdio>
#include <map>

#include "base/size.hpp"

namespace rpixen {
namespace {

std::string hex_number(std::uint64_t value, int digits) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%0*llx", digits, static_cast<unsigned long long>(value));
    return text.data();
}

ReportFile file_of(const FileTree& tree, NodeId node, std::string path) {
    const Metadata metadata = tree.metadata(node);
    ReportFile file;
    file.path = std::move(path);
    file.type = name_of(tree.type(node));
    file.mode = metadata.mode;
    file.uid = metadata.uid;
    file.gid = metadata.gid;
    file.mtime = metadata.mtime.seconds;
    if (tree.type(node) == NodeType::file) file.size = tree.size(node);
    if (tree.type(node) == NodeType::symlink) file.target = tree.symlink_target(node);
    if (tree.type(node) == NodeType::character_device || tree.type(node) == NodeType::block_device) {
        file.major = tree.device_major(node);
        file.minor = tree.device_minor(node);
    }
    return file;
}

void add_files(ReportPartition& partition, const FileTree& tree, NodeId directory, const std::string& path) {
    for (const EntryId entry : tree.children(directory)) {
        const NodeId node = tree.entry_node(entry);
        std::string name = path + "/" + std::string(tree.entry_name(entry));
        partition.files.push_back(file_of(tree, node, name));
        if (tree.type(node) == NodeType::directory) add_files(partition, tree, node, name);
    }
}

void add_tree(ReportPartition& partition, const FileTree& tree, bool list) {
    for (NodeId node = 0; node < tree.node_count(); ++node) {
        if (node != FileTree::root()) partition.entries += tree.links(node);
        if (tree.links(node) != 0 && tree.type(node) == NodeType::file)
            partition.used += tree.content(node).size;
    }
    if (list) add_files(partition, tree, FileTree::root(), "");
}

/// "ABCD-1234", as mkfs.fat, blkid and Windows write it.
std::string volume_id_text(std::uint32_t id) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04X-%04X", id >> 16, id & 0xffff);
    return text.data();
}

const char* word(MemoryRegion::Kind kind) {
    switch (kind) {
        case MemoryRegion::Kind::placed:
            return "placed";
        case MemoryRegion::Kind::window:
            return "window";
        case MemoryRegion::Kind::reserved:
            return "reserved";
        case MemoryRegion::Kind::ram:
            return "ram";
    }
    return "placed";
}

}  // namespace

Report report_of(const ImagePlan& plan, bool list_root) {
    Report report;
    report.size = plan.size;
    report.table = "mbr";
    report.disk_signature = "0x" + hex_number(plan.disk_signature, 8);
    for (const PartitionPlan& planned : plan.partitions) {
        ReportPartition partition;
        partition.number = static_cast<unsigned>(report.partitions.size() + 1);
        partition.name = planned.name;
        partition.type = "0x" + hex_number(planned.mbr_type, 2);
        partition.active = planned.active;
        partition.offset = planned.range.begin;
        partition.size = planned.range.size();
        switch (planned.kind) {
            case FileSystemKind::fat32:
                partition.file_system = "fat32";
                partition.label = planned.fat32.label;
                partition.uuid = volume_id_text(planned.fat32.volume_id);
                add_tree(partition, planned.tree, true);
                break;
            case FileSystemKind::ext4:
                partition.file_system = "ext4";
                partition.label = planned.ext4.label;
                partition.uuid = format_uuid(planned.ext4.uuid);
                add_tree(partition, planned.tree, list_root);
                break;
            case FileSystemKind::prebuilt:
                partition.file_system = "ext4 (prebuilt)";
                partition.used = planned.prebuilt.size;
                if (planned.prebuilt.size + MiB <= planned.range.size())
                    report.notes.push_back(
                        "the prebuilt file system of " + format_size(planned.prebuilt.size) +
                        " does not fill its partition of " + format_size(planned.range.size()) +
                        "; resize2fs on the running board makes it larger");
                break;
        }
        report.partitions.push_back(std::move(partition));
    }
    return report;
}

Report report_of(const Card& card) {
    Report report;
    report.name = card.path;
    report.size = card.size;
    report.table = name_of(card.table);
    report.disk_signature =
        card.table == PartitionTable::gpt ? card.disk_guid : "0x" + hex_number(card.disk_signature, 8);
    if (card.table == PartitionTable::none) report.disk_signature.clear();
    const auto note_problems = [&](const std::string& where, const std::vector<Problem>& problems) {
        for (const Problem& problem : problems) report.notes.push_back(where + ": " + problem.text());
    };
    note_problems("partition table", card.problems);
    for (const CardPartition& read : card.partitions) {
        ReportPartition partition;
        partition.number = static_cast<unsigned>(read.number);
        partition.name = read.name;
        partition.type = read.type;
        partition.active = read.active;
        partition.offset = read.range.begin;
        partition.size = read.range.size();
        partition.file_system = read.file_system;
        partition.label = read.label;
        partition.uuid = read.uuid;
        add_tree(partition, read.tree, true);
        report.partitions.push_back(std::move(partition));
        note_problems("partition " + std::to_string(read.number), read.problems);
    }
    return report;
}

void add_boot_plan(Report& report, const BootPlan& boot) {
    for (const MemoryRegion& region : boot.memory.regions)
        report.memory.push_back({region.name, word(region.kind), region.range.begin, region.range.end,
                                 region.pinned, region.moved_by, region.wanted});
    report.script = boot.script;
    report.config_txt = boot.config_txt;
    report.diagnostics = boot.diagnostics;
    for (const BoardFit& board : boot.boards)
        report.boards.push_back({board.memory, board.dom0_mem, board.ceiling, board.starts});
}

std::vector<std::string> facts_of(const ArtifactSet& artifacts, const BootPlan& boot) {
    const auto packed = [](const Artifact& artifact) {
        return artifact.packing == "none" || artifact.packing.empty() ? std::string()
                                                                      : ", unpacked from " + artifact.packing;
    };
    std::vector<std::string> facts;
    const auto& xen = artifacts.xen;
    facts.push_back((xen.banner.empty() ? "Xen of unknown version" : xen.banner) + ", " +
                    std::to_string(xen.content.size) + " bytes" + packed(xen));
    const auto& kernel = artifacts.kernel;
    facts.push_back("dom0 kernel " + (kernel.release.empty() ? "of unknown version" : kernel.release) + ", " +
                    std::to_string(kernel.content.size) + " bytes" + packed(kernel));
    facts.push_back(artifacts.uboot.banner.empty() ? "U-Boot of unknown version" : artifacts.uboot.banner);
    facts.push_back("device tree of " + std::to_string(boot.device_tree.size()) + " bytes");
    facts.push_back("dom0's command line: " + boot.dom0_bootargs);
    facts.push_back("Xen's command line: " + boot.xen_bootargs);
    return facts;
}

std::vector<std::pair<std::string, std::string>> inputs_of(const ArtifactSet& artifacts) {
    std::map<std::string, std::string> digests;
    const auto add = [&](const Artifact& artifact) { digests[artifact.path] = artifact.sha256.value_or(""); };
    add(artifacts.xen);
    add(artifacts.kernel);
    add(artifacts.uboot);
    add(artifacts.dtb);
    if (artifacts.initrd) add(*artifacts.initrd);
    if (artifacts.xsm_policy) add(*artifacts.xsm_policy);
    for (const Artifact& overlay : artifacts.overlays) add(overlay);
    for (const std::string& input : artifacts.inputs) digests.try_emplace(input);
    return {digests.begin(), digests.end()};
}

}  // namespace rpixen
