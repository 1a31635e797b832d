#include "storage/output_path.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include <rpixen/error.hpp>

#include "storage/output_file.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using test::read_file;

class OutputPath : public testing::Test {
  protected:
    OutputPath() { std::filesystem::create_directory(folder_ / "big"); }

    void link(const std::string& target, const std::string& name) const {
        std::filesystem::create_symlink(target, folder_ / name);
    }
    static void write(const std::string& path, const std::string& content) {
        OutputFile file(path);
        file.write(0, as_bytes(content));
        file.commit(false);
    }
    static ErrorCode refused(const std::string& path) {
        try {
            OutputFile file(path);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    }

    test::TemporaryFolder folder_;
};

TEST_F(OutputPath, ASymlinkIsFollowed) {
    folder_.write("big/card.img", "older");
    link("big/card.img", "card.img");
    link("card.img", "again.img");
    write(folder_ / "again.img", "newer");
    EXPECT_EQ(read_file(folder_ / "big/card.img"), "newer");
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "card.img"));
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "again.img"));
}

TEST_F(OutputPath, ASymlinkToNoFileMakesIt) {
    link("big/new.img", "card.img");
    write(folder_ / "card.img", "new");
    EXPECT_EQ(read_file(folder_ / "big/new.img"), "new");
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "card.img"));
}

TEST_F(OutputPath, DescriptorsAndDevicesAreRefused) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const std::string descriptor = "/proc/self/fd/" + std::to_string(pipe[1]);
    link(descriptor, "so");
    const std::string regular = folder_.write("regular", "regular");
    const int open = ::open(regular.c_str(), O_RDWR | O_CLOEXEC);
    link("/proc/self/fd/" + std::to_string(open), "file");
    link("/dev/new-file", "device");
    link("loop", "loop");
    for (const std::string& path : {descriptor, folder_ / "so", folder_ / "file", folder_ / "device", folder_ / "loop",
                                    std::string("/dev/stdout"), std::string("/dev/new-file")})
        EXPECT_EQ(refused(path), ErrorCode::io) << path;
    EXPECT_EQ(read_file(regular), "regular");
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "so"));
    ::close(open);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_F(OutputPath, OneFileByTwoNames) {
    folder_.write("file", "");
    folder_.write("other", "");
    link("file", "link");
    std::filesystem::create_hard_link(folder_ / "file", folder_ / "hard");
    EXPECT_TRUE(same_file(folder_ / "file", folder_ / "big/../file"));
    EXPECT_TRUE(same_file(folder_ / "file", folder_ / "link"));
    EXPECT_TRUE(same_file(folder_ / "file", folder_ / "hard"));
    EXPECT_TRUE(same_file(folder_ / "missing", folder_ / "big/../missing"));
    EXPECT_FALSE(same_file(folder_ / "file", folder_ / "other"));
    EXPECT_FALSE(same_file(folder_ / "file", folder_ / "missing"));
    EXPECT_FALSE(same_file(folder_ / "missing", folder_ / "big/missing"));
}

TEST_F(OutputPath, AFolderHoldsWhatIsBelowIt) {
    folder_.write("big/deep/file", "");
    EXPECT_TRUE(lies_in(folder_ / "big/deep/file", folder_ / "big"));
    EXPECT_TRUE(lies_in(folder_ / "big/new", folder_ / "big"));
    EXPECT_FALSE(lies_in(folder_ / "bigger", folder_ / "big"));
    EXPECT_FALSE(lies_in(folder_ / "file", folder_ / "missing"));
}

/// A card and its report, of which both appear or none.
class OutputPair : public OutputPath {
  protected:
    void write_both(bool blocked) const {
        OutputFile card(folder_ / "card.img");
        OutputFile report(folder_ / "report");
        card.write(0, as_bytes("newer card"));
        report.write(0, as_bytes("newer report"));
        // What stands in the way comes in the last moment.
        if (blocked) {
            std::filesystem::remove(folder_ / "card.img");
            std::filesystem::create_directory(folder_ / "card.img");
        }
        card.commit_with(report, false);
    }
    void expect_both_or_none() const {
        folder_.write("card.img", "older card");
        folder_.write("report", "older report");
        EXPECT_THROW(write_both(true), Error);
        EXPECT_EQ(read_file(folder_ / "report"), "older report");
        std::filesystem::remove(folder_ / "report");
        std::filesystem::remove(folder_ / "card.img");
        EXPECT_THROW(write_both(true), Error);
        EXPECT_FALSE(std::filesystem::exists(folder_ / "report"));
        std::filesystem::remove(folder_ / "card.img");
        for (const std::string older : {"", "older "}) {
            if (!older.empty()) {
                folder_.write("card.img", older);
                folder_.write("report", older);
            }
            write_both(false);
            EXPECT_EQ(read_file(folder_ / "card.img"), "newer card");
            EXPECT_EQ(read_file(folder_ / "report"), "newer report");
        }
        std::size_t names = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.path())) ++names;
        EXPECT_EQ(names, 3U) << "nothing temporary is left beside card.img, report and big/";
    }
};

TEST_F(OutputPair, BothAppearOrNone) {
    expect_both_or_none();
}

/// From here on renameat2() says what file systems say that cannot exchange two names (NFS, FUSE, FAT).
void forbid_exchange() {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[4])),  // the flags; their low half on both
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RENAME_EXCHANGE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    ASSERT_EQ(::renameat2(AT_FDCWD, "/no/such", AT_FDCWD, "/name", RENAME_EXCHANGE), -1);
    ASSERT_EQ(errno, EINVAL);
}

TEST_F(OutputPair, BothAppearOrNoneWhereNamesCannotBeExchanged) {
    const pid_t child = ::fork();
    if (child == 0) {
        forbid_exchange();
        expect_both_or_none();
        std::fflush(stdout);
        ::_exit(HasFailure() ? 1 : 0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace rpixen
