#include "unpack/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifact/samples.hpp"
#include "base/digest.hpp"
#include "support/run.hpp"
#include "unpack/unpack.hpp"

namespace rpixen::test {
namespace {

const std::vector<std::string> tools{"gzip", "xz", "zstd", "bzip2", "lz4"};

std::string sample() {
    std::string text;
    for (int line = 0; line < 60000; ++line) text += std::to_string(line * 7919 % 65537) + "\n";
    return text;
}

std::string unpacked(const std::string& path, std::uint64_t most = 1 << 30) {
    const auto file = InputFile::open_file(path);
    const Bytes bytes = read_all(unpack(file, 0, file->size(), most, {})->content());
    return std::string(as_text(bytes));
}

class DecoderTest : public testing::Test {
  protected:
    std::string pack(const std::string& tool, const std::string& text) { return run_ok({tool, "-c"}, text); }
    TemporaryFolder folder_;
};

TEST_F(DecoderTest, UnpacksWhatEachToolPacks) {
    const std::string text = sample();
    for (const std::string& tool : tools) {
        EXPECT_EQ(unpacked(folder_.write(tool, pack(tool, text))), text) << tool;
        EXPECT_EQ(unpacked(folder_.write(tool, pack(tool, ""))), "") << tool << " of nothing";
    }
}

TEST_F(DecoderTest, GoesOnThroughConcatenatedStreams) {
    const std::string text = sample();
    for (const std::string& tool : tools)
        EXPECT_EQ(unpacked(folder_.write(tool, pack(tool, text) + pack(tool, "more"))), text + "more") << tool;
}

TEST_F(DecoderTest, ZstdWithALongWindow) {
    // Of a stream zstd does not know the size, so the whole window is declared.
    const std::string text = sample();
    const std::string packed = run_ok({"zstd", "-q", "--ultra", "--long=31", "-c"}, text);
    EXPECT_EQ(zstd_window(as_bytes(packed)), std::uint64_t{2} << 30);
    EXPECT_EQ(unpacked(folder_.write("long", packed)), text);
    EXPECT_LT(zstd_window(as_bytes(pack("zstd", text))), std::uint64_t{128} << 20);

    // The largest window that the format knows, 3.75 TiB.
    std::string larger = packed;
    larger[5] = '\xff';
    const std::string path = folder_.write("larger", larger);
    const Error error = error_of([&] { unpacked(path); });
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    EXPECT_THAT(error.what(), testing::HasSubstr("larger window"));
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("damaged")));
}

TEST_F(DecoderTest, ZstdWithSkippableFrames) {
    using namespace std::string_literals;
    const std::string skippable = "\x50\x2a\x4d\x18\3\0\0\0abc"s;
    const std::string path = folder_.write(
        "frames", skippable + pack("zstd", "one") + skippable + pack("zstd", "two") + skippable);
    EXPECT_EQ(unpacked(path), "onetwo");
    const std::string behind = folder_.write("behind", pack("zstd", "one") + "something else");
    EXPECT_EQ(error_of([&] { unpacked(behind); }).code(), ErrorCode::artifact);
}

TEST_F(DecoderTest, CutOffAnywhereIsAnError) {
    const std::string text = sample();
    for (const std::string& tool : tools) {
        const std::string packed = pack(tool, text);
        for (const std::size_t length : {packed.size() - 1, packed.size() - 4, packed.size() / 2, std::size_t{20}}) {
            const std::string path = folder_.write(tool, packed.substr(0, length));
            const Error error = error_of([&] { unpacked(path); });
            EXPECT_EQ(error.code(), ErrorCode::artifact);
            EXPECT_EQ(error.problems()[0].location.file, path);
            EXPECT_THAT(error.what(), testing::HasSubstr(tool)) << length;
        }
    }
}

TEST_F(DecoderTest, DamagedDataAreAnError) {
    const std::string text = sample();
    for (const std::string& tool : tools) {
        std::string packed = pack(tool, text);
        for (std::size_t place = packed.size() / 2; place < packed.size() / 2 + 64; ++place) packed[place] ^= '\x55';
        const std::string path = folder_.write(tool, packed);
        EXPECT_EQ(error_of([&] { unpacked(path); }).code(), ErrorCode::artifact) << tool;
    }
}

TEST_F(DecoderTest, ABombIsStopped) {
    const std::string path = folder_.write("bomb", pack("gzip", std::string(4 << 20, '\0')));
    const Error error = error_of([&] { unpacked(path, 1 << 20); });
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    EXPECT_THAT(error.what(), testing::HasSubstr("at most 1MiB"));
}

TEST_F(DecoderTest, TakesTheDigestOfTheWholeFile) {
    const std::string packed = pack("gzip", "text") + std::string(300000, 'g');  // gzip passes over what follows
    const auto file = InputFile::open_file(folder_.write("packed", packed));
    Decoder decoder(file, 0, file->size(), true);
    while (!decoder.some(100).empty()) {
    }
    EXPECT_EQ(decoder.digest(), sha256(as_bytes(packed)));
    EXPECT_EQ(decoder.input_position(), packed.size());
}

TEST_F(DecoderTest, MayBeLeftInTheMiddle) {
    const auto file = InputFile::open_file(folder_.write("packed", pack("zstd", std::string(16 << 20, 'x'))));
    Decoder decoder(file, 0, file->size(), false);
    EXPECT_EQ(decoder.some(10).size(), 10U);
}

}  // namespace
}  // namespace rpixen::test
