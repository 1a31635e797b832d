#include "base/size.hpp"
#include "follow/survey.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "rules/rules.hpp"

namespace rpixen::fuzz {
namespace {

/// A FAT that boots and an ext4.
DiskFacts disk() {
    DiskFacts facts;
    facts.size = 68 * MiB;
    facts.boot_partition = 1;
    facts.root_partition = 2;
    for (const unsigned number : {1U, 2U}) {
        PartitionFacts& part = facts.partitions.emplace_back();
        part.number = number;
        part.range = number == 1 ? Range{4 * MiB, 52 * MiB} : Range{52 * MiB, 68 * MiB};
        part.mbr_type = number == 1 ? 0x0c : 0x83;
        part.uuid = "abcd1234-0" + std::to_string(number);
        part.file_system = number == 1 ? "fat32" : "ext4";
        part.label = number == 1 ? "BOOT" : "root";
    }
    return facts;
}

}  // namespace

void boot_files(ByteView input) {
    const auto files = files_of(input);
    const FileTree boot = tree_of(files);
    const FileTree root = tree_of(files, "root/");
    CardFiles card;
    card.disk = disk();
    card.trees = {{1, &boot}, {2, &root}};
    const Survey survey = rpixen::survey(card);
    judge(survey.scenario);
    for (const Survey& other : survey.others) judge(other.scenario);
}

}  // namespace rpixen::fuzz
