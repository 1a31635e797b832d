#include "depfile.hpp"

#include <gmock/gmock.h>

#include <rpixen/error.hpp>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::cli {
namespace {

using testing::HasSubstr;

const std::vector<std::string> hard_names{"plain",       "with space",   "hash#tag",    "dollar$x", "a:b",
                                          "back\\slash", "back\\ space", "back\\#hash", "p%q",      "tail\\"};

TEST(Depfile, HasARuleAndAnEmptyOneForEachInput) {
    const std::vector<std::string> inputs{"a", "b c"};
    EXPECT_EQ(depfile("card.img", inputs), "card.img: \\\n  a \\\n  b\\ c\n\na:\n\nb\\ c:\n");
}

TEST(Depfile, ALineBreakCannotBeSaid) {
    const std::vector<std::string> inputs{"a\nb"};
    try {
        depfile("card.img", inputs);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
    }
}

// make itself says what it understood: it would make the output of what is there, and names what is missing.
TEST(Depfile, MakeReadsEveryName) {
    const test::TemporaryFolder folder;
    for (const std::string& name : hard_names) {
        if (name == "p%q" || name == "tail\\")
            continue;  // a pattern rule, a continued line: make has no way to say them
        folder.write(name, "");
        const std::vector<std::string> inputs{folder / name};
        folder.write("rules.d", depfile(folder / "out", inputs));
        folder.write("Makefile", "include " + (folder / "rules.d") + "\n" + (folder / "out") + ":\n\ttouch '$@'\n");
        test::run({"make", "-s", "-f", folder / "Makefile", folder / "out"});
        const auto quiet = test::run({"make", "-q", "-f", folder / "Makefile", folder / "out"});
        EXPECT_EQ(quiet.status, 0) << name << quiet.err;
        test::run({"touch", "-d", "+1 hour", folder / name});
        EXPECT_EQ(test::run({"make", "-q", "-f", folder / "Makefile", folder / "out"}).status, 1) << name;
        test::run({"rm", folder / "out"});
    }
}

TEST(Depfile, NinjaReadsEveryName) {
    const test::TemporaryFolder folder;
    // ninja and make differ where a backslash stands before what has to be quoted, and at the end.
    std::vector<std::string> names = hard_names;
    std::erase_if(names, [](const std::string& name) { return name == "back\\#hash" || name == "tail\\"; });
    folder.write("rules.d", depfile("out", names));
    folder.write(
        "build.ninja",
        "rule copy\n  command = cp rules.d out.d && touch out\n  depfile = out.d\n  deps = gcc\nbuild out: copy\n");
    const auto built = test::run({"ninja", "-C", folder.path().string()});
    ASSERT_EQ(built.status, 0) << built.out << built.err;
    const std::string known = test::run({"ninja", "-C", folder.path().string(), "-t", "deps", "out"}).out;
    for (const std::string& name : names) EXPECT_THAT(known, HasSubstr("    " + name + "\n"));
}

}  // namespace
}  // namespace rpixen::cli
