#include "flash/flash_card.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "flash/card_parts.hpp"
#include "flash/fake_card.hpp"
#include "format/unfinished_card.hpp"

namespace rpixen {
namespace {

using test::FakeCard;
using testing::AllOf;
using testing::HasSubstr;

/// An image in which every page is another, and the ranges of it that matter.
struct Image {
    explicit Image(std::uint64_t size = 12 * MiB) : bytes(static_cast<std::size_t>(size), '\0') {
        for (std::size_t place = 0; place < bytes.size(); place += 4096) {
            const std::string text = "page " + std::to_string(place / 4096);
            bytes.replace(place, text.size(), text);
        }
        content.image = memory_content(bytes, "card.img");
        content.ranges = {{0, 512}, {4 * MiB, 4 * MiB + 5}, {7 * MiB, 12 * MiB}};
    }
    std::string bytes;
    CardContent content;
};

ErrorCode code_of(CardDevice& card, const CardContent& content, std::string& message, bool skip_equal = false,
                  const Supervision& supervision = {}) {
    try {
        flash_card(card, content, skip_equal, supervision);
    } catch (const Error& error) {
        message = error.what();
        return error.code();
    }
    return ErrorCode::internal;
}

bool starts_nothing(const FakeCard& card) {
    return says_unfinished(card.text(512)) && card.bytes[510] == std::byte{0} && card.bytes[511] == std::byte{0};
}

/// Whether the card holds all that matters.
void expect_holds(const FakeCard& card, const Image& image) {
    for (const Range& range : image.content.ranges) {
        const auto begin = static_cast<std::size_t>(range.begin);
        const auto size = static_cast<std::size_t>(range.size());
        EXPECT_EQ(as_text(ByteView(card.bytes).subspan(begin, size)), image.bytes.substr(begin, size));
    }
}

TEST(FlashCard, WritesWhatMattersAndNothingElse) {
    const Image image;
    FakeCard card(16 * MiB);
    const CardWritten result = flash_card(card, image.content, false, {});
    expect_holds(card, image);
    EXPECT_EQ(result.written, MiB + 4096 + 5 * MiB);
    EXPECT_EQ(result.verified, result.written);
    for (const std::uint64_t place : {2 * MiB, 4 * MiB + 4096, 6 * MiB, 12 * MiB, 16 * MiB - 1})
        EXPECT_EQ(card.bytes[static_cast<std::size_t>(place)], std::byte{0xff}) << place;
}

TEST(FlashCard, TheFirstPageComesLast) {
    const Image image;
    FakeCard card(16 * MiB);
    flash_card(card, image.content, false, {});
    const Range settled{FakeCard::settled, FakeCard::settled};
    EXPECT_THAT(card.writes, testing::ElementsAre(Range{0, MiB}, settled, Range{4 * MiB, 4 * MiB + 4096},
                                                  Range{7 * MiB, 8 * MiB}, Range{8 * MiB, 12 * MiB}, settled,
                                                  Range{4096, MiB}, settled, Range{0, 4096}, settled));
}

TEST(FlashCard, ACardThatIsBeingWrittenSaysSo) {
    const Image image;
    FakeCard card(16 * MiB, 'x');
    std::size_t looked = 0;
    card.before_write = [&](std::uint64_t place) {
        if (card.writes.empty() || place == 0) return;
        ++looked;
        EXPECT_TRUE(starts_nothing(card)) << "before the write to byte " << place;
    };
    flash_card(card, image.content, false, {});
    EXPECT_EQ(looked, 4U);
    EXPECT_FALSE(says_unfinished(card.text(512)));
}

TEST(FlashCard, AnImageOfAFewSectors) {
    Image image(8192);
    image.content.image = memory_content(image.bytes.substr(0, 1000), "card.img");
    image.content.ranges = {{0, 1000}};
    FakeCard card(16 * MiB);
    flash_card(card, image.content, false, {});
    EXPECT_EQ(card.text(1000), image.bytes.substr(0, 1000));
}

TEST(FlashCard, ATooSmallDeviceIsLeftAlone) {
    const Image image;
    FakeCard card(12 * MiB - 512);
    std::string message;
    EXPECT_EQ(code_of(card, image.content, message), ErrorCode::unfit);
    EXPECT_THAT(message, AllOf(HasSubstr("12582912"), HasSubstr("12582400")));
    EXPECT_TRUE(card.writes.empty());
}

TEST(FlashCard, SkipEqualWritesNothingToAnEqualCard) {
    const Image image;
    FakeCard card(16 * MiB);
    flash_card(card, image.content, false, {});
    card.writes.clear();
    const CardWritten result = flash_card(card, image.content, true, {});
    EXPECT_EQ(result.written, 0U);
    EXPECT_EQ(card.written(), 0U);
    EXPECT_EQ(result.verified, MiB + 4096 + 5 * MiB);
}

TEST(FlashCard, SkipEqualWritesThePartsThatDiffer) {
    const Image image;
    FakeCard card(16 * MiB);
    flash_card(card, image.content, false, {});
    card.bytes[7 * MiB + 5] = std::byte{'?'};
    card.writes.clear();
    EXPECT_EQ(flash_card(card, image.content, true, {}).written, MiB + MiB);  // that part, and the head
    expect_holds(card, image);
}

TEST(FlashCard, SkipEqualWritesADifferingHead) {
    const Image image;
    FakeCard card(16 * MiB);
    flash_card(card, image.content, false, {});
    card.bytes[1] = std::byte{'?'};
    EXPECT_EQ(flash_card(card, image.content, true, {}).written, MiB);
    expect_holds(card, image);
}

TEST(FlashCard, ABadSectorLeavesACardThatStartsNothing) {
    for (const bool to_write : {true, false}) {
        const Image image;
        FakeCard card(16 * MiB);
        (to_write ? card.bad_to_write : card.bad_to_read) = {9 * MiB, 9 * MiB + 512};
        std::string message;
        EXPECT_EQ(code_of(card, image.content, message), ErrorCode::io);
        EXPECT_THAT(message, HasSubstr("bad sector"));
        EXPECT_TRUE(starts_nothing(card)) << to_write;
    }
}

TEST(FlashCard, AChangedImageLeavesACardThatStartsNothing) {
    Image image;
    image.content.known = {{{7 * MiB, 12 * MiB}, sha256(as_bytes("another"))}};
    FakeCard card(16 * MiB);
    std::string message;
    EXPECT_EQ(code_of(card, image.content, message), ErrorCode::artifact);
    EXPECT_TRUE(starts_nothing(card));
}

TEST(FlashCard, StoppedAtAnyWriteItSaysSo) {
    const Image image;
    for (std::size_t stop = 1; stop <= 6; ++stop) {
        FakeCard card(16 * MiB);
        CancelToken cancel;
        std::size_t count = 0;
        card.before_write = [&](std::uint64_t) {
            if (++count == stop) cancel.cancel();
        };
        std::string message;
        EXPECT_EQ(code_of(card, image.content, message, false, {nullptr, &cancel}), ErrorCode::cancelled) << stop;
        EXPECT_TRUE(starts_nothing(card)) << stop;
    }
}

TEST(FlashCard, StoppedBeforeTheFirstWriteItStaysAsItWas) {
    const Image image;
    FakeCard card(16 * MiB);
    CancelToken cancel;
    cancel.cancel();
    std::string message;
    EXPECT_EQ(code_of(card, image.content, message, false, {nullptr, &cancel}), ErrorCode::cancelled);
    EXPECT_TRUE(card.writes.empty());
}

TEST(FlashCard, ADeviceThatWrapsAroundIsFoundOut) {
    for (const std::uint64_t real : {8 * MiB, 9 * MiB + 512 * 3 * 8, 11 * MiB}) {
        Image image;
        image.content.ranges = {{0, 12 * MiB}};
        FakeCard card(16 * MiB);
        card.real_size = real;
        card.wraps = true;
        std::string message;
        EXPECT_EQ(code_of(card, image.content, message), ErrorCode::io);
        EXPECT_THAT(message, AllOf(HasSubstr("/dev/fake has fewer bytes than it says"), HasSubstr("replaces byte")));
        EXPECT_TRUE(starts_nothing(card));
    }
}

TEST(FlashCard, ADeviceThatLosesWhatLiesFarBehindIsFoundOut) {
    Image image;
    image.content.ranges = {{0, 12 * MiB}};
    FakeCard card(16 * MiB);
    card.real_size = 10 * MiB;
    std::string message;
    EXPECT_EQ(code_of(card, image.content, message), ErrorCode::io);
    EXPECT_THAT(message, AllOf(HasSubstr("did not keep what was written"), HasSubstr("from byte 10485760 on"),
                               HasSubstr("also after another try")));
    EXPECT_TRUE(starts_nothing(card));
}

TEST(FlashCard, AByteThatComesBackWrongIsFoundOut) {
    const Image image;
    FakeCard card(16 * MiB);
    card.after_read = [](std::uint64_t place, MutableBytes out) {
        if (place <= 9 * MiB && 9 * MiB < place + out.size()) out[9 * MiB - place] ^= std::byte{1};
    };
    std::string message;
    EXPECT_EQ(code_of(card, image.content, message), ErrorCode::io);
    EXPECT_THAT(message, HasSubstr("from byte 9437184 on"));
    EXPECT_TRUE(starts_nothing(card));
}

}  // namespace
}  // namespace rpixen
