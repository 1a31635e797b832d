#include "unpack/blocks_ahead.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

namespace rpixen {
namespace {

/// Fills blocks with their numbers; at number `end` it ends, or throws.
BlocksAhead::Fill numbers(int end, bool throws = false) {
    return [number = 0, end, throws](Block& block) mutable {
        if (number == end && throws) throw std::runtime_error("the end");
        if (number == end) return false;
        block.bytes.assign(100, static_cast<std::byte>(number++));
        block.filled = 10;
        return true;
    };
}

TEST(BlocksAhead, ComeInOrderWithAnyRing) {
    for (const std::size_t size : {1U, 2U, 3U, 6U, 7U, 32U})
        for (const int end : {0, 1, 2, 5, 6, 7, 100}) {
            BlocksAhead blocks(numbers(end), std::vector<Block>(size));
            for (int number = 0; number < end; ++number) {
                const ByteView block = blocks.next();
                ASSERT_EQ(block.size(), 10U) << size << ' ' << number;
                EXPECT_EQ(block[9], static_cast<std::byte>(number));
            }
            EXPECT_TRUE(blocks.next().empty());
            EXPECT_TRUE(blocks.next().empty()) << "asked again";
            EXPECT_EQ(blocks.take_ring().size(), size);
        }
}

TEST(BlocksAhead, WhatFillingThrewComesBehindTheLastBlock) {
    for (const std::size_t size : {1U, 2U, 6U}) {
        BlocksAhead blocks(numbers(3, true), std::vector<Block>(size));
        for (int number = 0; number < 3; ++number) EXPECT_EQ(blocks.next().size(), 10U);
        EXPECT_THROW(blocks.next(), std::runtime_error);
    }
}

TEST(BlocksAhead, MayBeLeftAnywhere) {
    for (int taken = 0; taken < 20; ++taken) {
        BlocksAhead blocks(numbers(15), std::vector<Block>(6));
        for (int number = 0; number < taken; ++number) blocks.next();
    }
}

TEST(BlocksAhead, NoMoreThanTheRingIsFilledAhead) {
    std::atomic<int> filled{0};
    BlocksAhead blocks(
        [&](Block& block) {
            ++filled;
            block.bytes.resize(1);
            return (block.filled = 1) != 0;
        },
        std::vector<Block>(4));
    for (int number = 0; number < 1000; ++number) {
        blocks.next();
        ASSERT_LE(filled, number + 1 + 4);
    }
}

}  // namespace
}  // namespace rpixen
