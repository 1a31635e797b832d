#include "fs/prebuilt_copy.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "fs/ext4/oracles.hpp"
#include "storage/input_file.hpp"

namespace rpixen::test {
namespace {

std::uint64_t space_taken(const std::string& path) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

/// Copies a content to 1 MiB in a new file; returns the bytes that were written.
std::uint64_t copy(const Content& content, const std::string& path) {
    OutputFile output(path);
    output.resize(MiB + content.size + MiB);
    PartitionOutput partition(output, {MiB, MiB + content.size + MiB});
    std::uint64_t done = 5;
    copy_prebuilt(content, partition, {}, done);
    EXPECT_EQ(done, 5 + content.size);
    output.commit(false);
    return partition.bytes_written();
}

TEST(PrebuiltCopy, HolesAndZerosTakeNoSpace) {
    const TemporaryFolder folder;
    std::string text(40 * MiB, '\0');
    const std::string data = noise(100'000, 1);
    text.replace(3 * MiB + 10, data.size(), data);
    text.replace(30 * MiB - 5, data.size(), data);
    text.back() = 'e';
    const std::string dense = folder.write("dense", text);
    const std::uint64_t written = copy(InputFile::open_file(dense)->content(), folder / "copy");
    EXPECT_TRUE(read_file(folder / "copy").substr(MiB, text.size()) == text);
    EXPECT_LT(written, 600 * KiB);
    EXPECT_LT(space_taken(folder / "copy"), MiB);

    const std::string sparse = folder / "sparse";
    std::filesystem::resize_file(folder.write("sparse", "begin"), 20 * MiB + 3);
    EXPECT_LE(copy(InputFile::open_file(sparse)->content(), folder / "copy"), 64 * KiB);
    EXPECT_TRUE(read_file(folder / "copy").substr(MiB, 20 * MiB + 3) == read_file(sparse));
}

TEST(PrebuiltCopy, FromMemoryAndFromTheMiddleOfAFile) {
    const TemporaryFolder folder;
    const std::string text = noise(3 * MiB + 1, 2);
    copy(memory_content(text, "memory"), folder / "copy");
    EXPECT_TRUE(read_file(folder / "copy").substr(MiB, text.size()) == text);

    const auto file = InputFile::open_file(folder.write("file", text));
    copy({file, 70'000, 2 * MiB}, folder / "copy");
    EXPECT_TRUE(read_file(folder / "copy").substr(MiB, 2 * MiB) == text.substr(70'000, 2 * MiB));
}

TEST(PrebuiltCopy, InputChangedMeanwhileIsAnError) {
    const TemporaryFolder folder;
    const std::string path = folder.write("file", noise(100'000, 3));
    const Content content = InputFile::open_file(path)->content();
    folder.write("file", "short");
    EXPECT_THROW(copy(content, folder / "copy"), Error);
}

}  // namespace
}  // namespace rpixen::test
