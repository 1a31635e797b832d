#include "storage/output_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>

#include <rpixen/error.hpp>

#include "base/bytes.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<ErrorCode> code_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.code();
    }
    return std::nullopt;
}

void fill(const OutputFolder& folder, const std::string& name) {
    std::ofstream(folder.temporary() + "/" + name) << name;
}

class OutputFolderTest : public testing::Test {
  protected:
    TemporaryFolder folder_;
    std::string path_ = folder_ / "release";
};

TEST_F(OutputFolderTest, AppearsWhole) {
    {
        OutputFolder output(path_);
        fill(output, "a");
        EXPECT_FALSE(std::filesystem::exists(path_));
        output.commit();
        EXPECT_THAT(names_in(path_), ElementsAre("a"));
    }
    EXPECT_THAT(names_in(folder_.path()), ElementsAre("release"));
}

TEST_F(OutputFolderTest, OrNotAtAll) {
    {
        OutputFolder output(path_);
        fill(output, "a");
    }
    EXPECT_THAT(names_in(folder_.path()), IsEmpty());
}

TEST_F(OutputFolderTest, WritesFilesOfAFewBytes) {
    OutputFolder output(path_);
    output.write("one", as_bytes(std::string_view("1")));
    EXPECT_EQ(code_of([&] { output.write("one", {}); }), ErrorCode::io) << "two of one name are a mistake";
    EXPECT_EQ(code_of([&] { output.write("none/one", {}); }), ErrorCode::io);
    output.commit();
    EXPECT_EQ(read_file(path_ + "/one"), "1");
}

TEST_F(OutputFolderTest, ReplacesAnOlderOneWithAllThatIsInIt) {
    folder_.write("release/older", "");
    folder_.write("release/below/older", "");
    {
        OutputFolder output(path_ + "/");
        fill(output, "new");
        EXPECT_THAT(names_in(path_), ElementsAre("below", "older"));
        output.commit();
    }
    EXPECT_THAT(names_in(path_), ElementsAre("new"));
    EXPECT_THAT(names_in(folder_.path()), ElementsAre("release"));
}

TEST_F(OutputFolderTest, FollowsALinkToAFolder) {
    std::filesystem::create_directory(folder_ / "real");
    std::filesystem::create_symlink("real", path_);
    {
        OutputFolder output(path_);
        fill(output, "new");
        output.commit();
    }
    EXPECT_TRUE(std::filesystem::is_symlink(path_));
    EXPECT_THAT(names_in(folder_ / "real"), ElementsAre("new"));
}

TEST_F(OutputFolderTest, AFileOfThatNameStays) {
    folder_.write("release", "a file");
    {
        OutputFolder output(path_);
        EXPECT_EQ(code_of([&] { output.commit(); }), ErrorCode::io);
    }
    EXPECT_EQ(read_file(path_), "a file");
    EXPECT_THAT(names_in(folder_.path()), ElementsAre("release"));
}

TEST_F(OutputFolderTest, NoParent) {
    EXPECT_EQ(code_of([&] { OutputFolder output(folder_ / "none/release"); }), ErrorCode::io);
}

TEST_F(OutputFolderTest, CleansUpAfterAKilledRunAndLeavesOneThatLives) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        OutputFolder output(path_);
        fill(output, "unfinished");
        ::_exit(0);  // without destructors, as a kill leaves it
    }
    ::waitpid(child, nullptr, 0);
    ASSERT_EQ(names_in(folder_.path()).size(), 1U);
    OutputFolder living(path_);
    EXPECT_EQ(names_in(folder_.path()).size(), 1U) << "the killed run's folder is still there";
    OutputFolder second(path_);
    EXPECT_EQ(names_in(folder_.path()).size(), 2U) << "a living run's folder was removed";
}

}  // namespace
}  // namespace rpixen::test
