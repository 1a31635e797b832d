#include "unpack/pieces.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "artifact/samples.hpp"
#include "base/digest.hpp"
#include "base/size.hpp"
#include "support/run.hpp"
#include "unpack/decoder.hpp"

namespace rpixen::test {
namespace {

using testing::HasSubstr;

/// Half of it does not pack, so that a packed part is about half as large.
std::string sample(std::size_t size) {
    std::mt19937 random(7);
    std::string text(size, ' ');
    for (std::size_t index = 0; index < size; index += 2) text[index] = static_cast<char>(random());
    return text;
}

/// `whole`: nothing stands behind the packed data.
std::string unpacked(const std::string& path, bool whole = true) {
    const auto file = InputFile::open_file(path);
    Decoder decoder(file, 0, file->size(), true);
    std::string text;
    for (ByteView part = decoder.some(Decoder::largest_block); !part.empty();
         part = decoder.some(Decoder::largest_block))
        text += as_text(part);
    EXPECT_EQ(decoder.digest(), sha256(read_all(file->content()))) << path;
    if (whole) {
        EXPECT_EQ(decoder.input_position(), file->size()) << path;
    }
    return text;
}

class PiecesTest : public testing::Test {
  protected:
    /// The ends of the pieces.
    std::vector<std::uint64_t> cut(const std::string& packed, Packing packing) {
        const auto file = InputFile::open_file(folder_.write("cut", packed));
        Pieces pieces(file, 0, file->size(), packing);
        std::vector<std::uint64_t> ends;
        std::uint64_t before = 0;
        bool last = false;
        while (const auto piece = pieces.next()) {
            EXPECT_FALSE(last);
            EXPECT_EQ(piece->begin, before);
            before = piece->end;
            last = piece->last;
            ends.push_back(piece->end);
        }
        EXPECT_TRUE(last);
        EXPECT_EQ(before, packed.size());
        return ends;
    }
    std::string pack(const std::vector<std::string>& command, const std::string& text) { return run_ok(command, text); }

