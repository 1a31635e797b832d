#include "follow/card_files.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace rpixen {
namespace {

/// A fault with a rule of its own is found by that rule.
void add_damages(const std::vector<Problem>& problems, const std::string& where, DiskFacts& facts) {
    for (const Problem& problem : problems)
        if (problem.rule.empty())
            facts.damages.push_back(where + problem.message +
                                    (problem.found.empty() ? "" : " (" + problem.found + ")"));
}

/// U-Boot counts the EFI system partition of a GPT as bootable (disk/part_efi.c is_bootable()).
bool is_efi_system(std::string_view type) {
    return same_name(type, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
}

/// Names of one directory that differ only in case.
void look_at_names(const FileTree& tree, NodeId folder, const std::string& path, DiskFacts& facts) {
    std::vector<std::pair<std::string, std::string>> names;
    for (const EntryId entry : tree.children(folder)) {
        const std::string name(tree.entry_name(entry));
        const NodeId node = tree.entry_node(entry);
        names.emplace_back(lower_case(name), path + name);
        if (tree.type(node) == NodeType::directory) look_at_names(tree, node, path + name + "/", facts);
    }
    std::sort(names.begin(), names.end());
    for (std::size_t index = 1; index < names.size(); ++index)
        if (names[index].first == names[index - 1].first) {
            facts.name_clashes.push_back(names[index - 1].second);
            facts.name_clashes.push_back(names[index].second);
        }
}

DiskFacts disk_facts(const Card& card) {
    DiskFacts facts;
    facts.size = card.size;
    facts.gpt = card.table == PartitionTable::gpt && !card.hybrid_mbr;
    add_damages(card.problems, "", facts);
    const Partition* boot = card.boot_partition();
    const Partition* root = nullptr;
    for (const Partition& partition : card.partitions) {
        if (partition.extended) continue;
        PartitionFacts part;
        part.number = static_cast<unsigned>(std::max(partition.number, 0));
        part.range = partition.range;
        part.mbr_type = partition.mbr_type;
        part.active = partition.active;
        part.name = partition.name;
        part.bootable = partition.active || is_efi_system(partition.type_guid);
        part.logical = card.table == PartitionTable::mbr && partition.number > 4;
        part.uuid = partition.partuuid;
        part.file_system = partition.file_system_name();
        part.file_system_uuid = partition.identifier();
        part.label = partition.label_on_disk();
        if (partition.file_system_size() > 0) part.file_system_size = partition.file_system_size();
        if (const Fat* fat = partition.fat()) {
            part.cluster_count = fat->clusters;
            part.cluster_size = fat->cluster_size;
            if (fat->in_last_cluster != no_id) part.in_last_cluster = partition.tree.path_of(fat->in_last_cluster);
        }
        add_damages(partition.problems, "partition " + std::to_string(partition.number) + ": ", facts);
        if (partition.ext() && (!root || (!root->tree.find("/etc") && partition.tree.find("/etc")))) root = &partition;
        facts.partitions.push_back(std::move(part));
    }
    if (boot) {
        facts.boot_partition = static_cast<unsigned>(std::max(boot->number, 0));
        look_at_names(boot->tree, FileTree::root(), "", facts);
    }
    if (root) facts.root_partition = static_cast<unsigned>(std::max(root->number, 0));
    return facts;
}

}  // namespace

CardFiles card_files(const Card& card) {
    CardFiles files;
    files.disk = disk_facts(card);
    if (card.kernel) files.examined_kernel = &*card.kernel;
    for (const Partition& partition : card.partitions) {
        if (partition.fat() || partition.ext())
            files.trees[static_cast<unsigned>(std::max(partition.number, 0))] = &partition.tree;
        for (const std::string& unproven : partition.not_proven)
            files.not_proven.push_back("partition " + std::to_string(partition.number) + ": not proven: " + unproven);
    }
    return files;
}

}  // namespace rpixen
