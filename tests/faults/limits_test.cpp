#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "faults/fault_table.hpp"

// The limits that a build server sets: no thread, little memory.

namespace rpixen::test {
namespace {

using testing::HasSubstr;

TEST(Limits, WithoutAnyThreadItIsDoneWithOne) {
    for (const bool packed : {false, true}) {
        const FaultBench bench{Setting{.packed = packed}};
        const Outcome outcome = bench.compose({Call::thread, 1, Effect::error, EAGAIN, true});
        EXPECT_GT(outcome.injected, 0U);
        EXPECT_EQ(outcome.run.status, 0) << outcome.run.err;
        EXPECT_EQ(bench.judge(outcome), "");
    }
}

TEST(Limits, TooLittleMemoryIsSaidSo) {
    const FaultBench bench{Setting{.packed = true}};
    FaultTable table;
    const int step = whole_table() ? 1 : 16;
    int refused = 0;
    for (int mebibytes = 16; mebibytes <= 256; mebibytes += step) {
        const Outcome outcome = bench.compose_within(mebibytes);
        // Less than the program's libraries take: the loader says so.
        const bool loaded = outcome.run.status != 127;
        if (loaded) {
            EXPECT_EQ(bench.judge(outcome), "") << mebibytes << " MiB";
            if (outcome.run.status != 0) {
                ++refused;
                EXPECT_EQ(outcome.run.status, 6) << mebibytes << " MiB\n" << outcome.run.err;
            }
        } else {
            EXPECT_THAT(outcome.run.err, HasSubstr("error while loading shared libraries"));
        }
        table.add(loaded ? "ulimit -v" : "ulimit -v, not loaded", static_cast<std::uint32_t>(240 / step), outcome,
                  bench.pair());
        bench.restore();
    }
    std::cout << table.text();
    EXPECT_EQ(bench.judge(bench.compose_within(1024)), "");
}

}  // namespace
}  // namespace rpixen::test
