#include "report/report_of.hpp"

#include <map>

#include "base/size.hpp"
#include "base/text.hpp"
#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

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
        if (tree.links(node) != 0 && tree.type(node) == NodeType::file) partition.used += tree.content(node).size;
    }
    if (list) add_files(partition, tree, FileTree::root(), "");
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

Report report_of(const Card& card, bool list_root) {
    Report report;
    report.name = card.path;
    report.size = card.size;
    report.table = name_of(card.table);
    if (card.table == PartitionTable::mbr) report.disk_signature = "0x" + hex_number(card.disk_signature, 8);
    if (card.table == PartitionTable::gpt) report.disk_signature = card.disk_guid;
    const auto note_problems = [&](const std::string& where, const std::vector<Problem>& problems) {
        for (const Problem& problem : problems) report.notes.push_back(where + ": " + problem.text());
    };
    note_problems("partition table", card.problems);
    for (const Partition& each : card.partitions) {
        ReportPartition partition;
        partition.number = static_cast<unsigned>(each.number);
        partition.name = each.name;
        partition.type = each.type_text();
        partition.active = each.active;
        partition.offset = each.range.begin;
        partition.size = each.range.size();
        partition.file_system = each.file_system_name();
        partition.label = each.label();
        partition.uuid = each.identifier();
        if (const Copied* copied = each.copied()) {
            partition.file_system += " (prebuilt)";
            partition.used = copied->content.size;
            if (copied->content.size + MiB <= each.range.size())
                report.notes.push_back("the prebuilt file system of " + format_size(copied->content.size) +
                                       " does not fill its partition of " + format_size(each.range.size()) +
                                       "; resize2fs on the running board makes it larger");
        } else {
            add_tree(partition, each.tree, each.fat() || list_root);
        }
        report.partitions.push_back(std::move(partition));
        note_problems("partition " + std::to_string(each.number), each.problems);
    }
    return report;
}

std::vector<ReportDomain> domains_of(const BootScenario& scenario) {
    std::vector<ReportDomain> domains;
    const auto add = [&](const std::string& name, const char* started_by, std::optional<std::uint64_t> memory,
                         std::uint64_t vcpus, bool static_memory) {
        const std::uint64_t bytes = memory.value_or(0);
        domains.push_back(
            {name, started_by, bytes, bytes == 0 ? 0 : page_tables_of_guest(bytes, vcpus), vcpus, static_memory});
    };
    for (const GuestFacts& guest : guests_of_xen(scenario))
        add(guest.name, "xen", guest.memory, guest.cpus.value_or(0), guest.static_memory);
    if (scenario.root)
        for (const XlGuestFacts& guest : scenario.root->xl_guests)
            add(guest.name, "xl", guest.memory, guest.vcpus, false);
    if (domains.empty() || !has_dom0(scenario)) return domains;
    ReportDomain dom0;
    dom0.name = "dom0";
    dom0.started_by = "xen";
    if (scenario.dom0_mem_of_board.empty() && scenario.xen_bootargs)
        if (const auto text = command_line_value(*scenario.xen_bootargs, "dom0_mem"))
            dom0.memory = parse_dom0_mem(*text).value_or(0);
    domains.insert(domains.begin(), dom0);
    return domains;
}

void add_boot_plan(Report& report, const BootPlan& boot) {
    for (const MemoryRegion& region : boot.memory.regions)
        report.memory.push_back({region.name, word(region.kind), region.range.begin, region.range.end, region.pinned,
                                 region.moved_by, region.wanted, word_of(region)});
    report.script = boot.script;
    report.config_txt = boot.config_txt;
    for (const BoardFit& board : boot.boards)
        report.boards.push_back({board.memory, board.dom0_mem, board.ceiling, board.guests, board.starts,
                                 board.xl_guests, board.xl_starts});
}

std::vector<std::string> facts_of(const Manifest& manifest, const ArtifactSet& artifacts, const BootPlan& boot) {
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
    for (const Dom0lessGuest& guest : boot.guests)
        facts.push_back("guest " + guest.name + ", started by Xen: " + format_size(guest.memory) + ", " +
                        std::to_string(guest.vcpus) + (guest.vcpus == 1 ? " processor" : " processors") + ", kernel " +
                        guest.modules.front().file + ", command line: " + guest.bootargs);
    for (const Guest& guest : manifest.guests)
        if (guest.start == GuestStart::xl)
            facts.push_back("guest " + guest.name + ", started by xl" +
                            (guest.autostart ? "" : " when somebody says so") + ": " + format_size(guest.memory) +
                            ", " + std::to_string(guest.vcpus) + (guest.vcpus == 1 ? " processor" : " processors") +
                            (guest.disk ? ", a disk" : "") + ", command line: " + guest.command_line());
    facts.push_back("dom0's command line: " + boot.dom0_bootargs);
    facts.push_back("Xen's command line: " + boot.xen_bootargs);
    return facts;
}

std::vector<std::pair<std::string, std::string>> inputs_of(const ArtifactSet& artifacts, const RootFileSystem& root) {
    std::map<std::string, std::string> digests;
    const auto add = [&](const Artifact& artifact) { digests[artifact.path] = artifact.sha256.value_or(""); };
    add(artifacts.xen);
    add(artifacts.kernel);
    add(artifacts.uboot);
    for (const Artifact& tree : artifacts.dtbs) add(tree);
    for (const auto& [kind, module] : artifacts.modules) add(module);
    for (const Artifact& overlay : artifacts.overlays) add(overlay);
    for (const GuestArtifacts& guest : artifacts.guests) {
        add(guest.kernel);
        for (const auto& [kind, module] : guest.modules) add(module);
    }
    for (const std::string& input : artifacts.inputs) digests.try_emplace(input);
    for (const std::string& input : root.inputs) digests.try_emplace(input);
    return {digests.begin(), digests.end()};
}

}  // namespace rpixen
