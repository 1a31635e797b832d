#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "faults/fault_table.hpp"

// The result that cannot be printed is a failure like any other: nothing is replaced.

namespace rpixen::test {
namespace {

using testing::HasSubstr;

constexpr const char* forms[] = {"--no-sync", "--json", "--verbose"};

TEST(StandardOutput, ThatCannotBeWrittenLeavesTheOlderFiles) {
    const FaultBench bench{Setting{}};
    for (const std::string form : forms)
        for (const char* redirection : {" >&-", " >/dev/full"}) {
            const Outcome outcome = bench.compose({}, form + redirection);
            EXPECT_EQ(outcome.run.status, 6) << form << redirection;
            EXPECT_THAT(outcome.run.err, HasSubstr("cannot write to standard output"));
            EXPECT_EQ(bench.judge(outcome), "") << form << redirection;
        }
}

TEST(StandardOutput, WithoutAReaderLeavesTheOlderFiles) {
    const FaultBench bench{Setting{}};
    for (const char* form : forms) {
        const Outcome outcome = bench.compose_into_closed_pipe(form);
        EXPECT_EQ(outcome.run.status, 6) << form;
        EXPECT_THAT(outcome.run.err, HasSubstr("cannot write to standard output; found its reader has gone"));
        EXPECT_EQ(bench.judge(outcome), "") << form;
    }
}

TEST(StandardOutput, HoldsOneDocumentWhateverFails) {
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
