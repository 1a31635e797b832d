#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>

#include "faults/fault_table.hpp"

// Every call of the system fails once at each of its places: whatever happens, image and report are both old or
// both new.

namespace rpixen::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

void write_file(const std::string& path, const std::string& content) {
    std::ofstream(path) << content;
}

struct Way {
    Effect effect;
    int value;
    bool and_later = false;
};

/// How a call can fail.
std::vector<Way> ways(Call call) {
    const Way io{Effect::error, EIO};
    const Way space{Effect::error, ENOSPC};
    const Way interrupted{Effect::error, EINTR};
    const Way part{Effect::short_count, 0};
    const Way for_good{Effect::error, EIO, true};
    switch (call) {
        case Call::write:
        case Call::pwrite:
        case Call::pwritev:
            return {io, space, interrupted, part, {Effect::error, ENOSPC, true}};
        case Call::copy_file_range:
            return {io, space, interrupted, part, {Effect::error, EXDEV}};
        case Call::fallocate:
            return {io, space, interrupted, {Effect::error, EOPNOTSUPP, true}};
        case Call::unlink:
            return {};  // counted for signals; what cannot be removed stays until a later run
        case Call::memory:
            return {};  // limits_test.cpp
        case Call::rename:
            return {io, space, interrupted};
        case Call::fchmod:
            return {io, {Effect::error, EPERM}};
        case Call::link:
            return {io, space, {Effect::error, EPERM, true}};
        case Call::read:
        case Call::pread:
            return {io, interrupted, part, for_good};
        case Call::mmap:
            return {{Effect::error, ENOMEM}};
        case Call::thread:
            return {{Effect::error, EAGAIN}, {Effect::error, EAGAIN, true}};
        case Call::open:
            return {io, space, interrupted, {Effect::error, EMFILE, true}};
        default:
            return {io, space, interrupted, for_good};
    }
}

class FailingCalls : public testing::TestWithParam<Setting> {
  protected:
    FaultBench bench_{GetParam()};
};

TEST_P(FailingCalls, TheShimIsHeard) {
    Outcome outcome = bench_.compose({});
    EXPECT_EQ(outcome.run.status, 0) << outcome.run.err;
    EXPECT_EQ(outcome.injected, 0U);
    EXPECT_EQ(bench_.pair(), Pair::newer);
    bench_.restore();
    const std::uint32_t last = outcome.counts[static_cast<std::size_t>(Call::pwrite)];
    ASSERT_GT(last, 3U);
    outcome = bench_.compose({Call::pwrite, 3, Effect::error, EIO});
    EXPECT_EQ(outcome.run.status, 6);
    EXPECT_EQ(outcome.injected, 1U);
    EXPECT_THAT(outcome.run.err, HasSubstr("Input/output error"));
    EXPECT_EQ(bench_.pair(), Pair::older);
    // A place that does not come.
    outcome = bench_.compose({Call::pwrite, last + 1000, Effect::error, EIO});
    EXPECT_EQ(outcome.run.status, 0);
    EXPECT_EQ(outcome.injected, 0U);
    EXPECT_EQ(bench_.pair(), Pair::newer);
}

TEST_P(FailingCalls, TheJudgeSeesWhatIsWrong) {
    Outcome good = bench_.compose({});
    EXPECT_EQ(bench_.judge(good), "");
    write_file(bench_.out("stray"), "");
    EXPECT_THAT(bench_.judge(good), HasSubstr("stray was left"));
    bench_.restore();
    EXPECT_THAT(bench_.judge(good), HasSubstr("does not fit"));
    std::filesystem::remove(bench_.out("report.json"));
    write_file(bench_.out("report.json"), "{}");
    EXPECT_THAT(bench_.judge(good), HasSubstr("do not belong together"));
    bench_.restore();
    good.run.status = 1;
    EXPECT_THAT(bench_.judge(good), testing::AllOf(HasSubstr("status 1"), HasSubstr("no message")));
}

TEST_P(FailingCalls, ImageAndReportStayTogether) {
    const Outcome sound = bench_.compose({});
    ASSERT_EQ(bench_.judge(sound), "");
    bench_.restore();
    FaultTable table;
    for (std::uint32_t number = 0; number < static_cast<std::uint32_t>(Call::count); ++number) {
        const auto call = static_cast<Call>(number);
        const std::uint32_t places = sound.counts[number];
        std::uint32_t shift = 0;
        for (const Way& way : ways(call)) {
            for (std::uint32_t place : sample(places, whole_table() ? places : 3)) {
                // Each way takes other places of the sample.
                if (!whole_table() && place != 1) place -= std::min(place - 1, shift);
                const Fault fault{call, place, way.effect, way.value, way.and_later};
                const Outcome outcome = bench_.compose(fault);
                EXPECT_EQ(bench_.judge(outcome), "") << fault.text();
                table.add(fault.kind(), places, outcome, bench_.pair());
                bench_.restore();
            }
            ++shift;
        }
        if (whole_table()) std::cout << GetParam().text() << ": " << call_names[number] << " is done" << std::endl;
    }
    std::cout << GetParam().text() << '\n' << table.text();
}

TEST_P(FailingCalls, WhereNothingCanBeRenamedBackALaterRunDoesIt) {
    const Outcome failed = bench_.compose({Call::rename, 2, Effect::error, EIO, true});
    EXPECT_EQ(failed.run.status, 6);
    EXPECT_EQ(bench_.pair(), Pair::mixed);
    EXPECT_EQ(bench_.compose({Call::fsync, 1, Effect::error, EIO}).run.status, 6);
    EXPECT_EQ(bench_.pair(), Pair::older);
    EXPECT_THAT(bench_.leftovers(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, FailingCalls,
                         testing::Values(Setting{.unnamed = true, .packed = false},
                                         Setting{.unnamed = false, .packed = true}),
                         [](const auto& of) { return of.param.unnamed ? "Unnamed" : "Named"; });

}  // namespace
}  // namespace rpixen::test
