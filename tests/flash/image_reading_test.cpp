#include "flash/image_reading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

TEST(ReadImage, ReadsAsZerosBehindTheEnd) {
    const Content image = memory_content(std::string_view("abcdef"), "image");
    Bytes out(8, std::byte{'?'});
    read_image(*image.open(), image.size, {2, 10}, out);
    EXPECT_EQ(as_text(out), std::string_view("cdef\0\0\0\0", 8));
}

struct Proof : testing::Test {
    Proof() {
        content.image = memory_content(text, "card.img");
        content.known = {{{2, 6}, sha256(as_bytes(text.substr(2, 4)))}, {{8, 9}, sha256(as_bytes(text.substr(8, 1)))}};
    }
    void take(ImageProof& proof, std::uint64_t begin, std::uint64_t end) {
        proof.take({begin, end}, as_bytes(text).subspan(begin, end - begin));
    }
    std::string text = "0123456789";
    CardContent content;
};

TEST_F(Proof, RangesMayBeginAndEndAnywhereInTheParts) {
    ImageProof at_once(content);
    EXPECT_NO_THROW(take(at_once, 0, 10));
    ImageProof byte_by_byte(content);
    for (std::uint64_t place = 0; place < 10; ++place) EXPECT_NO_THROW(take(byte_by_byte, place, place + 1));
}

TEST_F(Proof, AChangedRangeIsNamed) {
    text[4] = 'x';
    ImageProof proof(content);
    take(proof, 0, 5);
    try {
        take(proof, 5, 10);
        FAIL() << "it was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), testing::HasSubstr("bytes 2 to 5 differ"));
    }
}

TEST_F(Proof, WhatNoDigestIsOfMayChange) {
    text[0] = text[7] = 'x';
    ImageProof proof(content);
    EXPECT_NO_THROW(take(proof, 0, 10));
}

}  // namespace
}  // namespace rpixen
