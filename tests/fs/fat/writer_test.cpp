#include "fs/fat/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "fs/fat/boot_sector.hpp"
#include "fs/fat/geometry.hpp"
#include "fs/fat/layout.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Metadata dated{0644, 0, 0, {1'700'000'001, 0}};

void add(FileTree& tree, std::string_view path, std::string content) {
    tree.add_file(tree.locate(path), dated, memory_content(content, std::string(path)));
}

Fat32Parameters parameters_for(std::uint64_t size) {
    return {"boot", 0x1234abcd, fat32_sectors_per_cluster(size), 2048, {1'600'000'000, 0}};
}

/// A FAT32 that fsck.fat found clean.
class Written {
  public:
    Written(const FileTree& tree, std::uint64_t size) : Written(tree, parameters_for(size), size) {}
    Written(const FileTree& tree, const Fat32Parameters& parameters, std::uint64_t size) {
        OutputFile output(volume);
        output.resize(size);
        PartitionOutput partition(output, {0, size});
        mapped = write_fat32(tree, parameters, partition, {}, done);
        output.commit(false);
        const test::Run fsck = test::run({"fsck.fat", "-n", "-v", volume});
        EXPECT_EQ(fsck.status, 0) << fsck.out << fsck.err;
        // What it finds and does not count as an error (differences between the boot sectors, a wrong FSInfo,
        // ...).
        for (const char* word : {"ifference", "rong", "nvalid", "rphan", "uplicate", "dirty", "bad"})
            EXPECT_THAT(fsck.out, Not(HasSubstr(word)));
        EXPECT_THAT(fsck.out, HasSubstr("32 bit entries"));
    }
    std::string read(const std::string& name) const {
        const std::string copy = folder / "copy";
        test::run_ok({"mcopy", "-n", "-i", volume, "::" + name, copy});
        std::string content = test::read_file(copy);
        std::filesystem::remove(copy);
        return content;
    }
    std::string mtools(std::vector<std::string> command) const {
        command.insert(command.begin() + 1, {"-i", volume});
        return test::run_ok(command);
    }

    const test::TemporaryFolder folder;
    const std::string volume = folder / "fat.img";
    std::uint64_t done = 0;
    std::vector<Range> mapped;
};

ErrorCode failure(const FileTree& tree, std::uint64_t size, std::string& text) {
    try {
        layout_fat32(tree, parameters_for(size), size);
    } catch (const Error& error) {
        text = error.what();
        return error.code();
    }
    return ErrorCode::usage;
}

class Sizes : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Sizes, FsckAndMtoolsAccept) {
    FileTree tree;
    const std::string kernel(3'000'001, 'k');
    add(tree, "Image", kernel);
    add(tree, "config.txt", "arm_64bit=1\n");
    add(tree, "overlays/pi4-64-xen.dtbo", "overlay");
    const Written fat(tree, GetParam());
    EXPECT_EQ(fat.read("/Image"), kernel);
    EXPECT_EQ(fat.read("/CONFIG.TXT"), "arm_64bit=1\n");
    EXPECT_EQ(fat.read("/overlays/pi4-64-xen.dtbo"), "overlay");
    EXPECT_THAT(fat.done, testing::Ge(kernel.size()));
    // All that is used is mapped, and it is little.
    ASSERT_EQ(fat.mapped.size(), 1U);
    EXPECT_EQ(fat.mapped[0].begin, 0U);
    EXPECT_LT(fat.mapped[0].end, 5 * MiB + GetParam() / 100);
}

INSTANTIATE_TEST_SUITE_P(Fat32Writer, Sizes,
                         testing::Values(smallest_fat32(), 33 * MiB, 33 * MiB + 512, 34 * MiB + 4096, 64 * MiB,
                                         100 * MiB, 127 * MiB, 128 * MiB, 256 * MiB, 257 * MiB, 512 * MiB, GiB,
                                         2 * GiB));

TEST(Fat32Writer, IsRecognisedByFile) {
    FileTree tree;
    const Written fat(tree, 40 * MiB);
    const std::string kind = test::run_ok({"file", fat.volume});
    EXPECT_THAT(kind, HasSubstr("FAT (32 bit)"));
    EXPECT_THAT(kind, HasSubstr("label: \"BOOT"));
    EXPECT_THAT(kind, HasSubstr("hidden sectors 2048"));
    EXPECT_THAT(kind, HasSubstr("0x1234abcd"));
}

TEST(Fat32Writer, LabelAndVolumeIdAreSeenByBlkid) {
    FileTree tree;
    const Written fat(tree, 40 * MiB);
    EXPECT_THAT(fat.mtools({"mlabel", "-s", "::"}), HasSubstr("Volume label is BOOT"));
    const std::string found = test::run_ok({"blkid", "--probe", "--output", "export", fat.volume});
    EXPECT_THAT(found, HasSubstr("LABEL=BOOT"));
    EXPECT_THAT(found, HasSubstr("UUID=1234-ABCD"));
    EXPECT_THAT(found, HasSubstr("VERSION=FAT32"));
}

TEST(Fat32Writer, AVolumeWithoutLabelHasNone) {
    Fat32Parameters parameters = parameters_for(40 * MiB);
    parameters.label.clear();
    const Written fat(FileTree(), parameters, 40 * MiB);
    EXPECT_THAT(fat.mtools({"mlabel", "-s", "::"}), HasSubstr("Volume has no label"));
}

TEST(Fat32Writer, NamesOfEveryKindComeBack) {
    const std::vector<std::string> names{"UPPER.TXT",
                                         "lower.txt",
                                         "Mixed.Txt",
                                         "no-extension",
                                         ".hidden",
                                         "with space.txt",
                                         "a+b,c;d=e[f]",
                                         "two.dots.txt",
                                         "bcm2711-rpi-4-b.dtb",
                                         "bcm2711-rpi-400.dtb",
                                         "\xc3\xa4\xc3\xb6\xc3\xbc.txt",
                                         "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
                                         "thirteen-unit",
                                         "fourteen-units",
                                         std::string(255, 'n')};
    FileTree tree;
    for (const std::string& name : names) add(tree, name, "content of " + name);
    const Written fat(tree, 40 * MiB);
    std::filesystem::create_directory(fat.folder / "out");
    const test::Run copy = test::run({"mcopy", "-s", "-n", "-i", fat.volume, "::/", fat.folder / "out"}, {},
                                     {"LC_ALL=C.UTF-8"});
    ASSERT_EQ(copy.status, 0) << copy.err;
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(fat.folder / "out"))
        found += entry.is_regular_file();
    EXPECT_EQ(found, names.size());
    for (const std::string& name : names) {
        const std::string path = fat.folder / ("out/" + name);
        EXPECT_TRUE(std::filesystem::exists(path)) << name;
        if (std::filesystem::exists(path)) {
            EXPECT_EQ(test::read_file(path), "content of " + name);
        }
    }
}

