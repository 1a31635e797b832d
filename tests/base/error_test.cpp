#include <gtest/gtest.h>

#include <rpixen/error.hpp>
#include <rpixen/progress.hpp>

namespace rpixen {
namespace {

TEST(ErrorTest, CodesAreTheExitStatus) {
    const std::pair<ErrorCode, int> codes[] = {
        {ErrorCode::internal, 1}, {ErrorCode::usage, 2}, {ErrorCode::manifest, 3},     {ErrorCode::artifact, 4},
        {ErrorCode::unfit, 5},    {ErrorCode::io, 6},    {ErrorCode::verification, 7}, {ErrorCode::unavailable, 8}};
    for (const auto& [code, status] : codes) EXPECT_EQ(static_cast<int>(code), status);
    EXPECT_STREQ(name_of(ErrorCode::artifact), "artifact");
    EXPECT_STREQ(name_of(ErrorCode::cancelled), "cancelled");
}

TEST(ErrorTest, AProblemIsOneLine) {
    const Problem problem{"a size is wrong", "17", "16 or 32", "write 16", {"m.json", "/image/size", 4, 13}};
    EXPECT_EQ(problem.text(), "m.json:4:13: /image/size: a size is wrong; found 17; allowed: 16 or 32; write 16");
    EXPECT_EQ((Problem{"nothing more is known"}).text(), "nothing more is known");
}

TEST(ErrorTest, HoldsEveryProblemAndWhatWasDone) {
    Error error(ErrorCode::manifest, {Problem{"one"}, Problem{"two"}});
    EXPECT_STREQ(error.what(), "one\ntwo");
    EXPECT_EQ(error.problems().size(), 2U);
    error.add_context("inner").add_context("outer");
    EXPECT_EQ(error.context(), (std::vector<std::string>{"inner", "outer"}));
}

TEST(ErrorTest, CancellingThrowsOnce) {
    CancelToken token;
    EXPECT_NO_THROW(token.check());
    token.cancel();
    try {
        token.check();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    EXPECT_NO_THROW(Supervision{}.check());
}

TEST(ErrorTest, APartHearsTheWholeAndNotTheReverse) {
    CancelToken whole;
    CancelToken part(&whole);
    const CancelToken other(&whole);
    part.cancel();
    EXPECT_TRUE(part.cancelled());
    EXPECT_FALSE(whole.cancelled());
    EXPECT_FALSE(other.cancelled());
    whole.cancel();
    EXPECT_TRUE(other.cancelled());
    EXPECT_FALSE(CancelToken(nullptr).cancelled());
}

}  // namespace
}  // namespace rpixen
