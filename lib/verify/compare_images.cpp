#include "verify/compare_images.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "verify/compare_contents.hpp"
#include "verify/compare_trees.hpp"

namespace rpixen {
namespace {

/// Collects differences of one thing.
class Judge {
  public:
    Judge(std::vector<Difference>& differences, std::string partition, std::string path)
        : differences_(differences), partition_(std::move(partition)), path_(std::move(path)) {}

    void compare(const std::string& what, const std::string& expected, const std::string& found) {
        if (expected != found) differences_.push_back({partition_, path_, what, expected, found});
    }
    void compare(const std::string& what, std::uint64_t expected, std::uint64_t found) {
        compare(what, std::to_string(expected), std::to_string(found));
    }

  private:
    std::vector<Difference>& differences_;
    std::string partition_;
    std::string path_;
};

void compare_table_entry(const Partition& expected, const Partition& found, std::vector<Difference>& differences) {
    Judge judge(differences, expected.name, "partition table");
    judge.compare("first byte", expected.range.begin, found.range.begin);
    judge.compare("size", expected.range.size(), found.range.size());
    judge.compare("type", "0x" + hex_number(expected.mbr_type, 2), "0x" + hex_number(found.mbr_type, 2));
    judge.compare("active", expected.active ? "yes" : "no", found.active ? "yes" : "no");
}

/// False where the file system is of another kind, so that nothing in it can be compared.
bool compare_file_system(const Partition& expected, const Partition& found, std::vector<Difference>& differences) {
    Judge judge(differences, expected.name, "file system");
    judge.compare("kind", expected.file_system_name(), found.file_system_name());
    if (expected.file_system_name() != found.file_system_name()) return false;
    judge.compare("label", expected.label_on_disk(), found.label_on_disk());
    judge.compare("identifier", expected.identifier(), found.identifier());
    return true;
}

}  // namespace

Verification compare_images(const Card& expected, const CardReading& reading, const Content& disk, VerifyForm form,
                            const Supervision& supervision) {
    Verification verification;
    verification.notes = reading.notes;
    const Card& found = reading.card;
    Judge image(verification.differences, {}, "image");
    image.compare("size", expected.size, disk.size);
    Judge table(verification.differences, {}, "partition table");
    table.compare("disk signature", "0x" + hex_number(expected.disk_signature, 8),
                  "0x" + hex_number(found.disk_signature, 8));
    table.compare("number of partitions", expected.partitions.size(), found.partitions.size());

    ContentsToCompare contents;
    contents.found_is_cut = disk.size < expected.size;
    const std::size_t common = std::min(expected.partitions.size(), found.partitions.size());
    for (std::size_t index = 0; index < common; ++index) {
        const Partition& want = expected.partitions[index];
        const Partition& have = found.partitions[index];
        compare_table_entry(want, have, verification.differences);
        for (Difference fault : reading.faults) {
            if (fault.partition != have.name) continue;
            fault.partition = want.name;
            verification.differences.push_back(std::move(fault));
        }
        if (want.copied()) {
            if (form != VerifyForm::full || want.range.begin + want.copied()->content.size > disk.size) continue;
            contents.partitions.push_back(
                {want.name,
                 want.copied()->content,
                 {disk.source, disk.position + want.range.begin, want.copied()->content.size}});
            continue;
        }
        if (!compare_file_system(want, have, verification.differences)) continue;
        supervision.check();
        TreeComparison trees = compare_trees(want.name, {.fat = want.fat() != nullptr}, want.tree, have.tree);
        verification.files += trees.entries;
        std::move(trees.differences.begin(), trees.differences.end(), std::back_inserter(verification.differences));
        std::erase_if(trees.files, [&](const FilePair& pair) {
            return !reads_content(form, want.fat() != nullptr, want.tree.size(pair.expected));
        });
        contents.trees.push_back({want.name, &want.tree, &have.tree, std::move(trees.files)});
    }
    for (const Difference& fault : reading.faults)
        if (fault.partition.empty()) verification.differences.push_back(fault);
    ContentComparison compared = compare_contents(contents, supervision);
    verification.bytes += compared.bytes;
    std::move(compared.differences.begin(), compared.differences.end(), std::back_inserter(verification.differences));
    return verification;
}

}  // namespace rpixen