TEST(Fat32Writer, ManyFilesInOneDirectoryAndDeepDirectories) {
    FileTree tree;
    for (int number = 0; number < 5000; ++number)
        add(tree, "many/a rather long file name " + std::to_string(number), std::to_string(number));
    std::string deep;
    for (int level = 0; level < 60; ++level) deep += "/level" + std::to_string(level);
    add(tree, deep + "/file", "deep");
    const Written fat(tree, 64 * MiB);
    EXPECT_EQ(fat.read("/many/a rather long file name 4321"), "4321");
    EXPECT_EQ(fat.read(deep + "/file"), "deep");
    EXPECT_THAT(fat.mtools({"mdir", "-b", "::/many"}), HasSubstr("a rather long file name 4999"));
}

TEST(Fat32Writer, TimesAreInUtc) {
    FileTree tree;
    add(tree, "file", "x");
    tree.set_metadata(tree.add_file(tree.locate("old"), dated, {}), {0644, 0, 0, {-1, 0}});
    tree.add_directory(tree.locate("folder"), dated);
    const Written fat(tree, 40 * MiB);
    const std::string listing = fat.mtools({"mdir", "::"});
    EXPECT_THAT(listing, testing::ContainsRegex("FILE .*2023-11-14 +22:13"));
    EXPECT_THAT(listing, testing::ContainsRegex("OLD .*1980-01-01 +0:00"));
    EXPECT_THAT(listing, testing::ContainsRegex("FOLDER .*2020-09-13 +12:26"));  // the volume's own time
    EXPECT_THAT(fat.mtools({"mattrib", "::file"}), testing::ContainsRegex("A +::/FILE|A +::/file"));
}