    TemporaryFolder folder_;
    std::string text_ = sample(12 * MiB);
};

TEST_F(PiecesTest, FramesOfZstdAreCutWhereZstdSaysTheyEnd) {
    std::string packed;
    std::vector<std::uint64_t> ends;
    for (const char* kind : {"--check", "--no-check", "--long=27", "-1"}) {
        packed += pack({"zstd", "-q", "-c", kind}, text_.substr(0, 3 * MiB));
        ends.push_back(packed.size());
    }
    EXPECT_EQ(cut(packed, Packing::zstd), ends);
    EXPECT_EQ(unpacked(folder_.write("frames", packed)), text_.substr(0, 3 * MiB) + text_.substr(0, 3 * MiB) +
                                                             text_.substr(0, 3 * MiB) + text_.substr(0, 3 * MiB));
}

TEST_F(PiecesTest, SmallFramesAreTakenTogether) {
    const std::string small = pack({"zstd", "-q", "-c"}, text_.substr(0, 100'000));
    std::string packed;
    std::string plain;
    for (int count = 0; count < 60; ++count) {
        packed += small;
        packed += std::string("\x50\x2a\x4d\x18\3\0\0\0abc", 11);  // a skippable frame
        plain += text_.substr(0, 100'000);
    }
    for (const std::uint64_t end : cut(packed, Packing::zstd)) EXPECT_EQ(end % (small.size() + 11) % small.size(), 0U);
    EXPECT_EQ(cut(packed, Packing::zstd).size(), 4U);
    EXPECT_EQ(unpacked(folder_.write("small", packed)), plain);
}

TEST_F(PiecesTest, WhatPzstdBgzipAndXzWriteInBlocks) {
    const std::string pzstd = pack({"pzstd", "-q", "-1", "-p", "2", "-c"}, text_);
    EXPECT_GT(cut(pzstd, Packing::zstd).size(), 1U);
    EXPECT_EQ(unpacked(folder_.write("pzstd", pzstd)), text_);
    const std::string bgzip = pack({"bgzip", "-c"}, text_);
    EXPECT_GT(cut(bgzip, Packing::gzip).size(), 4U);
    EXPECT_EQ(unpacked(folder_.write("bgzip", bgzip)), text_);
    const std::string xz = pack({"xz", "-0", "-T2", "--block-size=1MiB", "-c"}, text_);
    EXPECT_EQ(cut(xz, Packing::xz).size(), 1U);
    EXPECT_EQ(unpacked(folder_.write("xz", xz)), text_);
}

TEST_F(PiecesTest, AllElseIsOnePiece) {
    for (const auto& [tool, packing] :
         {std::pair{"gzip", Packing::gzip}, {"bzip2", Packing::bzip2}, {"lz4", Packing::lz4}, {"zstd", Packing::zstd}})
        EXPECT_EQ(cut(pack({tool, "-1", "-c"}, text_.substr(0, 4 * MiB)), packing).size(), 1U) << tool;
    EXPECT_EQ(cut("", Packing::plain).size(), 1U);
    EXPECT_EQ(cut(text_, Packing::plain).size(), 1U);
}

TEST_F(PiecesTest, StreamsOfXzWithPaddingBetweenThem) {
    const std::string one = pack({"xz", "-0", "-c"}, "one");
    EXPECT_EQ(unpacked(folder_.write("padded", one + std::string(8, '\0') + pack({"xz", "-0", "-c"}, "two"))),
              "onetwo");
    for (const std::string behind : {"garbage",
                                     "\xfd"
                                     "7zX",
                                     "\xfd"})
        EXPECT_EQ(unpacked(folder_.write("behind", one + behind)), "one") << behind;
    EXPECT_EQ(unpacked(folder_.write("odd", one + std::string(3, '\0') + one)), "one");
}

TEST_F(PiecesTest, DamageInAnyPieceIsTheErrorThatItIsInOne) {
    const std::vector<std::vector<std::string>> commands{
        {"pzstd", "-q", "-1", "-c"}, {"bgzip", "-c"}, {"xz", "-0", "-T2", "--block-size=1MiB", "-c"}};
    for (const auto& command : commands) {
        const std::string packed = pack(command, text_);
        for (int part = 0; part < 8; ++part) {
            std::string damaged = packed;
            const std::size_t place = packed.size() / 8 * static_cast<std::size_t>(part) + packed.size() / 16;
            for (std::size_t byte = place; byte < place + 64; ++byte) damaged[byte] ^= '\x55';
            const std::string path = folder_.write("damaged", damaged);
            const Error error = error_of([&] { unpacked(path); });
            EXPECT_EQ(error.code(), ErrorCode::artifact);
            EXPECT_EQ(error.problems()[0].location.file, path);
            EXPECT_THAT(error.what(), HasSubstr("damaged or end early")) << command[0] << part;
        }
        const std::string cut_off = folder_.write("cut_off", packed.substr(0, packed.size() - 40));
        EXPECT_THAT(error_of([&] { unpacked(cut_off); }).what(), HasSubstr("damaged or end early")) << command[0];
    }
}

TEST_F(PiecesTest, ABlockOfBgzipThatIsNotAsLongAsItSaysIsDamage) {
    const std::string packed = pack({"bgzip", "-c"}, text_);
    const std::uint64_t first = cut(packed, Packing::gzip)[0];
    // A byte of nothing before the second piece, which the last block of the first one says to have.
    std::string longer = packed.substr(0, first) + std::string(1, '\0') + packed.substr(first);
    std::size_t block = 0;
    const auto size_at = [&](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(longer[at + 16])) +
               (static_cast<std::size_t>(static_cast<unsigned char>(longer[at + 17])) << 8) + 1;
    };
    while (block + size_at(block) < first) block += size_at(block);
    const std::size_t more = size_at(block);  // BSIZE is one less than the size
    longer[block + 16] = static_cast<char>(more & 0xff);
    longer[block + 17] = static_cast<char>(more >> 8);
    const std::string path = folder_.write("longer", longer);
    EXPECT_THAT(error_of([&] { unpacked(path); }).what(), HasSubstr("damaged or end early"));
}

// As behind any gzip: what is no member of it ends the data.
TEST_F(PiecesTest, WhatStandsBehindBlocksOfBgzipIsPassedOver) {
    const std::string packed = pack({"bgzip", "-c"}, text_);
    for (const std::string& behind : {std::string("garbage"), std::string(2 * MiB, '\0'), packed.substr(1)}) {
        EXPECT_EQ(cut(packed + behind, Packing::gzip).size(), cut(packed, Packing::gzip).size());
        EXPECT_EQ(unpacked(folder_.write("behind", packed + behind), false), text_);
    }
}

TEST_F(PiecesTest, MayBeLeftInTheMiddle) {
    const auto file = InputFile::open_file(folder_.write("packed", pack({"bgzip", "-c"}, text_)));
    Decoder decoder(file, 0, file->size(), true);
    EXPECT_EQ(decoder.some(10).size(), 10U);
}

}  // namespace
}  // namespace rpixen::test
