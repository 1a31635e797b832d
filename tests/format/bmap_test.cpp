#include "format/bmap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Bmap, BlocksCoverTheRangesAndAreMerged) {
    EXPECT_THAT(bmap_blocks({{0, 1}, {4095, 4097}, {8192, 8192}, {12287, 12289}, {20480, 99999}}, 20481),
                ElementsAre(Range{0, 6}));
    EXPECT_THAT(bmap_blocks({}, 4096), IsEmpty());
    // 64 KiB is a gap, a block less is none.
    EXPECT_THAT(bmap_blocks({{0, 4096}, {69632, 73728}, {139264, 139265}}, 1 << 20),
                ElementsAre(Range{0, 1}, Range{17, 18}, Range{34, 35}));
    EXPECT_THAT(bmap_blocks({{0, 4096}, {65536, 69632}, {131072, 200000}}, 135169), ElementsAre(Range{0, 34}));
}

/// An image with data at its start, in its middle and in its last, incomplete block; the holes hold rubbish.
struct Image {
    explicit Image(const test::TemporaryFolder& folder) : path(folder.write("card.img", bytes)) {
        const std::vector<Range> mapped{{0, 512}, {4096 * 40, 4096 * 42}, {4096 * 80, 4096 * 80 + 100}};
        Bmap bmap{bytes.size(), {}};
        for (const Range& blocks : bmap_blocks(mapped, bytes.size()))
            bmap.ranges.push_back({blocks, sha256(as_bytes(bytes)
                                                      .subspan(blocks.begin * 4096)
                                                      .first(std::min<std::size_t>(
                                                          blocks.size() * 4096, bytes.size() - blocks.begin * 4096)))});
        bmap_path = folder.write("card.bmap", format_bmap(bmap));
    }
    std::string bytes = std::string(4096, 'a') + std::string(4096 * 39, '?') + std::string(4096 * 2, 'b') +
                        std::string(4096 * 38, '?') + std::string(100, 'c');
    std::string path;
    std::string bmap_path;
};

TEST(Bmap, BmaptoolCopiesJustTheMappedBlocks) {
    const test::TemporaryFolder folder;
    const Image image(folder);
    const std::string target = folder.write("target.img", "");
    const test::Run copy = test::run({"bmaptool", "copy", "--bmap", image.bmap_path, image.path, target});
    ASSERT_EQ(copy.status, 0) << copy.out << copy.err;
    std::string expected = image.bytes;
    for (char& byte : expected)
        if (byte == '?') byte = '\0';
    EXPECT_EQ(test::read_file(target), expected);
}

TEST(Bmap, BmaptoolSeesAChangedImage) {
    const test::TemporaryFolder folder;
    Image image(folder);
    image.bytes[4096 * 41] = 'x';
    image.path = folder.write("card.img", image.bytes);
    const test::Run copy = test::run(
        {"bmaptool", "copy", "--bmap", image.bmap_path, image.path, folder.write("target.img", "")});
    EXPECT_NE(copy.status, 0);
    EXPECT_THAT(copy.out + copy.err, HasSubstr("checksum mismatch"));
}

TEST(Bmap, BmaptoolSeesAChangedMap) {
    const test::TemporaryFolder folder;
    const Image image(folder);
    std::string text = test::read_file(image.bmap_path);
    text.replace(text.find("40-41"), 5, "40-40");
    const test::Run copy = test::run(
        {"bmaptool", "copy", "--bmap", folder.write("bad.bmap", text), image.path, folder.write("target.img", "")});
    EXPECT_NE(copy.status, 0);
}

}  // namespace
}  // namespace rpixen
