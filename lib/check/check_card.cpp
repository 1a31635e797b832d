#include "check/check_card.hpp"

#include <algorithm>
#include <array>

#include "check/survey.hpp"
#include "format/fat.hpp"

namespace rpixen {
namespace {

/// Faults that have a rule of their own, by their words.
bool has_its_own_rule(const std::string& message) {
    constexpr std::array words{"larger than its partition", "so few clusters", "ends beyond the image",
                               " overlap"};
    return std::any_of(words.begin(), words.end(),
                       [&](const char* word) { return message.find(word) != std::string::npos; });
}

void add_damages(const std::vector<Problem>& problems, const std::string& where, DiskFacts& facts) {
    for (const Problem& problem : problems)
        if (!has_its_own_rule(problem.message))
            facts.damages.push_back(where + problem.message +
                                    (problem.found.empty() ? "" : " (" + problem.found + ")"));
}

void add_fat_facts(const Card& card, const CardPartition& partition, PartitionFacts& facts) {
    if (partition.readable.size() < FatBootSector::size) return;
    Bytes sector(FatBootSector::size);
    card.image->open(0)->read(partition.readable.begin, sector);
    const auto boot = parse_fat_boot_sector(sector);
    if (!boot) return;
    facts.cluster_count = boot->clusters();
    facts.cluster_size = boot->cluster_size();
}

/// U-Boot counts the EFI system partition of a GPT as bootable (disk/part_efi.c is_bootable()).
bool is_efi_system(const std::string& type) {
    constexpr std::string_view efi = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
    return std::equal(type.begin(), type.end(), efi.begin(), efi.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& letter : result)
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return result;
}

/// Names of one directory that differ only in case.
void look_at_names(const FileTree& tree, NodeId folder, const std::string& path, DiskFacts& facts) {
    std::vector<std::pair<std::string, std::string>> names;
    for (const EntryId entry : tree.children(folder)) {
        const std::string name(tree.entry_name(entry));
        const NodeId node = tree.entry_node(entry);
        names.emplace_back(lower(name), path + name);
        if (tree.type(node) == NodeType::directory) look_at_names(tree, node, path + name + "/", facts);
    }
    std::sort(names.begin(), names.end());
    for (std::size_t index = 1; index < names.size(); ++index)
        if (names[index].first == names[index - 1].first) {
            facts.name_clashes.push_back(names[index - 1].second);
            facts.name_clashes.push_back(names[index].second);
        }
}

}  // namespace

DiskFacts disk_facts(const Card& card) {
    DiskFacts facts;
    facts.size = card.size;
    facts.gpt = card.table == PartitionTable::gpt && !card.hybrid_mbr;
    add_damages(card.problems, "", facts);
    const CardPartition* boot = card.boot_partition();
    const CardPartition* root = nullptr;
    for (const CardPartition& partition : card.partitions) {
        if (partition.extended) continue;
        PartitionFacts part;
        part.number = static_cast<unsigned>(std::max(partition.number, 0));
        part.range = partition.range;
        part.mbr_type = partition.mbr_type;
        part.active = partition.active;
        part.name = partition.name;
        part.bootable = partition.active || is_efi_system(partition.type);
        part.logical = card.table == PartitionTable::mbr && partition.number > 4;
        part.uuid = partition.partuuid;
        part.file_system = partition.file_system;
        part.file_system_uuid = partition.uuid;
        part.label = partition.label;
        if (partition.file_system_size > 0) part.file_system_size = partition.file_system_size;
        if (partition.fat()) add_fat_facts(card, partition, part);
        std::vector<Problem> problems = partition.problems;
        // Where the FAT is cut off, its end is not counted; that it is cut off is said elsewhere.
        if (part.file_system_size.value_or(0) > part.range.size())
            std::erase_if(problems, [](const Problem& problem) {
                return problem.message.find("FSInfo sector counts") != std::string::npos;
            });
        add_damages(problems, "partition " + std::to_string(partition.number) + ": ", facts);
        if (partition.ext() && (!root || (!root->tree.find("/etc") && partition.tree.find("/etc"))))
            root = &partition;
        facts.partitions.push_back(std::move(part));
    }
    if (boot) {
        facts.boot_partition = static_cast<unsigned>(std::max(boot->number, 0));
        look_at_names(boot->tree, FileTree::root(), "", facts);
    }
    if (root) facts.root_partition = static_cast<unsigned>(std::max(root->number, 0));
    return facts;
}

CardCheck check_card(const Card& card) {
    CardFiles files;
    files.disk = disk_facts(card);
    for (const CardPartition& partition : card.partitions)
        if (partition.fat() || partition.ext())
            files.trees[static_cast<unsigned>(std::max(partition.number, 0))] = &partition.tree;
    Survey surveyed = survey(files);
    CardCheck check;
    check.diagnostics = judge(surveyed.scenario);
    check.notes = std::move(surveyed.notes);
    check.scenario = std::move(surveyed.scenario);
    return check;
}

}  // namespace rpixen
