#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"

// What the program writes does no harm: not to its inputs, not to other outputs, not to what a name stands
// for.

namespace rpixen {
namespace {

using test::read_file;
using testing::HasSubstr;

const std::string program = RPIXEN_PROGRAM;

class OutputsProgram : public testing::Test {
  protected:
    /// The program with a shell's redirections, in the test's folder.
    test::Run shell(const std::string& arguments) const {
        return test::run({"sh", "-c", "cd '" + folder_.path().string() + "' && '" + program + "' " + arguments});
    }
    static std::string compose(const std::string& options) {
        return "compose manifest.json --no-sync --quiet " + options;
    }
    std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
            if (entry.is_regular_file()) found[entry.path().string()] = read_file(entry.path());
        return found;
    }
    void expect_refused(const std::string& arguments, int status = 2) const {
        const auto before = files();
        const test::Run result = shell(arguments);
        EXPECT_EQ(result.status, status) << arguments << "\n" << result.err;
        EXPECT_TRUE(files() == before) << arguments << " changed files";
    }

    test::TemporaryFolder folder_;
    test::ArtifactKit kit_{folder_};
};

TEST_F(OutputsProgram, InputsAreNotReplaced) {
    std::filesystem::create_symlink("Image", folder_ / "link");
    std::filesystem::create_hard_link(folder_ / "rootfs.tar", folder_ / "hard");
    for (const char* input : {"manifest.json", "Image", "xen", "./u-boot.bin", "rootfs.tar", "link", "hard"}) {
        expect_refused(compose(std::string("-o ") + input));
        expect_refused(compose(std::string("-o out.img --report ") + input));
        expect_refused(std::string("plan manifest.json --quiet --svg ") + input);
    }
}

TEST_F(OutputsProgram, OutputsAreNotEachOther) {
    expect_refused(compose("-o out.img --report out.img"));
    expect_refused(compose("-o out.img --report ./out.img"));
    std::filesystem::create_symlink("out.img", folder_ / "same");
    expect_refused(compose("-o out.img --report same"));
    folder_.write("out.img", "older");
    expect_refused(compose("-o out.img --report same"));
}

TEST_F(OutputsProgram, ALogDoesNotEmptyTheImage) {
    ASSERT_EQ(shell(compose("-o out.img")).status, 0);
    std::filesystem::create_symlink("out.img", folder_ / "link");
    const auto size = std::filesystem::file_size(folder_ / "out.img");
    for (const char* log : {"out.img", "link", "-"}) {
        const test::Run result = shell(std::string("boot out.img --until xen --log ") + log);
        EXPECT_EQ(result.status, 2) << log << "\n" << result.err;
        EXPECT_EQ(std::filesystem::file_size(folder_ / "out.img"), size) << log;
        EXPECT_FALSE(std::filesystem::exists(folder_ / "-"));
    }
}

TEST_F(OutputsProgram, StandardOutputIsRefused) {
    expect_refused(compose("-o -"));
    expect_refused(compose("-o out.img --report -"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "-"));
    const test::Run dash = shell(compose("-o ./-"));
    EXPECT_EQ(dash.status, 0) << dash.err;
    EXPECT_TRUE(std::filesystem::exists(folder_ / "-"));
}

TEST_F(OutputsProgram, DescriptorsAreRefused) {
    // Through a link of its own and not by /dev/stdout's, which would be replaced where this fails.
    std::filesystem::create_symlink("/proc/self/fd/1", folder_ / "so");
    expect_refused(compose("-o so"), 6);
    expect_refused(compose("-o out.img --report so"), 6);
    const test::Run result = shell(compose("-o so > captured"));
    EXPECT_EQ(result.status, 6);
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "so"));
    EXPECT_EQ(read_file(folder_ / "captured"), "");
}

TEST_F(OutputsProgram, ASymlinkIsFollowed) {
    folder_.write("big/card.img", "");
    std::filesystem::create_symlink("big/card.img", folder_ / "card.img");
    std::filesystem::create_symlink("big/report.json", folder_ / "report.json");
    const test::Run result = shell(compose("-o card.img --report report.json"));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "card.img"));
    EXPECT_GT(std::filesystem::file_size(folder_ / "big/card.img"), 1'000'000U);
    EXPECT_GT(std::filesystem::file_size(folder_ / "big/report.json"), 100U);
}

TEST_F(OutputsProgram, AFailedImageKeepsItsReport) {
    folder_.write("out/card.img", "older image");
    folder_.write("out/report.json", "older report");
    folder_.write("xen", "no Xen");
    const std::string arguments = compose("-o out/card.img --report out/report.json");
    EXPECT_EQ(shell(arguments).status, 4);
    EXPECT_EQ(read_file(folder_ / "out/report.json"), "older report");
    EXPECT_EQ(read_file(folder_ / "out/card.img"), "older image");
}

TEST_F(OutputsProgram, AReportThatCannotBeWrittenKeepsTheImage) {
    folder_.write("card.img", "older image");
    EXPECT_EQ(shell(compose("-o card.img --report missing/report.json")).status, 6);
    std::filesystem::create_directory(folder_ / "folder");
    EXPECT_EQ(shell(compose("-o card.img --report folder")).status, 6);
    EXPECT_EQ(read_file(folder_ / "card.img"), "older image");
}

TEST_F(OutputsProgram, ADrawingAppearsWholeOrNotAtAll) {
    folder_.write("map.svg", "older drawing");
    std::filesystem::create_hard_link(folder_ / "map.svg", folder_ / "other name");
    for (const char* output : {">/dev/full", ">&-", "--json >/dev/full"})
        expect_refused(std::string("plan manifest.json --svg map.svg ") + output, 6);
    expect_refused("plan manifest.json --quiet --svg missing/map.svg", 6);
    expect_refused("plan manifest.json --quiet --svg firmware", 2);
    expect_refused("plan manifest.json --quiet --svg -");
    const test::Run result = shell("plan manifest.json --quiet --svg map.svg");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(read_file(folder_ / "map.svg"), HasSubstr("</svg>"));
    EXPECT_EQ(read_file(folder_ / "other name"), "older drawing") << "the older file was written into";
}

TEST_F(OutputsProgram, TheUmaskIsHonoured) {
    const test::Run result = test::run(
        {"sh", "-c", "umask 077; cd '" + folder_.path().string() + "' && '" + program + "' " + compose("-o card.img")});
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(std::filesystem::status(folder_ / "card.img").permissions(), std::filesystem::perms{0600});
}

}  // namespace
}  // namespace rpixen
