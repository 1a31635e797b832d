#include "base/budget.hpp"

#include <gtest/gtest.h>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

TEST(Budget, WhatItHasCanBeSpentAndNoMore) {
    Spending spending({.of = "a toy", .steps = 3, .bytes = 10});
    spending.steps(2);
    EXPECT_TRUE(spending.has_left());
    spending.steps();
    EXPECT_FALSE(spending.has_left());
    try {
        spending.steps();
        FAIL() << "a fourth step";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_EQ(error.problems()[0].found, "more than 3 steps");
        EXPECT_EQ(error.problems()[0].allowed, "at most 3");
    }
}

TEST(Budget, DepthIsOfOneMoment) {
    const Spending spending({.of = "a toy", .depth = 2});
    spending.depth(2);
    EXPECT_THROW(spending.depth(3), Error);
}

TEST(Budget, LargeCountsDoNotWrapAround) {
    Spending spending({.of = "a toy", .steps = 10});
    spending.steps(5);
    EXPECT_THROW(spending.steps(Budget::unlimited - 2), Error);
    Spending free({.of = "a toy"});
    free.steps(Budget::unlimited - 1);
    EXPECT_TRUE(free.has_left());
}

}  // namespace
}  // namespace rpixen
