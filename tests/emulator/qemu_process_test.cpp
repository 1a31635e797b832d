#include "emulator/qemu_process.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <csignal>
#include <fstream>
#include <optional>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rpixen/error.hpp>

#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

/// A stand-in for QEMU: a shell script, so that these tests need none and end at once.
class QemuStandIn : public testing::Test {
  protected:
    std::string script(const std::string& body) {
        const std::string path = folder_.write("qemu", "#!/bin/sh\n" + body);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }
    static std::string hear(QemuProcess& qemu, std::size_t least) {
        std::string heard;
        char buffer[4096];
        pollfd ready{qemu.serial(), POLLIN, 0};
        while (heard.size() < least && ::poll(&ready, 1, 10'000) > 0) {
            const ssize_t got = ::read(qemu.serial(), buffer, sizeof buffer);
            if (got <= 0) break;
            heard.append(buffer, static_cast<std::size_t>(got));
        }
        return heard;
    }
    /// A zombie counts as gone: nobody but its parent can see to that.
    static bool alive(pid_t pid) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
        std::string word, state;
        return static_cast<bool>(file >> word >> word >> state) && state != "Z";
    }
    static bool goes(pid_t pid) {
        for (int tries = 0; tries < 500 && alive(pid); ++tries) ::usleep(20'000);
        return !alive(pid);
    }
    test::TemporaryFolder folder_;
};

TEST_F(QemuStandIn, a_missing_program_names_the_package) {
    try {
        probe_qemu(folder_ / "nothing");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_NE(std::string(error.what()).find("qemu-system-arm"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("bookworm-backports"), std::string::npos) << error.what();
    }
}

TEST_F(QemuStandIn, an_old_qemu_is_told_from_a_fit_one) {
    const std::string old = script(
        "[ \"$1\" = --version ] && echo 'QEMU emulator version 7.2.1' || echo 'raspi3b  Raspberry Pi 3B'\n");
    try {
        probe_qemu(old);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unavailable);
        EXPECT_NE(std::string(error.what()).find("7.2.1"), std::string::npos) << error.what();
    }
    const std::string fit = script(
        "[ \"$1\" = --version ] && echo 'QEMU emulator version 9.0.0' || printf 'machines:\\nraspi4b   "
        "Raspberry Pi 4B\\n'\n");
    EXPECT_EQ(probe_qemu(fit), "QEMU emulator version 9.0.0");
}

TEST_F(QemuStandIn, speaks_and_listens_on_the_serial_line) {
    QemuProcess qemu({.program = script("echo hello; read word; echo got $word; exec sleep 60\n")});
    EXPECT_EQ(hear(qemu, 6), "hello\n");
    qemu.type("key\n");
    EXPECT_EQ(hear(qemu, 8), "got key\n");
}

TEST_F(QemuStandIn, gets_the_machine_and_the_descriptors) {
    const std::string file = folder_.write("tree", "the tree");
    const FileDescriptor tree(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    QemuProcess qemu(
        {.program = script("echo \"$@\"; cat /proc/self/fd/" + std::to_string(tree.get()) + "; exec sleep 60\n"),
         .device_tree = tree.get()});
    const std::string heard = hear(qemu, 450);
    EXPECT_NE(heard.find("-machine raspi4b"), std::string::npos) << heard;
    EXPECT_NE(heard.find("-dtb /proc/self/fd/" + std::to_string(tree.get())), std::string::npos) << heard;
    EXPECT_NE(heard.find("the tree"), std::string::npos) << heard;
}

TEST_F(QemuStandIn, ends_with_its_object) {
    std::optional<QemuProcess> qemu(std::in_place, QemuMachine{.program = script("echo $$; exec sleep 60\n")});
    const pid_t pid = std::stoi(hear(*qemu, 2));
    EXPECT_TRUE(alive(pid));
    qemu.reset();
    EXPECT_TRUE(goes(pid));
}

TEST_F(QemuStandIn, ends_when_its_parent_is_killed) {
    const std::string program = script("echo $$ > " + (folder_ / "pid") + "; echo up; exec sleep 60\n");
    const pid_t parent = ::fork();
    if (parent == 0) {
        QemuProcess qemu({.program = program});
        hear(qemu, 3);
        ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(parent, &status, 0), parent);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_TRUE(goes(std::stoi(test::read_file(folder_ / "pid"))));
}

TEST_F(QemuStandIn, typing_to_one_that_is_gone_does_no_harm) {
    QemuProcess qemu({.program = script("echo 'qemu: no such card' >&2; exit 1\n")});
    EXPECT_EQ(hear(qemu, 1), "");
    qemu.type("anyone?\n");
    EXPECT_EQ(qemu.complaint(), "qemu: no such card\n");
}

}  // namespace
}  // namespace rpixen
