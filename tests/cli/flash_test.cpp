#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include <rpixen/error.hpp>

#include "run.hpp"

namespace rpixen::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

/// Runs `flash` in this process, with a library that asks and remembers, but writes nothing.
struct Program {
    std::ostringstream out;
    std::ostringstream err;
    std::istringstream in;
    Surroundings surroundings{.out = out, .err = err, .in = &in};
    Actions actions;
    FlashRequest request;
    int flashed = 0;

    Program() {
        actions.candidates = [] { return FlashDisks{{{"/dev/sdb", "SanDisk Ultra", 31'914'983'424, true, ""}}}; };
        actions.flash = [this](const FlashRequest& wish, const Supervision&) {
            request = wish;
            FlashResult result;
            result.disk = {"/dev/sdb", "SanDisk Ultra", 31'914'983'424, true, ""};
            if (wish.confirm && !wish.confirm(result.disk)) throw Error(ErrorCode::cancelled, "nothing was written");
            ++flashed;
            result.written = result.verified = 5 << 20;
            result.notes.push_back("a note");
            return result;
        };
        actions.rules = [] { return std::span<const DiagnosticRule>(); };
    }
    int operator()(const std::vector<std::string>& arguments, const std::string& answer = {}) {
        in.str(answer);
        in.clear();
        return run(arguments, surroundings, actions);
    }
    void on_a_terminal() { surroundings.terminal = surroundings.terminal_in = true; }
};

TEST(Flash, WithoutADeviceTheDisksAreListed) {
    Program program;
    EXPECT_EQ(program({"flash", "card.img"}), 0);
    EXPECT_THAT(program.out.str(), AllOf(HasSubstr("/dev/sdb"), HasSubstr("SanDisk Ultra"), HasSubstr("31.9 GB"),
                                         HasSubstr("rpixen-img flash card.img DEVICE")));
    EXPECT_EQ(program.flashed, 0);
}

TEST(Flash, YesAsksNobody) {
    Program program;
    EXPECT_EQ(program({"flash", "card.img", "/dev/sdb", "--yes"}), 0);
    EXPECT_EQ(program.request.subject, "card.img");
    EXPECT_EQ(program.request.device, "/dev/sdb");
    EXPECT_TRUE(program.request.insisted);
    EXPECT_FALSE(program.request.skip_equal);
    EXPECT_FALSE(program.request.confirm);
    EXPECT_EQ(program.out.str(), "note: a note\n/dev/sdb: 5.0 MiB written; 5.0 MiB read back and found equal\n");
}

TEST(Flash, WhereNobodyCanBeAskedYesIsNeeded) {
    for (const bool err_only : {true, false}) {
        Program program;
        program.surroundings.terminal = err_only;
        program.surroundings.terminal_in = !err_only;
        EXPECT_EQ(program({"flash", "card.img", "/dev/sdb"}, "y\n"), 2);
        EXPECT_THAT(program.err.str(), HasSubstr("--yes"));
        EXPECT_EQ(program.flashed, 0);
    }
}

TEST(Flash, OnATerminalTheAnswerDecides) {
    for (const auto& [answer, status] : {std::pair{"y\n", 0}, std::pair{"yes\n", 0}, std::pair{"n\n", 130},
                                         std::pair{"\n", 130}, std::pair{"yesterday\n", 130}, std::pair{"", 130}}) {
        Program program;
        program.on_a_terminal();
        EXPECT_EQ(program({"flash", "card.img", "/dev/sdb"}, answer), status) << answer;
        EXPECT_EQ(program.flashed, status == 0 ? 1 : 0) << answer;
        EXPECT_FALSE(program.request.insisted);
        EXPECT_THAT(program.err.str(), HasSubstr("All that /dev/sdb (SanDisk Ultra, 31.9 GB) holds will be lost"));
    }
}

TEST(Flash, AManifestOnStandardInputAndItsOptions) {
    Program program;
    EXPECT_EQ(program({"flash", "-", "/dev/sdb", "--yes", "--skip-equal", "-C", "kit"}, "{}"), 0);
    EXPECT_TRUE(program.request.skip_equal);
    EXPECT_THAT(program.request.subject, IsEmpty());
    EXPECT_FALSE(program.request.manifest.empty());
}

TEST(Flash, QuietSaysNothing) {
    Program program;
    EXPECT_EQ(program({"flash", "card.img", "/dev/sdb", "--yes", "--quiet"}), 0);
    EXPECT_EQ(program.out.str() + program.err.str(), "");
}

}  // namespace
}  // namespace rpixen::cli
