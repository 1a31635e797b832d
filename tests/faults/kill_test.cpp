#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>

#include "faults/fault_table.hpp"

// What a run leaves that was killed, the next one cleans up: also where that one fails.

namespace rpixen::test {
namespace {

using testing::IsEmpty;

class Killed : public testing::TestWithParam<Setting> {
  protected:
    FaultBench bench_{GetParam()};
};

TEST_P(Killed, ALaterRunCleansUp) {
    const Outcome sound = bench_.compose({});
    bench_.restore();
    const std::uint32_t last = sound.counts.back();
    std::vector<std::uint32_t> places = sample(last, whole_table() ? last : 10);
    for (std::uint32_t place = last - 20; place <= last; ++place) places.push_back(place);  // the names are given there
    FaultTable table;
    unsigned left = 0;
    unsigned half_done = 0;
    for (const std::uint32_t place : places) {
        const Outcome killed = bench_.compose({Call::count, place, Effect::signal, SIGKILL});
        ASSERT_EQ(killed.run.signal, SIGKILL) << place << " of " << last;
        if (!bench_.leftovers().empty()) ++left;
        if (bench_.pair() == Pair::mixed) ++half_done;
        table.add("killed", last, killed, bench_.pair());

        const Outcome failed = bench_.compose({Call::fsync, 1, Effect::error, EIO});
        EXPECT_EQ(failed.run.status, 6) << place;
        EXPECT_NE(bench_.pair(), Pair::mixed) << "killed at call " << place << " of " << last;
        EXPECT_THAT(bench_.leftovers(), IsEmpty()) << "killed at call " << place << " of " << last;
        table.add("a later run that fails", last, failed, bench_.pair());
        bench_.restore();
    }
    EXPECT_GT(left, 0U) << "no run was killed where it leaves something";
    EXPECT_GT(half_done, 0U) << "no run was killed between its two names";
    std::cout << GetParam().text() << ": left something " << left << ", between the two names " << half_done << '\n'
              << table.text();
}

/// The report is not there yet, so that the older state is none.
TEST_P(Killed, AReportThatWasNotThereGoesAgain) {
    const Outcome sound = bench_.compose({});
    bench_.restore();
    const std::uint32_t last = sound.counts.back();
    bool half_done = false;
    for (std::uint32_t place = last - 20; place <= last; ++place) {
        std::filesystem::remove(bench_.out("report.json"));
        ASSERT_EQ(bench_.compose({Call::count, place, Effect::signal, SIGKILL}).run.signal, SIGKILL);
        const bool old_image = bench_.has_older_image();
        half_done = half_done || (old_image && std::filesystem::exists(bench_.out("report.json")));
        EXPECT_EQ(bench_.compose({Call::fsync, 1, Effect::error, EIO}).run.status, 6);
        EXPECT_EQ(bench_.has_older_image(), old_image);
        EXPECT_EQ(std::filesystem::exists(bench_.out("report.json")), !old_image) << place << " of " << last;
        EXPECT_THAT(bench_.leftovers(), IsEmpty());
        bench_.restore();
    }
    EXPECT_TRUE(half_done);
}

INSTANTIATE_TEST_SUITE_P(, Killed,
                         testing::Values(Setting{.unnamed = true, .packed = false},
                                         Setting{.unnamed = false, .packed = true}),
                         [](const auto& of) { return of.param.unnamed ? "Unnamed" : "Named"; });

}  // namespace
}  // namespace rpixen::test
