#include "storage/output_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class OutputFileTest : public testing::Test {
  protected:
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
            names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }
    test::TemporaryFolder folder_;
    const std::string path_ = folder_ / "card.img";
};

TEST_F(OutputFileTest, AppearsWholeOrNotAtAll) {
    {
        OutputFile file(path_);
        file.write(0, as_bytes("content"));
        EXPECT_THAT(names(), IsEmpty());
        file.commit();
        EXPECT_THAT(names(), ElementsAre("card.img"));
    }
    EXPECT_EQ(test::read_file(path_), "content");
    {
        OutputFile file(path_);
        file.write(0, as_bytes("never committed"));
    }
    EXPECT_THAT(names(), ElementsAre("card.img"));
    EXPECT_EQ(test::read_file(path_), "content");
}

TEST_F(OutputFileTest, WithATemporaryNameToo) {
    {
        OutputFile file(path_);
        EXPECT_EQ(file.name_temporarily(), file.name_temporarily());
        EXPECT_EQ(names().size(), 1U);
    }
    EXPECT_THAT(names(), IsEmpty());
    OutputFile file(path_);
    file.name_temporarily();
    file.commit(false);
    EXPECT_THAT(names(), ElementsAre("card.img"));
}

TEST_F(OutputFileTest, ReplacesAnOlderFileAndKeepsItsReaders) {
    folder_.write("card.img", "older");
    const int reader = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    OutputFile file(path_);
    file.write(0, as_bytes("newer"));
    EXPECT_EQ(test::read_file(path_), "older");
    file.commit();
    EXPECT_EQ(test::read_file(path_), "newer");
    char bytes[5];
    ASSERT_EQ(::read(reader, bytes, 5), 5);
    EXPECT_EQ(std::string(bytes, 5), "older");
    ::close(reader);
}

TEST_F(OutputFileTest, TwoRunsAtOnceDoNotMix) {
    OutputFile one(path_);
    OutputFile two(path_);
    one.write(0, as_bytes("one one one"));
    two.write(0, as_bytes("two"));
    one.commit();
    EXPECT_EQ(test::read_file(path_), "one one one");
    two.commit();
    EXPECT_EQ(test::read_file(path_), "two");
    EXPECT_THAT(names(), ElementsAre("card.img"));
}

