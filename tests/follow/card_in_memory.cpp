#include "follow/card_in_memory.hpp"

namespace rpixen::test {

FileTree tree_of(const std::map<std::string, std::string>& files) {
    FileTree tree;
    for (const auto& [path, text] : files) {
        const ByteView bytes = as_bytes(text);
        tree.add_file(tree.locate(path), {}, memory_content(Bytes(bytes.begin(), bytes.end()), path));
    }
    return tree;
}

DiskFacts good_disk() {
    DiskFacts disk;
    for (const unsigned number : {1U, 2U}) {
        PartitionFacts part;
        part.number = number;
        part.range = number == 1 ? Range{4 * MiB, 52 * MiB} : Range{52 * MiB, 68 * MiB};
        part.mbr_type = number == 1 ? 0x0c : 0x83;
        part.active = part.bootable = number == 1;
        part.uuid = "abcd1234-0" + std::to_string(number);
        part.file_system = number == 1 ? "fat32" : "ext4";
        part.file_system_size = part.range.size();
        part.cluster_count = 98000;
        part.cluster_size = 512;
        disk.partitions.push_back(part);
    }
    disk.size = 68 * MiB;
    disk.boot_partition = 1;
    disk.root_partition = 2;
    return disk;
}

}  // namespace rpixen::test
