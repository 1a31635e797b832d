#include "fs/fat/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "fs/fat/geometry.hpp"
#include "fs/fat/layout.hpp"
#include "fs/fat/writer.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> words(const std::vector<Problem>& problems) {
    std::vector<std::string> all;
    for (const Problem& problem : problems) all.push_back(problem.text());
    return all;
}

/// Every path with its content; directories end with a slash.
std::map<std::string, std::string> contents(const FileTree& tree, NodeId directory = FileTree::root(),
                                            const std::string& path = "/") {
    std::map<std::string, std::string> all;
    for (const EntryId entry : tree.children(directory)) {
        const NodeId node = tree.entry_node(entry);
        const std::string child = path + std::string(tree.entry_name(entry));
        if (tree.type(node) == NodeType::directory) {
            all[child + "/"] = "";
            all.merge(contents(tree, node, child + "/"));
        } else {
            all[child] = as_text(read_all(tree.content(node)));
        }
    }
    return all;
}

/// Reads bytes of the test without copying them.
class View final : public ContentSource {
  public:
    explicit View(ByteView bytes) : bytes_(bytes) {}
    std::unique_ptr<OpenContent> open(std::uint64_t position) const override {
        return std::make_unique<Open>(bytes_.subspan(position));
    }
    std::string name() const override { return "card.img"; }

  private:
    class Open final : public OpenContent {
      public:
        explicit Open(ByteView bytes) : bytes_(bytes) {}
        void read(std::uint64_t offset, MutableBytes out) override {
            if (offset > bytes_.size() || out.size() > bytes_.size() - offset)
                throw Error(ErrorCode::internal, "a read beyond the end of the image");
            std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
        }

      private:
        ByteView bytes_;
    };
    ByteView bytes_;
};

/// An image in memory that can be spoilt; it outlives what is read of it.
struct Image {
    Bytes bytes;
    Range partition;

    FatVolume read(std::vector<Problem>& damages, const Budget& budget = fat_budget) const {
        return read_fat(std::make_shared<View>(bytes), partition, damages, budget);
    }
    std::vector<std::string> damages() const {
        std::vector<Problem> found;
        const FatVolume volume = read(found);
        contents(volume.tree);
        return words(found);
    }
};

constexpr std::uint64_t volume_size = 34 * MiB;
constexpr std::uint64_t before = MiB;

