#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <iostream>
#include <vector>

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

TEST(Limits, AddressSpaceThatDoesNotDoIsToldOf) {
    const FaultBench bench{Setting{.packed = true}};
    FaultTable table;
    const int step = whole_table() ? 128 : 3000;  // KiB
    int refused = 0;
    int done = 0;
    for (int kibibytes = 32'000; kibibytes <= 72'000; kibibytes += step) {
        const Outcome outcome = bench.compose_after("ulimit -v " + std::to_string(kibibytes) + "; exec ");
        // Less than the program's libraries take: the loader says so.
        const bool loaded = outcome.run.status != 127;
        if (loaded) {
            EXPECT_EQ(bench.judge(outcome), "") << kibibytes << " KiB";
            EXPECT_THAT(outcome.run.status, testing::AnyOf(0, 6)) << kibibytes << " KiB\n" << outcome.run.err;
            ++(outcome.run.status == 0 ? done : refused);
        } else {
            EXPECT_THAT(outcome.run.err, HasSubstr("error while loading shared libraries"));
        }
        table.add(loaded ? "ulimit -v" : "ulimit -v, not loaded", 0, outcome, bench.pair());
        bench.restore();
    }
    std::cout << table.text();
    EXPECT_GT(refused, 0);
    EXPECT_GT(done, 0);
}

/// Memory that is not to be had once, or not any more. Where even unwinding has none, a temporary name may stay
/// for the next run to remove.
TEST(Limits, MemoryThatIsNotToBeHadIsToldOf) {
    for (const bool unnamed : {true, false}) {
        const FaultBench bench{Setting{.unnamed = unnamed}};
        const std::uint32_t places = bench.compose({}).counts[static_cast<std::size_t>(Call::memory)];
        bench.restore();
        ASSERT_GT(places, 1000U);
        FaultTable table;
        std::vector<std::uint32_t> chosen = sample(places, whole_table() ? 250 : 12);
        for (std::uint32_t place = places - 16; place < places; ++place) chosen.push_back(place);  // names are given
        for (const bool and_later : {false, true})
            for (const std::uint32_t place : chosen) {
                const Fault fault{Call::memory, place, Effect::error, ENOMEM, and_later};
                const Outcome outcome = bench.compose(fault);
                EXPECT_THAT(outcome.run.status, testing::AnyOf(0, 6)) << fault.text();
                if (!bench.leftovers().empty()) {
                    EXPECT_FALSE(unnamed) << fault.text();
                    EXPECT_EQ(bench.compose({Call::fsync, 1, Effect::error, EIO}).run.status, 6);
                }
                EXPECT_EQ(bench.judge(outcome), "") << fault.text();
                table.add(fault.kind(), places, outcome, bench.pair());
                bench.restore();
            }
        std::cout << table.text();
    }
}

}  // namespace
}  // namespace rpixen::test
