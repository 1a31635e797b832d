#include "progress_line.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace rpixen::cli {
namespace {

constexpr std::uint64_t MiB = 1024 * 1024;

struct Fixture {
    std::ostringstream out;
    std::ostringstream err;
    double now = 0;
    Surroundings surroundings{.out = out, .err = err, .terminal = true, .seconds = [this] { return now; }};
};

TEST(ProgressLine, TellsShareBytesRateAndRemainingTime) {
    EXPECT_EQ(progress_text("writing", 123 * MiB, 270 * MiB, 1.5),
              "writing  45 %  123.0 of 270.0 MiB  82.0 MiB/s  0:02 left");
    EXPECT_EQ(progress_text("writing", 0, 270 * MiB, 10), "writing  0 %  0.0 of 270.0 MiB");
    EXPECT_EQ(progress_text("reading", 10 * MiB, 0, 2), "reading  10.0 MiB  5.0 MiB/s");
    EXPECT_EQ(progress_text("reading", 10 * MiB, 100 * MiB, 0.1), "reading  10 %  10.0 of 100.0 MiB");
    EXPECT_EQ(progress_text("w", MiB, 3601 * MiB, 1), "w  0 %  1.0 of 3601.0 MiB  1.0 MiB/s  1:00:00 left");
    EXPECT_EQ(progress_text("w", 3 * MiB, 2 * MiB, 1), "w  100 %  3.0 of 2.0 MiB  3.0 MiB/s  0:00 left");
}

TEST(ProgressLine, DrawsOnATerminalTenTimesASecondAtMost) {
    Fixture fixture;
    ProgressLine line(fixture.surroundings, {});
    line.begin({Phase::writing, {}, 100 * MiB});
    for (int step = 1; step <= 1000; ++step) {
        fixture.now += 0.001;
        line.advance(static_cast<std::uint64_t>(step) * MiB / 10);
    }
    const std::string drawn = fixture.err.str();
    EXPECT_THAT(std::count(drawn.begin(), drawn.end(), '\r'), testing::AllOf(testing::Ge(9), testing::Le(12)));
    EXPECT_EQ(drawn.find('\n'), std::string::npos);
    line.clear();
    EXPECT_TRUE(fixture.err.str().ends_with("\r\x1b[K"));
}

TEST(ProgressLine, NeverFillsTheLastColumn) {
    Fixture fixture;
    fixture.surroundings.width = [] { return std::size_t{20}; };
    ProgressLine line(fixture.surroundings, {});
    line.begin({Phase::writing, "a name", 100 * MiB});
    EXPECT_EQ(fixture.err.str(), "\rwriting a name  0 %\x1b[K");
}

TEST(ProgressLine, ANoteStandsOnALineOfItsOwn) {
    Fixture fixture;
    ProgressLine line(fixture.surroundings, {});
    line.begin({Phase::writing});
    line.note("KVM is broken");
    EXPECT_TRUE(fixture.err.str().ends_with("\r\x1b[Krpixen-img: note: KVM is broken\n"));
}

TEST(ProgressLine, SaysNothingIntoAPipeButNotes) {
    Fixture fixture;
    fixture.surroundings.terminal = false;
    ProgressLine line(fixture.surroundings, {});
    line.begin({Phase::writing, {}, 10});
    fixture.now = 5;
    line.advance(5);
    line.note("something");
    EXPECT_EQ(fixture.err.str(), "rpixen-img: note: something\n");
}

TEST(ProgressLine, VerboseTellsThePhasesIntoAPipe) {
    Fixture fixture;
    fixture.surroundings.terminal = false;
    ProgressLine line(fixture.surroundings, {.verbose = true});
    line.begin({Phase::writing, {}, 10});
    EXPECT_EQ(fixture.err.str(), "rpixen-img: note: writing\n");
}

TEST(ProgressLine, QuietIsSilent) {
    Fixture fixture;
    {
        ProgressLine line(fixture.surroundings, {.quiet = true});
        line.begin({Phase::writing, {}, 10});
        fixture.now = 5;
        line.advance(5);
        line.note("something");
    }
    EXPECT_EQ(fixture.err.str(), "");
}

}  // namespace
}  // namespace rpixen::cli
