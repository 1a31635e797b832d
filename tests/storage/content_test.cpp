#include "storage/content.hpp"

#include <gtest/gtest.h>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

TEST(ContentTest, InMemory) {
    Content content = memory_content("0123456789", "ten");
    EXPECT_EQ(content.size, 10U);
    EXPECT_EQ(content.source->name(), "ten");
    EXPECT_EQ(as_text(read_all(content)), "0123456789");
    content.position = 3;
    content.size = 4;
    EXPECT_EQ(as_text(read_all(content)), "3456");
    const auto open = content.open();
    EXPECT_EQ(open->descriptor(), -1);
    Bytes two(2);
    open->read(1, two);
    EXPECT_EQ(as_text(two), "45");
    EXPECT_NO_THROW(open->check_unchanged());
}

TEST(ContentTest, ReadingBeyondTheEndIsRefused) {
    const Content content = memory_content("0123456789", "ten");
    Bytes bytes(5);
    EXPECT_THROW(content.open()->read(6, bytes), Error);
    EXPECT_THROW(content.open()->read(~std::uint64_t{0}, bytes), Error);
}

TEST(ContentTest, Empty) {
    EXPECT_TRUE(read_all(memory_content("", "empty")).empty());
}

TEST(ContentTest, OutlivesItsMaker) {
    std::unique_ptr<OpenContent> open = memory_content("still there", "gone").open();
    Bytes bytes(11);
    open->read(0, bytes);
    EXPECT_EQ(as_text(bytes), "still there");
}

}  // namespace
}  // namespace rpixen