TEST(Fat32Writer, EveryFileIsOneRunAndFollowsTheOneBefore) {
    FileTree tree;
    add(tree, "a", std::string(10'000, 'a'));
    add(tree, "b", std::string(10'000, 'b'));
    add(tree, "empty", "");
    const Written fat(tree, 256 * MiB);
    // 2 KiB clusters: the root directory is 2, a is 3 to 7, b is 8 to 12.
    EXPECT_THAT(fat.mtools({"mshowfat", "::a"}), HasSubstr("<3-7>"));
    EXPECT_THAT(fat.mtools({"mshowfat", "::b"}), HasSubstr("<8-12>"));
    EXPECT_EQ(fat.read("empty"), "");
}

TEST(Fat32Writer, SparseFilesAndFilesOfTwoNamesAreWhole) {
    FileTree tree;
    tree.add_sparse_file(tree.locate("sparse"), dated, 3 * MiB + 5, memory_content("headtail", "sparse"),
                         {{0, 4}, {2 * MiB + 1, 4}});
    const NodeId node = tree.add_file(tree.locate("one"), dated, memory_content("shared", "one"));
    tree.add_link(tree.locate("two"), node);
    const Written fat(tree, 40 * MiB);
    std::string expected(3 * MiB + 5, '\0');
    expected.replace(0, 4, "head").replace(2 * MiB + 1, 4, "tail");
    EXPECT_EQ(fat.read("sparse"), expected);
    EXPECT_EQ(fat.read("one"), "shared");
    EXPECT_EQ(fat.read("two"), "shared");
}

TEST(Fat32Writer, ContentsOfInputFilesAreCopied) {
    const test::TemporaryFolder inputs;
    std::string content;
    for (int number = 0; content.size() < 9 * MiB + 77; ++number) content += std::to_string(number);
    const auto input = InputFile::open_file(inputs.write("input", content));
    FileTree tree;
    tree.add_file(tree.locate("whole"), dated, input->content());
    tree.add_file(tree.locate("part"), dated, {input, 5 * MiB + 1, 100'000});
    const Written fat(tree, 64 * MiB);
    EXPECT_EQ(fat.read("whole"), content);
    EXPECT_EQ(fat.read("part"), content.substr(5 * MiB + 1, 100'000));
}

TEST(Fat32Writer, AFullPartitionIsFilledButForItsLastCluster) {
    const std::uint64_t size = 34 * MiB;
    FileTree empty;
    const Fat32Layout layout = layout_fat32(empty, parameters_for(size), size);
    const std::uint64_t room = (layout.boot.clusters() - 2) * layout.boot.cluster_size();
    const test::TemporaryFolder inputs;
    const std::string path = inputs.write("input", "");
    std::filesystem::resize_file(path, room + 1);
    const auto input = InputFile::open_file(path);
    FileTree full;
    full.add_file(full.locate("file"), dated, {input, 0, room});
    const Written fat(full, size);
    EXPECT_THAT(test::run_ok({"minfo", "-i", fat.volume, "::"}), HasSubstr("free clusters=1"));

    FileTree more;
    more.add_file(more.locate("file"), dated, {input, 0, room + 1});
    std::string text;
    EXPECT_EQ(failure(more, size, text), ErrorCode::unfit);
    EXPECT_THAT(text, HasSubstr("do not fit the boot partition"));
    EXPECT_THAT(text, HasSubstr("set image.boot_partition.size to at least 35MiB"));
    EXPECT_EQ(failure(more, 35 * MiB, text), ErrorCode::usage);
}

TEST(Fat32Writer, APartitionInsideAnImageIsWrittenAtItsPlace) {
    const test::TemporaryFolder folder;
    const std::string path = folder / "card.img";
    FileTree tree;
    add(tree, "file", "content");
    OutputFile output(path);
    output.resize(64 * MiB);
    output.write(0, as_bytes("before"));
    output.write(4 * MiB + 33 * MiB, as_bytes("behind"));
    PartitionOutput partition(output, {4 * MiB, 37 * MiB});
    std::uint64_t done = 100;
    const auto mapped = write_fat32(tree, parameters_for(33 * MiB), partition, {}, done);
    EXPECT_EQ(done, 107U);
    output.commit(false);
    EXPECT_EQ(test::run_ok({"mtype", "-i", path + "@@4M", "::file"}), "content");
    const auto image = InputFile::open_file(path);
    EXPECT_EQ(as_text(read_all({image, 0, 6})), "before");
    EXPECT_EQ(as_text(read_all({image, 37 * MiB, 6})), "behind");
    // Behind what is mapped lies nothing.
    ASSERT_EQ(mapped.size(), 1U);
    const Bytes rest = read_all({image, 4 * MiB + mapped[0].end, 33 * MiB - mapped[0].end});
    EXPECT_TRUE(std::all_of(rest.begin(), rest.end(), [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST(Fat32Writer, StopsOnRequest) {
    CancelToken cancel;
    cancel.cancel();
    const test::TemporaryFolder folder;
    OutputFile output(folder / "card.img");
    output.resize(33 * MiB);
    PartitionOutput partition(output, {0, 33 * MiB});
    std::uint64_t done = 0;
    FileTree tree;
    add(tree, "file", "content");
    try {
        write_fat32(tree, parameters_for(33 * MiB), partition, {nullptr, &cancel}, done);
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

TEST(Fat32Writer, SeesAnInputThatWasChanged) {
    const test::TemporaryFolder folder;
    const std::string path = folder.write("input", "before");
    const auto input = InputFile::open_file(path);
    FileTree tree;
    tree.add_file(tree.locate("file"), dated, input->content());
    std::filesystem::resize_file(path, 7);
    OutputFile output(folder / "card.img");
    output.resize(33 * MiB);
    PartitionOutput partition(output, {0, 33 * MiB});
    std::uint64_t done = 0;
    try {
        write_fat32(tree, parameters_for(33 * MiB), partition, {}, done);
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
        EXPECT_THAT(error.what(), HasSubstr("was changed while it was read"));
    }
}

TEST(Fat32Writer, TheSameTreeGivesTheSameBytesWhateverTheOrderOfInsertion) {
    FileTree one;
    FileTree two;
    const std::vector<std::string> names{"a long name 1", "a long name 2", "folder/x", "b"};
    for (const auto& name : names) add(one, name, name);
    for (auto name = names.rbegin(); name != names.rend(); ++name) add(two, *name, *name);
    EXPECT_EQ(test::read_file(Written(one, 33 * MiB).volume), test::read_file(Written(two, 33 * MiB).volume));
}

TEST(Fat32Layout, EveryProblemIsNamedAtOnce) {
    FileTree tree;
    add(tree, "a:b", "x");
    add(tree, "folder/trailing.", "x");
    add(tree, "Readme", "x");
    add(tree, "README", "x");
    add(tree, "\xc3\xa4", "x");
    add(tree, "\xc3\x84", "x");
    tree.add_symlink(tree.locate("link"), dated, "target");
    tree.add_device(tree.locate("device"), dated, NodeType::character_device, 1, 3);
    tree.add_file(tree.locate("huge"), dated, {memory_content("", "huge").source, 0, 4 * GiB});
    tree.add_file(tree.locate("large"), dated, {memory_content("", "large").source, 0, 3 * GiB});
    tree.add_file(tree.locate("bad\xff"), dated, {});
    Fat32Parameters parameters = parameters_for(64 * MiB);
    parameters.label = "too long a label";
    try {
        layout_fat32(tree, parameters, 64 * MiB);
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        std::string text = error.what();
        for (const char* part :
             {"cannot store the name /a:b; found the character ':'", "/folder/trailing.; found a dot at its end",
              "differ only in case; found /README and /Readme", "cannot store /link; found a symlink",
              "cannot store /device; found a character device", "/huge is too large", "4GiB", "bytes that are no UTF-8",
              "cannot have the label 'too long a label'", "do not fit the boot partition",
              "set image.boot_partition.size to at least"})
            EXPECT_THAT(text, HasSubstr(part));
        EXPECT_EQ(error.problems().size(), 10U) << text;
    }
}

TEST(Fat32Layout, AFileOf4GiBLessOneByteFits) {
    FileTree tree;
    tree.add_file(tree.locate("large"), dated, {memory_content("", "large").source, 0, 4 * GiB - 1});
    EXPECT_EQ(layout_fat32(tree, parameters_for(5 * GiB), 5 * GiB).files.size(), 1U);
}

TEST(Fat32Layout, ADirectoryOfTooManyEntriesIsRefused) {
    FileTree tree;
    for (int number = 0; number < 22'000; ++number)
        tree.add_file({FileTree::root(), "a name of three entries " + std::to_string(100'000 + number)}, dated, {});
    std::string text;
    EXPECT_EQ(failure(tree, 64 * MiB, text), ErrorCode::unfit);
    EXPECT_THAT(text, HasSubstr("too many names"));
}

TEST(Fat32Layout, MoreNamesThanAreReadAreRefused) {
    FileTree tree;
    for (int number = 0; number < 40; ++number)
        tree.add_file(tree.locate(std::to_string(number % 4) + "/" + std::to_string(number)), dated, {});
    const Budget enough{.of = "a FAT file system", .steps = 44};
    EXPECT_EQ(layout_fat32(tree, parameters_for(64 * MiB), 64 * MiB, enough).directories.size(), 5U);
    try {
        layout_fat32(tree, parameters_for(64 * MiB), 64 * MiB, {.of = "a FAT file system", .steps = 43});
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        EXPECT_STREQ(error.what(),
                     "the boot partition has too many files and directories; found 44; allowed: at most 43; put "
                     "them on the root partition, or leave some out");
    }
}

/// The limits of what is made and of what is read are one, or a card would be made that `verify` cannot read.
TEST(Fat32Layout, TheNumberOfNamesIsTheReaders) {
    FileTree tree;
    for (std::uint64_t number = 0; number < fat_budget.steps; ++number)
        tree.add_file(tree.locate(std::to_string(number / 30'000) + "/" + std::to_string(number)), dated, {});
    std::string text;
    EXPECT_EQ(failure(tree, 256 * MiB, text), ErrorCode::unfit);
    EXPECT_THAT(text, HasSubstr("found 200007; allowed: at most 200000"));
}

TEST(Fat32Layout, ImpossiblePartitionsAreRefused) {
    const FileTree tree;
    for (const auto& [size, sectors] : {std::pair<std::uint64_t, std::uint32_t>{32 * MiB, 1},
                                        {256 * MiB, 8},
                                        {0, 1},
                                        {256 * MiB, 0},
                                        {3000 * GiB, 64}}) {
        try {
            layout_fat32(tree, {"", 0, sectors, 0, {}}, size);
            FAIL() << size;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::unfit);
            EXPECT_THAT(error.what(), HasSubstr("33MiB to 2 TiB"));
        }
    }
}

TEST(Fat32Layout, NeverLargerThanThePartitionAndAlwaysEnoughClusters) {
    const FileTree tree;
    for (std::uint64_t size = smallest_fat32(); size < 2000 * GiB; size += size / 23 + 511) {
        const FatBootSector boot = layout_fat32(tree, parameters_for(size), size).boot;
        EXPECT_LE(std::uint64_t{boot.total_sectors} * 512, size);
        EXPECT_GE(boot.clusters(), 65525U);
        EXPECT_LT(boot.clusters(), 0x0ffffff5U);
        EXPECT_GE(std::uint64_t{boot.fat_sectors} * 128, boot.clusters() + 2ULL);
        EXPECT_EQ(boot.first_data_sector() % 8, 0U);
    }
}

}  // namespace
}  // namespace rpixen
