#include "release/checksums.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

const std::string one(64, '1');

std::string problem_of(const std::string& text) {
    try {
        parse_checksums(text, "SHA256SUMS");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        return error.problems().front().found;
    }
    return {};
}

TEST(Checksums, Sha256sumChecksThem) {
    const TemporaryFolder folder;
    std::vector<ReleaseFile> files;
    for (const char* name : {"b.img", "a b.json", "B.img"}) {
        folder.write(name, name);
        files.push_back({name, 0, run_ok({"sha256sum"}, name).substr(0, 64)});
    }
    folder.write("SHA256SUMS", format_checksums(files));
    run_ok({"sh", "-c", "cd '" + folder.path().string() + "' && sha256sum --strict --quiet -c SHA256SUMS"});
    std::vector<std::string> names;
    for (const ReleaseFile& file : read_checksums(folder.path().string())) names.push_back(file.name);
    EXPECT_THAT(names, testing::ElementsAre("B.img", "a b.json", "b.img"));

    folder.write("b.img", "changed");
    EXPECT_NE(run({"sh", "-c", "cd '" + folder.path().string() + "' && sha256sum --strict -c SHA256SUMS"}).status, 0);
}

TEST(Checksums, LinesThatAreNone) {
    EXPECT_EQ(problem_of(one + "  a"), "line 1: it does not end");
    EXPECT_EQ(problem_of(one + "  a\n\n"), "line 2: no digest and name");
    EXPECT_EQ(problem_of(one + " a\n"), "line 1: no digest and name");
    EXPECT_EQ(problem_of(one + "  \n"), "line 1: no digest and name");
    EXPECT_EQ(problem_of(std::string(64, 'A') + "  a\n"), "line 1: no digest and name");
    for (const char* name : {"../a", "/a", "a/b", "..", ".", "a\\b", "a\rb", "SHA256SUMS", "SHA256SUMS.sig"})
        EXPECT_EQ(problem_of(one + "  " + name + "\n"), "line 1: no name of a file beside it") << name;
    EXPECT_EQ(problem_of(one + "  a\n" + one + "  a\n"), "line 2: a name that stands there already");
    EXPECT_EQ(problem_of(""), "");
}

TEST(Checksums, HowMany) {
    std::string text;
    for (int line = 0; line < 64; ++line) text += one + "  " + std::to_string(line) + "\n";
    EXPECT_EQ(parse_checksums(text, "").size(), 64U);
    EXPECT_EQ(problem_of(text + one + "  more\n"), "line 65: one more");
}

}  // namespace
}  // namespace rpixen::test