TEST_F(OutputFileTest, TheUmaskIsHonoured) {
    for (const mode_t mask : {mode_t{0077}, mode_t{0027}, mode_t{0002}}) {
        const mode_t before = ::umask(mask);
        OutputFile file(path_);
        file.commit();
        ::umask(before);
        struct stat status {};
        ASSERT_EQ(::stat(path_.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777U, 0666U & ~mask);
    }
}

TEST_F(OutputFileTest, ATakenTemporaryNameIsPassedOver) {
    // As a process of the same number, in another container, has it.
    OutputFile file(path_);
    std::string taken;
    {
        OutputFile other(path_);
        taken = other.name_temporarily();
    }
    const std::size_t dash = taken.rfind('-');
    const int number = std::stoi(taken.substr(dash + 1));
    for (int next = number; next < number + 4; ++next)
        folder_.write(
            std::filesystem::path(taken.substr(0, dash + 1) + std::to_string(next) + ".tmp").filename().string(),
            "another's");
    file.write(0, as_bytes("content"));
    file.commit();
    EXPECT_EQ(test::read_file(path_), "content");
    EXPECT_EQ(names().size(), 5U);
}

TEST_F(OutputFileTest, WhatAKilledRunLeftIsRemoved) {
    folder_.write(".card.img.17-3.tmp", "half an image");
    for (const char* other : {".card.img.tmp", ".card.img.17.tmp", ".card.img.17-3.tmpx", ".card.img.a-3.tmp",
                              "card.img.17-3.tmp", ".other.img.17-3.tmp", ".card.img.17-3-4.tmp"})
        folder_.write(other, "not of this output");
    std::filesystem::create_symlink("card.img", folder_ / ".card.img.18-0.tmp");
    std::filesystem::create_directory(folder_ / ".card.img.18-1.tmp");
    { const OutputFile file(path_); }
    EXPECT_THAT(names(), ElementsAre(".card.img.17-3-4.tmp", ".card.img.17-3.tmpx", ".card.img.17.tmp",
                                     ".card.img.18-0.tmp", ".card.img.18-1.tmp", ".card.img.a-3.tmp", ".card.img.tmp",
                                     ".other.img.17-3.tmp", "card.img.17-3.tmp"));
}

TEST_F(OutputFileTest, WhatALivingRunWritesIsLeftAlone) {
    OutputFile one(path_);
    one.write(0, as_bytes("one"));
    one.name_temporarily();
    const auto before = names();
    { const OutputFile two(path_); }
    EXPECT_EQ(names(), before);
    one.commit();
    EXPECT_EQ(test::read_file(path_), "one");
}

TEST_F(OutputFileTest, ALongNameHasLeftoversOfItsOwn) {
    const std::string name(250, 'n');
    const std::string other = std::string(249, 'n') + "o";
    OutputFile file(folder_ / name);
    const std::string temporary = std::filesystem::path(file.name_temporarily()).filename().string();
    EXPECT_LE(temporary.size(), 255U);
    folder_.write(temporary.substr(0, temporary.rfind('.', temporary.size() - 5)) + ".1-1.tmp", "left");
    { const OutputFile unlike(folder_ / other); }
    EXPECT_EQ(names().size(), 2U);
    { const OutputFile again(folder_ / name); }
    EXPECT_EQ(names().size(), 1U);
}

/// Image and report of a run that was killed between its last two steps.
class PairTest : public OutputFileTest {
  protected:
    void mend() {
        OutputFile::mend(path_, folder_ / "report.json");
        const OutputFile image(path_);
        const OutputFile report(folder_ / "report.json");
    }
};

TEST_F(PairTest, WhereTheImageWasNotReplacedTheReportIsTheOlderAgain) {
    folder_.write("card.img", "older image");
    folder_.write(".card.img.17-1.tmp", "newer image");
    folder_.write("report.json", "newer report");
    folder_.write(".report.json.17-1.old", "older report");
    mend();
    EXPECT_THAT(names(), ElementsAre("card.img", "report.json"));
    EXPECT_EQ(test::read_file(folder_ / "report.json"), "older report");
}

TEST_F(PairTest, AReportThatHasNoNameAtAllGetsItBack) {
    folder_.write(".card.img.17-1.tmp", "newer image");
    folder_.write(".report.json.17-1.old", "older report");
    folder_.write(".report.json.17-0.tmp", "newer report");
    mend();
    EXPECT_THAT(names(), ElementsAre("report.json"));
    EXPECT_EQ(test::read_file(folder_ / "report.json"), "older report");
}

TEST_F(PairTest, WhereBothWereReplacedBothStay) {
    folder_.write("card.img", "newer image");
    folder_.write("report.json", "newer report");
    folder_.write(".report.json.17-1.old", "older report");
    mend();
    EXPECT_THAT(names(), ElementsAre("card.img", "report.json"));
    EXPECT_EQ(test::read_file(folder_ / "report.json"), "newer report");
}

TEST_F(PairTest, AReportThatWasNotThereGoesAgain) {
    folder_.write("card.img", "older image");
    folder_.write(".card.img.17-1.tmp", "newer image");
    folder_.write("report.json", "newer report");
    std::filesystem::create_hard_link(folder_ / "report.json", folder_ / ".report.json.17-1.new");
    mend();
    EXPECT_THAT(names(), ElementsAre("card.img"));
    // But not somebody else's.
    folder_.write(".card.img.17-1.tmp", "newer image");
    folder_.write("report.json", "another report");
    folder_.write(".report.json.17-1.new", "newer report");
    mend();
    EXPECT_THAT(names(), ElementsAre("card.img", "report.json"));
}

TEST_F(PairTest, ALivingRunIsNotMended) {
    OutputFile image(path_);
    const std::string name = std::filesystem::path(image.name_temporarily()).filename().string();
    const std::string tag = name.substr(10, name.size() - 14);
    folder_.write("report.json", "newer report");
    folder_.write(".report.json." + tag + ".old", "older report");
    OutputFile::mend(path_, folder_ / "report.json");
    EXPECT_EQ(test::read_file(folder_ / "report.json"), "newer report");
    EXPECT_EQ(names().size(), 3U);
}

TEST_F(PairTest, AreReplacedTogetherOrNot) {
    for (const bool with_older : {true, false}) {
        if (with_older) folder_.write("report.json", "older report");
        OutputFile image(path_);
        image.write(0, as_bytes("image"));
        OutputFile report(folder_ / "report.json");
        report.write(0, as_bytes("report"));
        std::filesystem::create_directories(folder_ / "card.img/in the way");  // since it was opened
        EXPECT_THROW(image.commit_with(report), Error);
        EXPECT_EQ(std::filesystem::exists(folder_ / "report.json"), with_older);
        if (with_older) {
            EXPECT_EQ(test::read_file(folder_ / "report.json"), "older report");
        }
        std::filesystem::remove_all(path_);
        std::filesystem::remove(folder_ / "report.json");
    }
    OutputFile image(path_);
    OutputFile report(folder_ / "report.json");
    image.commit_with(report);
    EXPECT_THAT(names(), ElementsAre("card.img", "report.json"));
}

TEST_F(OutputFileTest, SpaceAskedForAheadReadsAsZerosAndCanBeGivenBack) {
    OutputFile file(path_);
    const auto blocks = [&] {
        struct stat status {};
        EXPECT_EQ(::fstat(file.descriptor(), &status), 0);
        return status.st_blocks;
    };
    if (file.reserve(0, MiB)) {
        EXPECT_GE(blocks(), 2048);
        file.write(4096, as_bytes("data"));
        Bytes read(8192);
        pread_exactly(file.descriptor(), 0, read, path_);
        EXPECT_EQ(as_text(ByteView(read).subspan(4096, 4)), "data");
        EXPECT_EQ(as_text(ByteView(read).first(4096)), std::string(4096, '\0'));
        file.punch(8192, MiB - 8192);
        EXPECT_LT(blocks(), 64);
    }
    EXPECT_FALSE(file.reserve(0, std::uint64_t{1} << 62)) << "no file system has so much";
}

TEST_F(OutputFileTest, HolesStayHoles) {
    OutputFile file(path_);
    file.resize(64 << 20);
    file.write(32 << 20, as_bytes("in the middle"));
    file.write(0, Bytes(1 << 20, std::byte{0x55}));
    file.punch(0, 1 << 20);
    file.commit();
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_size, 64 << 20);
    EXPECT_LT(status.st_blocks * 512, 1 << 20);
    const std::string content = test::read_file(path_);
    EXPECT_EQ(content.substr(32 << 20, 13), "in the middle");
    EXPECT_EQ(content.find_first_not_of('\0'), 32U << 20);
}

TEST_F(OutputFileTest, TargetsThatCannotBeWritten) {
    const auto code_of = [](const std::string& path) {
        try {
            OutputFile file(path);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    EXPECT_EQ(code_of(folder_ / "missing/card.img"), ErrorCode::io);
    EXPECT_EQ(code_of(folder_.path().string()), ErrorCode::io);
    EXPECT_EQ(code_of("/dev/null"), ErrorCode::io);
    EXPECT_EQ(code_of("/proc/card.img"), ErrorCode::io);
}

}  // namespace
}  // namespace rpixen
