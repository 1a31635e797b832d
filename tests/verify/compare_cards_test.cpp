#include "verify/compare_cards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/size.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A planned card with one partition, whose file system is what is given.
template <typename FileSystem>
Card card_of(FileSystem system, FileTree tree = {}) {
    Card card;
    card.size = 16 * MiB;
    Partition& partition = card.partitions.emplace_back();
    partition.number = 1;
    partition.range = {MiB, 16 * MiB};
    partition.file_system = std::move(system);
    partition.tree = std::move(tree);
    return card;
}

/// A folder with so many files.
FileTree tree_of(int files, const std::string& folder = "f") {
    FileTree tree;
    for (int file = 0; file < files; ++file)
        tree.add_file(tree.locate(folder + "/" + std::to_string(file)), {}, Content());
    return tree;
}

TEST(CompareCards, SoManyDifferencesAreKeptAndTheOthersCounted) {
    const Card empty = card_of(Ext());
    const Card full = card_of(Ext(), tree_of(109));
    for (const CardDifferences& of : {compare_cards(empty, full, VerifyForm::full, {}, 100),
                                      compare_cards(full, empty, VerifyForm::full, {}, 100)}) {
        EXPECT_EQ(of.files.size(), 100U);
        EXPECT_EQ(of.left_out, 10U) << "with the folder";
        EXPECT_FALSE(of.equal());
        EXPECT_TRUE(of.text().ends_with("  and 10 more differences\n"));
    }
}

TEST(CompareCards, ALimitThatIsMetByContents) {
    const auto tree = [](const std::string& text) {
        FileTree files;
        const Content content = memory_content(text, "memory");
        for (int file = 0; file < 103; ++file) files.add_file(files.locate("f/" + std::to_string(file)), {}, content);
        return files;
    };
    const CardDifferences of = compare_cards(card_of(Ext(), tree("a")), card_of(Ext(), tree("b")), VerifyForm::full, {},
                                             100);
    EXPECT_EQ(of.files.size(), 100U);
    EXPECT_EQ(of.left_out, 3U);
}

TEST(CompareCards, FileSystemsOfTwoKindsAreNotLookedInto) {
    const CardDifferences of = compare_cards(card_of(Ext(), tree_of(1)), card_of(Fat(), tree_of(2)), VerifyForm::full,
                                             {});
    EXPECT_THAT(of.files, IsEmpty());
    EXPECT_THAT(of.notes, ElementsAre("partition 1: its files are not compared, as its file systems are of two kinds"));
    EXPECT_THAT(of.partitions.at(0).values, testing::Contains(ValueDifference{"file system", "ext4", "fat32"}));
}

TEST(CompareCards, PartitionsArePairedByTheirNumbers) {
    Card b = card_of(Ext());
    b.partitions[0].number = 2;
    const CardDifferences of = compare_cards(card_of(Ext()), b, VerifyForm::full, {});
    ASSERT_EQ(of.partitions.size(), 2U);
    EXPECT_EQ(of.partitions[0].change, Change::removed);
    EXPECT_THAT(of.partitions[0].values, testing::Contains(ValueDifference{"size", "15MiB", ""}));
    EXPECT_EQ(of.partitions[1].change, Change::added);
    EXPECT_THAT(of.partitions[1].values, testing::Contains(ValueDifference{"file system", "", "ext4"}));
}

TEST(CompareCards, CancelledInTime) {
    CancelToken cancel;
    cancel.cancel();
    EXPECT_THROW(compare_cards(card_of(Ext()), card_of(Ext()), VerifyForm::full, {nullptr, &cancel}), Error);
}

}  // namespace
}  // namespace rpixen
