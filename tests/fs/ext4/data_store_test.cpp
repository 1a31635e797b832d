#include "fs/ext4/data_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "fs/ext4/oracles.hpp"
#include "fs/ext4/writer.hpp"

namespace rpixen::test {
namespace {

using ::testing::HasSubstr;

constexpr Metadata plain{0644, 0, 0, {1'600'000'000, 0}};
constexpr std::uint64_t offset = 2 * MiB;

/// A partition that is filled by way of a store.
struct Streamed {
    explicit Streamed(const std::string& path)
        : output(path), data(std::make_shared<StreamedData>(output, offset)), store(data) {}

    Content put(std::string_view text) {
        store.begin(text.size());
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view part = rest.substr(0, 70'001);
            store.append(as_bytes(part));
            rest.remove_prefix(part.size());
        }
        return store.finish();
    }
    void add(const std::string& path, std::string_view text) {
        tree.add_file(tree.locate(path), plain, put(text), {}, FileTree::Existing::replace);
    }
    /// Writes the rest and returns the image's name for e2fsck and debugfs.
    std::string finish() {
        Ext4Wish wish = sample_wish();
        wish.partition_offset = offset;
        parameters = size_ext4(tree, wish);
        data->flush();
        output.resize(offset + parameters.block_count * 4096);
        PartitionOutput partition(output, {offset, offset + parameters.block_count * 4096});
        std::uint64_t done = 0;
        write_ext4(tree, parameters, partition, {}, done);
        written = partition.bytes_written();
        output.commit(false);
        return output.path() + "?offset=" + std::to_string(offset);
    }

    OutputFile output;
    std::shared_ptr<StreamedData> data;
    Ext4DataStore store;
    FileTree tree;
    Ext4Parameters parameters;
    std::uint64_t written = 0;
};

TEST(Ext4DataStore, GivesTheBytesThatCopyingGives) {
    const TemporaryFolder folder;
    Streamed streamed(folder / "streamed");
    FileTree copied;
    for (unsigned number = 0; number < 200; ++number) {
        const std::string path = "d" + std::to_string(number % 7) + "/f" + std::to_string(number);
        const std::string text = noise(number * 999 + 1, number);
        streamed.add(path, text);
        copied.add_file(copied.locate(path), plain, memory_content(text, path));
    }
    const std::string image = streamed.finish();
    expect_clean(image);
    make_ext4(folder, "copied", copied);
    EXPECT_TRUE(read_file(folder / "streamed").substr(offset) == read_file(folder / "copied"));
    EXPECT_LT(streamed.written, MiB);  // tables only
}

TEST(Ext4DataStore, WhatALaterLayerReplacedIsGone) {
    const TemporaryFolder folder;
    Streamed streamed(folder / "image");
    const std::string secret = "secret" + noise(300'000, 1);
    streamed.add("kept", noise(50'000, 2));
    streamed.add("replaced", secret);
    streamed.add("last", noise(10'000, 3));
    streamed.tree.begin_layer();
    streamed.add("replaced", "new");
    streamed.add("removed", secret);
    streamed.tree.remove(FileTree::root(), "removed");
    const std::string image = streamed.finish();
    expect_clean(image);
    expect_equal(image, streamed.tree);
    EXPECT_EQ(read_file(folder / "image").find("secret"), std::string::npos);
}

TEST(Ext4DataStore, PlanWithoutDataHasTheSameSize) {
    const TemporaryFolder folder;
    Streamed streamed(folder / "image");
    FileTree planned;
    for (unsigned layer = 0; layer < 3; ++layer) {
        streamed.tree.begin_layer();
        planned.begin_layer();
        for (unsigned number = 0; number < 100; ++number) {
            const std::string path = "f" + std::to_string(number * (layer + 1));
            const std::string text = noise(number * 3000 + layer * 5000 + 1, number);
            streamed.add(path, text);
            planned.add_file(planned.locate(path), plain, {nullptr, 0, text.size()}, {}, FileTree::Existing::replace);
        }
    }
    Ext4Wish wish = sample_wish(0);
    wish.partition_offset = offset;
    EXPECT_EQ(smallest_ext4(streamed.tree, wish), smallest_ext4(planned, wish));
    EXPECT_EQ(size_ext4(streamed.tree, wish).inode_count, size_ext4(planned, wish).inode_count);
}

TEST(Ext4DataStore, SparseFilesStayWhereTheirRunsFillBlocks) {
    const TemporaryFolder folder;
    Streamed streamed(folder / "image");
    FileTree& tree = streamed.tree;
    tree.add_sparse_file(tree.locate("aligned"), plain, 10 * MiB + 5, streamed.put(noise(3 * 4096 + 5, 1)),
                         {{MiB, 4096}, {5 * MiB, 8192}, {10 * MiB, 5}});
    tree.add_sparse_file(tree.locate("crooked"), plain, MiB, streamed.put(noise(2000, 2)), {{512, 1000}, {8192, 1000}});
    tree.add_sparse_file(tree.locate("hole"), plain, MiB, {}, {});
    const std::string image = streamed.finish();
    expect_clean(image);
    expect_equal(image, tree);
    EXPECT_THAT(debugfs(image, "stat aligned"), HasSubstr("EXTENTS:\n(256):65, (1280-1281):66-67, (2560):68\n"));
    EXPECT_THAT(debugfs(image, "testb 69"), HasSubstr("not in use"));  // where the crooked one lay
}

TEST(Ext4DataStore, MoreThanOneExtent) {
    const TemporaryFolder folder;
    Streamed streamed(folder / "image");
    const std::string text = noise(140 * MiB + 77, 4);
    streamed.add("before", "x");
    streamed.add("large", text);
    streamed.add("behind", "y");
    const auto open = streamed.tree.content(*streamed.tree.find("large")).open();
    Bytes across(100'000);
    open->read(127 * MiB + 700'000, across);  // over the fixed place of group 1
    EXPECT_TRUE(as_text(across) == std::string_view(text).substr(127 * MiB + 700'000, across.size()));
    const std::string image = streamed.finish();
    expect_clean(image);
    expect_equal(image, streamed.tree);
}

TEST(Ext4DataStore, ContentsCanBeReadBeforeTheyReachTheOutput) {
    const TemporaryFolder folder;
    Streamed streamed(folder / "image");
    const Content content = streamed.put("fresh");
    EXPECT_EQ(as_text(read_all(content)), "fresh");
    EXPECT_LT(content.source->descriptor(), 0) << "it may lie there in pieces, or not yet";
}

TEST(Ext4DataStore, SaysOfWhatItTookInThatItIsPlaced) {
    const TemporaryFolder folder;
    Streamed streamed(folder / "image");
    streamed.add("placed", noise(5000, 1));
    streamed.tree.add_file(streamed.tree.locate("copied"), plain, memory_content("four", "copied"));
    EXPECT_TRUE(streamed.tree.content(*streamed.tree.find("placed")).placed);
    EXPECT_FALSE(streamed.tree.content(*streamed.tree.find("copied")).placed);
    EXPECT_EQ(bytes_to_copy(streamed.tree), 4U);
    streamed.tree.remove(FileTree::root(), "copied");
    EXPECT_EQ(bytes_to_copy(streamed.tree), 0U);
}

TEST(Ext4DataStore, AWholeImageIsPlacedAndStillReadWhereItCameFrom) {
    const TemporaryFolder folder;
    const std::string bytes = noise(MiB, 1);
    Streamed streamed(folder / "image");
    const Content image = memory_content(bytes, "root.ext4");
    const Content placed = streamed.store.place_image(image, {});
    EXPECT_TRUE(placed.placed);
    EXPECT_EQ(placed.source, image.source);
    streamed.output.commit(false);
    EXPECT_TRUE(read_file(folder / "image").substr(offset) == bytes);
}

TEST(Ext4DataStore, WrongAmountsAreRefused) {
    const TemporaryFolder folder;
    Streamed streamed(folder / "image");
    streamed.store.begin(4);
    EXPECT_THROW(streamed.store.append(as_bytes("12345")), Error);
    EXPECT_THROW(streamed.store.finish(), Error);
    EXPECT_THROW(streamed.store.begin(600 * GiB), Error);
}

}  // namespace
}  // namespace rpixen::test
