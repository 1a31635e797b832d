#include "format/parse_bmap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/bmap.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Sha256Digest digest_of(char letter) {
    return sha256(as_bytes(std::string(1, letter)));
}

/// Twelve blocks, the last of 100 bytes; 0-1, 5 and 11 are mapped.
std::string text_of() {
    return format_bmap(
        {11 * 4096 + 100, {{{0, 2}, digest_of('a')}, {{5, 6}, digest_of('b')}, {{11, 12}, digest_of('c')}}});
}

/// With `from` replaced by `to`, and its own checksum made right again.
std::string changed(std::string text, const std::string& from, const std::string& to) {
    const std::size_t place = text.find(from);
    if (place == std::string::npos) throw std::logic_error("there is no " + from);
    text.replace(place, from.size(), to);
    const std::size_t sum = text.find("<BmapFileChecksum> ");
    if (sum == std::string::npos) return text;
    text.replace(sum + 19, 64, std::string(64, '0'));
    return text.replace(sum + 19, 64, hex(sha256(as_bytes(text))));
}

std::string complaint(const std::string& text, const Budget& budget = bmap_budget) {
    try {
        return parse_bmap(text, "card.bmap", budget) ? "it was taken" : "it is of another form";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        return error.what();
    }
}

TEST(ParseBmap, ReadsWhatIsWritten) {
    const auto map = parse_bmap(text_of(), "card.bmap");
    ASSERT_TRUE(map);
    EXPECT_EQ(map->image_size, 11U * 4096 + 100);
    EXPECT_THAT(map->ranges,
                ElementsAre(DigestedRange{{0, 8192}, digest_of('a')}, DigestedRange{{20480, 24576}, digest_of('b')},
                            DigestedRange{{45056, 45156}, digest_of('c')}));
}

TEST(ParseBmap, ReadsWhatBmaptoolWrites) {
    const test::TemporaryFolder folder;
    const std::string image = folder.write("card.img", std::string(8192, 'a') + std::string(1 << 20, '\0'));
    test::run_ok({"truncate", "-s", "3M", image});
    test::run_ok({"fallocate", "--dig-holes", image});
    test::run_ok({"dd", "if=" + image, "of=" + image, "bs=4096", "count=2", "seek=300", "conv=notrunc"});
    const auto map = parse_bmap(test::run_ok({"bmaptool", "create", image}), "card.bmap");
    ASSERT_TRUE(map);
    EXPECT_EQ(map->image_size, 3U << 20);
    const Sha256Digest two_blocks = sha256(as_bytes(std::string(8192, 'a')));
    EXPECT_THAT(map->ranges,
                ElementsAre(DigestedRange{{0, 8192}, two_blocks}, DigestedRange{{300 * 4096, 302 * 4096}, two_blocks}));
}

TEST(ParseBmap, BlocksMayHaveOtherSizes) {
    std::string text = changed(text_of(), "<BlockSize> 4096 ", "<BlockSize> 8192 ");
    text = changed(text, "<BlocksCount> 12 ", "<BlocksCount> 6 ");
    text = changed(text, "> 11 <", "> 4 <");
    text = changed(text, "> 5 <", "> 3 <");
    const auto map = parse_bmap(text, "card.bmap");
    ASSERT_TRUE(map);
    EXPECT_THAT(map->ranges, ElementsAre(testing::Field(&DigestedRange::bytes, Range{0, 16384}),
                                         testing::Field(&DigestedRange::bytes, Range{24576, 32768}),
                                         testing::Field(&DigestedRange::bytes, Range{32768, 40960})));
}

TEST(ParseBmap, OtherFormsProveNothing) {
    EXPECT_EQ(complaint(changed(text_of(), "version=\"2.0\"", "version=\"1.4\"")), "it is of another form");
    EXPECT_EQ(complaint(changed(text_of(), "> sha256 <", "> sha1 <")), "it is of another form");
}

TEST(ParseBmap, AChangeIsSeen) {
    std::string text = text_of();
    text.replace(text.find("0-1 "), 4, "0-2 ");
    text.replace(text.find("> 4 </Mapped"), 4, "> 5 ");
    EXPECT_THAT(complaint(text), HasSubstr("its own checksum is wrong"));
}

TEST(ParseBmap, NumbersHaveToFitEachOther) {
    const std::string text = text_of();
    EXPECT_THAT(complaint(changed(text, "> 4 </Mapped", "> 5 </Mapped")), HasSubstr("not as long as it says"));
    EXPECT_THAT(complaint(changed(text, "> 12 </Blocks", "> 13 </Blocks")), HasSubstr("number of blocks"));
    EXPECT_THAT(complaint(changed(text, "0-1", "1-0")), HasSubstr("do not ascend"));
    EXPECT_THAT(complaint(changed(text, "> 5 <", "> 1 <")), HasSubstr("do not ascend"));
    EXPECT_THAT(complaint(changed(text, "> 11 <", "> 12 <")), HasSubstr("do not ascend"));
    EXPECT_THAT(complaint(changed(text, "> 11 <", "> 18446744073709551615 <")), HasSubstr("do not ascend"));
    EXPECT_THAT(complaint(changed(text, "> 11 <", "> 18446744073709551616 <")), HasSubstr("is no number"));
    EXPECT_THAT(complaint(changed(text, "> 11 <", "> -11 <")), HasSubstr("is no number"));
    for (const char* size : {"0", "1", "4095", "2097152"})
        EXPECT_THAT(complaint(changed(text, "> 4096 <", "> " + std::string(size) + " <")), HasSubstr("size of blocks"));
    EXPECT_THAT(complaint(changed(text, "> 45156 <", "> 18446744073709551615 <")), HasSubstr("larger than one can be"));
}

TEST(ParseBmap, WhatIsNoXmlIsRefused) {
    const std::string text = text_of();
    for (const std::string& wrong :
         {std::string(), std::string("x"), std::string("<"), std::string("<!-- "), std::string("<?xml"),
          std::string("<html></html>"), std::string("<bmap version=\"2.0\">"), text.substr(0, text.size() - 9),
          changed(text, "</Range>", "</Rang>"), changed(text, "<Range ", "<Rang "), changed(text, "chksum=", "sum="),
          changed(text, "chksum=\"", "chksum="), changed(text, "</ImageSize>", ""), changed(text, "0-1", "<b>0</b>"),
          changed(text, "BmapFileChecksum> ", "BmapFileChecksum> 1")})
        EXPECT_THAT(complaint(wrong), HasSubstr("card.bmap: ")) << wrong;
}

TEST(ParseBmap, CutAnywhereItIsRefused) {
    const std::string text = text_of();
    for (std::size_t size = 0; size + 1 < text.size(); ++size)
        EXPECT_THAT(complaint(text.substr(0, size)), HasSubstr("card.bmap: ")) << size;
}

TEST(ParseBmap, AMessageIsShortAndPrintable) {
    const std::string message = complaint("<bmap version=\"2.0\">" + std::string(100000, '\x1b'));
    EXPECT_LT(message.size(), 400U);
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

TEST(ParseBmap, ItsBudgetIsKept) {
    EXPECT_EQ(complaint(text_of(), {.of = "a block map", .steps = 9}), "it was taken");
    EXPECT_THAT(complaint(text_of(), {.of = "a block map", .steps = 8}), HasSubstr("takes too much"));
}

}  // namespace
}  // namespace rpixen
