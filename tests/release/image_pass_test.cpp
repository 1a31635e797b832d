#include "release/image_pass.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

constexpr std::uint64_t block = Bmap::block_size;

class ImagePassTest : public testing::Test {
  protected:
    /// Longer than the blocks in which it is read, its last block incomplete; a little data at many places.
    ImagePassTest() {
        bytes_.resize(BlockCompressor::block_size * 2 + 5 * block + 100);
        for (std::size_t place = 0; place < bytes_.size(); place += 40000)
            bytes_[place] = static_cast<std::byte>(place);
        image_.resize(bytes_.size());
        image_.write(0, bytes_);
    }

    ImagePass pass(const std::vector<Range>& mapped, Compression compression, OutputFile* packed) {
        return pass_over(image_, bytes_.size(), mapped, compression, packed, 2, {});
    }
    std::string digest(std::uint64_t begin, std::uint64_t end) const {
        return hex(sha256(ByteView(bytes_).subspan(begin, end - begin)));
    }

    TemporaryFolder folder_;
    Bytes bytes_;
    OutputFile image_{folder_ / "image"};
};

TEST_F(ImagePassTest, DigestsOfAllAndOfWhatIsMapped) {
    const std::uint64_t border = BlockCompressor::block_size;
    const std::vector<Range> mapped{{0, 512},
                                    {border - 3 * block, border},
                                    {border + 40 * block, border * 2 + block},
                                    {border * 2 + 5 * block, border * 2 + 5 * block + 100}};
    const ImagePass found = pass(mapped, Compression::none, nullptr);
    EXPECT_EQ(found.image_sha256, digest(0, bytes_.size()));
    EXPECT_EQ(found.map.image_size, bytes_.size());
    ASSERT_EQ(found.map.ranges.size(), 3U) << "the last two are nearer than 64 KiB";
    EXPECT_EQ(hex(found.map.ranges[0].digest), digest(0, block));
    EXPECT_EQ(hex(found.map.ranges[1].digest), digest(border - 3 * block, border));
    EXPECT_EQ(hex(found.map.ranges[2].digest), digest(border + 40 * block, bytes_.size()));
    EXPECT_EQ(found.packed_size, 0U);
}

TEST_F(ImagePassTest, NothingMapped) {
    EXPECT_TRUE(pass({}, Compression::none, nullptr).map.ranges.empty());
}

TEST_F(ImagePassTest, Compresses) {
    OutputFile packed(folder_ / "image.zst");
    const ImagePass found = pass({}, Compression::zstd, &packed);
    packed.commit(false);
    const std::string file = read_file(folder_ / "image.zst");
    EXPECT_EQ(found.packed_size, file.size());
    EXPECT_EQ(found.packed_sha256, hex(sha256(as_bytes(file))));
    EXPECT_TRUE(run_ok({"zstd", "-dc"}, file) == as_text(bytes_));
}

TEST_F(ImagePassTest, CanBeCancelled) {
    CancelToken cancel;
    cancel.cancel();
    EXPECT_THROW(pass_over(image_, bytes_.size(), {}, Compression::none, nullptr, 2, {nullptr, &cancel}), Error);
}

}  // namespace
}  // namespace rpixen::test
