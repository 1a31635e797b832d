#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "faults/fault_table.hpp"

// The result that cannot be printed is a failure like any other: nothing is replaced.

namespace rpixen::test {
namespace {

using testing::HasSubstr;

class StandardOutput : public testing::TestWithParam<std::string> {
  protected:
    FaultBench bench_{Setting{}};
};

TEST_P(StandardOutput, ThatCannotBeWrittenLeavesTheOlderFiles) {
    for (const char* redirection : {">&-", ">/dev/full"}) {
        const Outcome outcome = bench_.compose({}, GetParam() + " " + redirection);
        EXPECT_EQ(outcome.run.status, 6) << redirection;
        EXPECT_THAT(outcome.run.err, HasSubstr("cannot write to standard output"));
        EXPECT_EQ(bench_.judge(outcome), "") << redirection;
    }
}

TEST_P(StandardOutput, WithoutAReaderLeavesTheOlderFiles) {
    const Outcome outcome = bench_.compose_into_closed_pipe(GetParam());
    EXPECT_EQ(outcome.run.status, 6);
    EXPECT_THAT(outcome.run.err, HasSubstr("cannot write to standard output; found its reader has gone"));
    EXPECT_EQ(bench_.judge(outcome), "");
}

INSTANTIATE_TEST_SUITE_P(, StandardOutput, testing::Values("--no-sync", "--json", "--verbose"),
                         [](const auto& of) { return of.param.substr(of.param.rfind('-') + 1); });

TEST(StandardOutputJson, HoldsOneDocumentWhateverFails) {
    const FaultBench bench{Setting{}};
    const Outcome sound = bench.compose({}, "--json");
    ASSERT_EQ(sound.run.status, 0) << sound.run.err;
    bench.restore();
    for (const Call call : {Call::fsync, Call::link, Call::rename})
        for (std::uint32_t place = 1; place <= sound.counts[static_cast<std::size_t>(call)]; ++place) {
            const Outcome outcome = bench.compose({call, place, Effect::error, EIO}, "--json");
            EXPECT_EQ(bench.judge(outcome), "");
            EXPECT_TRUE(nlohmann::json::accept(outcome.run.out)) << outcome.run.out;
            bench.restore();
        }
}

}  // namespace
}  // namespace rpixen::test