FileTree sample_tree() {
    FileTree tree;
    const auto add = [&](std::string_view path, std::string_view content, std::int64_t time) {
        tree.add_file(tree.locate(path), {0644, 0, 0, {time, 0}}, memory_content(content, std::string(path)));
    };
    add("config.txt", "arm_64bit=1\n", 1'700'000'000);
    add("UPPER", "upper", 1'700'000'002);
    add("OTHER", "other", 1'700'000'002);
    add("bcm2711-rpi-4-b.dtb", std::string(5000, 'd'), 1'700'000'004);
    add("overlays/pi4-64-xen.dtbo", std::string(700, 'o'), 1'700'000'006);
    add("overlays/\xc3\xa4 \xf0\x9f\x8d\x93", "name", 1'700'000'008);
    add("overlays/deep/er/file", "deep", 1'700'000'010);
    add("empty", "", 1'700'000'012);
    for (int number = 0; number < 100; ++number)
        add("many/a long file name " + std::to_string(number), "m", 1'700'000'000);
    return tree;
}

/// What the writer makes of sample_tree(), behind 1 MiB of something else.
Image written() {
    const test::TemporaryFolder folder;
    OutputFile output(folder / "card.img");
    output.resize(before + volume_size);
    output.write(0, Bytes(before, std::byte{0xaa}));
    PartitionOutput partition(output, {before, before + volume_size});
    std::uint64_t done = 0;
    write_fat32(sample_tree(), {"boot", 0x1234abcd, fat32_sectors_per_cluster(volume_size), 2048, {1'600'000'000, 0}},
                partition, {}, done);
    Bytes bytes(before + volume_size);
    pread_exactly(output.descriptor(), 0, bytes, "card.img");
    return {std::move(bytes), {before, before + volume_size}};
}

TEST(FatReader, MoreNamesThanItsBudgetAreNotRead) {
    const Image image = written();
    const std::uint64_t names = sample_tree().node_count() - 1;
    std::vector<Problem> damages;
    image.read(damages, {.of = "a FAT file system", .steps = names});
    EXPECT_THAT(words(damages), IsEmpty());
    const FatVolume volume = image.read(damages, {.of = "a FAT file system", .steps = names - 1});
    EXPECT_THAT(words(damages), testing::ElementsAre(testing::HasSubstr("too many names to be read to its end")));
    EXPECT_EQ(volume.tree.node_count(), names);  // with the root
}

TEST(FatReader, ReadsWhatTheWriterWrote) {
    const Image image = written();
    std::vector<Problem> damages;
    const FatVolume volume = image.read(damages);
    EXPECT_THAT(words(damages), IsEmpty());
    EXPECT_EQ(volume.kind(), "FAT32");
    EXPECT_EQ(volume.label, "BOOT");
    EXPECT_EQ(volume.boot.volume_id, 0x1234abcdU);
    const FileTree expected = sample_tree();
    EXPECT_EQ(contents(volume.tree), contents(expected));
    for (const char* path : {"/config.txt", "/overlays/pi4-64-xen.dtbo", "/empty"})
        EXPECT_EQ(volume.tree.metadata(*volume.tree.find(path)), expected.metadata(*expected.find(path)));
    EXPECT_EQ(volume.tree.metadata(*volume.tree.find("/overlays")).mtime.seconds, 1'600'000'000);
}

TEST(FatReader, TellsWhereFilesLie) {
    const Image image = written();
    std::vector<Problem> damages;
    const FatVolume volume = image.read(damages);
    const FatPlace& place = volume.places.at(*volume.tree.find("/bcm2711-rpi-4-b.dtb"));
    EXPECT_EQ(place.capacity(), 5120U);
    ASSERT_EQ(place.extents.size(), 1U);
    EXPECT_EQ(as_text(ByteView(image.bytes).subspan(place.extents[0].begin, 5000)), std::string(5000, 'd'));
    EXPECT_EQ(load_le<std::uint32_t>(image.bytes.data() + place.entry_offset + 28), 5000U);
    EXPECT_THAT(volume.places.at(*volume.tree.find("/empty")).extents, IsEmpty());
    EXPECT_EQ(volume.places.size(), volume.tree.node_count());
}

/// A volume of mkfs.fat, filled by mtools, with a fragmented file in it.
class MadeElsewhere : public testing::TestWithParam<std::pair<unsigned, std::uint64_t>> {
  protected:
    MadeElsewhere() {
        const auto [kind, size] = GetParam();
        std::filesystem::resize_file(path, size);
        test::run_ok({"mkfs.fat", "-F", std::to_string(kind), "-s", "1", "-n", "CARD", "-i", "00c0ffee", path});
        copy("first", std::string(3000, '1'));
        copy("second", std::string(3000, '2'));
        copy("Third long name.text", std::string(3000, '3'));
        test::run_ok({"mdel", "-i", path, "::second"});
        if (kind == 32) forget_next_free();
        test::run_ok({"mmd", "-i", path, "::folder"});
        copy("folder/fragmented", large);
        for (int number = 0; number < 40; ++number)
            copy("folder/file number " + std::to_string(number), std::to_string(number));
    }
    void copy(const std::string& name, const std::string& content) {
        test::run_ok({"mcopy", "-i", path, folder.write("source", content), "::" + name});
    }
    /// So that mtools searches free clusters from the start.
    void forget_next_free() const {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(512 + 492);
        file.write("\x02\0\0\0", 4);
    }
    Image image() const {
        const Bytes bytes = to_bytes(test::read_file(path));
        return {bytes, {0, bytes.size()}};
    }

    const test::TemporaryFolder folder;
    const std::string path = folder.write("fat.img", "");
    const std::string large = std::string(6000, 'a') + std::string(6000, 'b');
};

TEST_P(MadeElsewhere, IsRead) {
    const Image image = this->image();
    std::vector<Problem> damages;
    const FatVolume volume = image.read(damages);
    EXPECT_THAT(words(damages), IsEmpty());
    EXPECT_EQ(volume.kind(), "FAT" + std::to_string(GetParam().first));
    EXPECT_EQ(volume.label, "CARD");
    EXPECT_EQ(volume.boot.volume_id, 0x00c0ffeeU);
    auto found = contents(volume.tree);
    EXPECT_EQ(found["/first"], std::string(3000, '1'));
    EXPECT_EQ(found["/Third long name.text"], std::string(3000, '3'));
    EXPECT_EQ(found["/folder/fragmented"], large);
    EXPECT_EQ(found["/folder/file number 39"], "39");
    EXPECT_EQ(found.count("/second"), 0U);
    EXPECT_EQ(found.size(), 44U);
    EXPECT_GT(volume.places.at(*volume.tree.find("/folder/fragmented")).extents.size(), 1U);
    // A part of a fragmented file, across a border.
    const auto open = volume.tree.content(*volume.tree.find("/folder/fragmented")).open();
    Bytes part(4000);
    open->read(4500, part);
    EXPECT_EQ(as_text(part), large.substr(4500, 4000));
}

TEST_P(MadeElsewhere, RubbishNeverCrashesTheReader) {
    Image image = this->image();
    std::mt19937 random(GetParam().first);
    std::vector<Problem> ignored;
    const std::uint64_t metadata = std::uint64_t{image.read(ignored).boot.first_data_sector()} * 512 +
                                   std::uint64_t{64} * 512;
    const Bytes good(image.bytes.begin(), image.bytes.begin() + static_cast<std::ptrdiff_t>(metadata));
    for (int round = 0; round < 300; ++round) {
        for (int change = 0; change < 1 + round % 20; ++change) {
            const std::size_t place = random() % (round % 3 == 0 ? 512 : metadata);
            image.bytes[place] = static_cast<std::byte>(random());
        }
        image.bytes[510] = std::byte{0x55};
        image.bytes[511] = std::byte{0xaa};
        try {
            image.damages();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact) << error.what();
        }
        std::copy(good.begin(), good.end(), image.bytes.begin());
    }
}

INSTANTIATE_TEST_SUITE_P(FatReader, MadeElsewhere,
                         testing::Values(std::pair(12U, 2 * MiB), std::pair(16U, 8 * MiB), std::pair(32U, 36 * MiB)));

class Damaged : public testing::Test {
  protected:
    Damaged() {
        EXPECT_THAT(image.damages(), IsEmpty());
        std::vector<Problem> none;
        volume.emplace(image.read(none));
    }
    std::byte& at(std::uint64_t place) { return image.bytes.at(before + place); }
    const FatBootSector& boot() const { return volume->boot; }
    /// The place of a FAT's entry in the image.
    std::byte* entry(std::uint32_t cluster, std::uint32_t copy = 0) {
        return &at((boot().reserved_sectors + copy * boot().fat_sectors) * 512 + std::uint64_t{cluster} * 4);
    }
    void set_entry(std::uint32_t cluster, std::uint32_t value) {
        for (const std::uint32_t copy : {0U, 1U}) store_le(entry(cluster, copy), value);
    }
    std::uint64_t directory_entry(const char* path) const {
        return volume->places.at(*volume->tree.find(path)).entry_offset;
    }
    std::uint32_t first_cluster(const char* path) const {
        return parse_fat_entry(image.bytes.data() + directory_entry(path)).first_cluster;
    }
    void set_size(const char* path, std::uint32_t size) {
        store_le(image.bytes.data() + directory_entry(path) + 28, size);
    }
    void expect(const std::string& part) const { EXPECT_THAT(image.damages(), Contains(HasSubstr(part))); }

    Image image = written();
    std::optional<FatVolume> volume;
};

TEST_F(Damaged, BootSectorBackup) {
    at(67) ^= std::byte{1};
    EXPECT_THAT(image.damages(), UnorderedElementsAre(HasSubstr("boot sector and its backup differ")));
}
TEST_F(Damaged, NoBootSector) {
    at(510) = std::byte{0};
    try {
        image.damages();
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), HasSubstr("there is no FAT"));
    }
}
TEST_F(Damaged, SecondFat) {
    *entry(100, 1) ^= std::byte{1};
    EXPECT_THAT(image.damages(), UnorderedElementsAre(HasSubstr("copies of the FAT differ")));
}
TEST_F(Damaged, FirstEntry) {
    set_entry(0, 0x0ffffff0);
    EXPECT_THAT(image.damages(), IsEmpty());
    set_entry(0, 0);
    EXPECT_THAT(image.damages(), UnorderedElementsAre(HasSubstr("the FAT does not begin as one does")));
}
TEST_F(Damaged, DirtyBit) {
    set_entry(1, 0x07ffffff);
    EXPECT_THAT(image.damages(), UnorderedElementsAre(HasSubstr("not unmounted properly")));
}
TEST_F(Damaged, LostClusters) {
    set_entry(boot().clusters(), 0x0fffffff);
    expect("clusters are marked as used and belong to no file; found 1");
    expect("FSInfo sector counts the free clusters wrong");
}
TEST_F(Damaged, FsInfo) {
    at(512 + 488) ^= std::byte{1};
    EXPECT_THAT(image.damages(), UnorderedElementsAre(HasSubstr("FSInfo sector counts")));
    at(512) ^= std::byte{1};
    EXPECT_THAT(image.damages(), UnorderedElementsAre(HasSubstr("FSInfo sector is damaged")));
}
TEST_F(Damaged, CrossLink) {
    const std::uint32_t other = first_cluster("/bcm2711-rpi-4-b.dtb");
    set_entry(first_cluster("/config.txt"), other);
    expect("lead to a cluster of another file");
}
TEST_F(Damaged, Loop) {
    const std::uint32_t first = first_cluster("/bcm2711-rpi-4-b.dtb");
    set_entry(first + 3, first);
    expect("/bcm2711-rpi-4-b.dtb lead to a loop");
}
TEST_F(Damaged, ChainsIntoTheVoid) {
    const std::uint32_t first = first_cluster("/bcm2711-rpi-4-b.dtb");
    set_entry(first + 3, 0);
    expect("lead to a free cluster");
    set_entry(first + 3, 0x0ffffff7);
    expect("lead to a cluster marked bad");
    set_entry(first + 3, 0x0ffffff0);
    expect("lead to a cluster outside the file system");
    std::vector<Problem> damages;
    const FatVolume cut = image.read(damages);
    EXPECT_EQ(cut.tree.size(*cut.tree.find("/bcm2711-rpi-4-b.dtb")), 4U * 512);
}
TEST_F(Damaged, LengthAndClustersDisagree) {
    set_size("/config.txt", 513);
    expect("/config.txt has another number of clusters than its length needs; found 1; allowed: 2");
    set_size("/config.txt", 0);
    expect("/config.txt has another number of clusters than its length needs; found 1; allowed: 0");
    store_le<std::uint16_t>(image.bytes.data() + directory_entry("/config.txt") + 26, 0);
    expect("belong to no file");
}
TEST_F(Damaged, LongName) {
    image.bytes[directory_entry("/bcm2711-rpi-4-b.dtb") - 32 + 13] ^= std::byte{1};
    EXPECT_THAT(image.damages(), UnorderedElementsAre(HasSubstr("parts of a long name that belong to no file")));
    std::vector<Problem> damages;
    EXPECT_TRUE(image.read(damages).tree.find("/BCM271~1.DTB"));
}
TEST_F(Damaged, DotEntries) {
    const std::uint64_t place = volume->places.at(*volume->tree.find("/overlays/deep")).extents.at(0).begin;
    image.bytes[place + 26] ^= std::byte{1};
    expect("the entry \".\" of directory /overlays/deep leads elsewhere");
    image.bytes[place + 32 + 26] ^= std::byte{1};
    expect("the entry \"..\" of directory /overlays/deep leads elsewhere");
}
TEST_F(Damaged, DirectoryLoop) {
    // The directory overlays/deep/er becomes overlays again.
    const std::uint64_t place = directory_entry("/overlays/deep/er");
    store_le(image.bytes.data() + place + 26, static_cast<std::uint16_t>(first_cluster("/overlays")));
    expect("the clusters of directory /overlays/deep/er lead to a cluster of another file");
}
TEST_F(Damaged, TwoFilesOfOneName) {
    const std::string_view name = "UPPER";
    std::transform(name.begin(), name.end(), &image.bytes[directory_entry("/OTHER")],
                   [](char c) { return static_cast<std::byte>(c); });
    EXPECT_THAT(image.damages(), Contains(HasSubstr("a name cannot be read: /UPPER")));
}
TEST_F(Damaged, LargerThanItsPartition) {
    image.partition.end -= MiB;
    expect(
        "the FAT file system is larger than its partition [fat-larger-than-partition]; found 34MiB; allowed: "
        "at most 33MiB");
    image.bytes.resize(before + 20000);
    image.partition.end = before + 20000;
    EXPECT_THROW(image.damages(), Error);
}

TEST(FatReader, OtherThingsAreNoFat) {
    const Bytes zeros(4096);
    const auto source = std::make_shared<View>(zeros);
    EXPECT_FALSE(is_fat(source, {0, 4096}));
    EXPECT_FALSE(is_fat(source, {0, 511}));
    const Image image = written();
    EXPECT_TRUE(is_fat(std::make_shared<View>(image.bytes), image.partition));
}

}  // namespace
}  // namespace rpixen
