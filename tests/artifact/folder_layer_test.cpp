#include "artifact/folder_layer.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "artifact/samples.hpp"
#include "artifact/tar_layer.hpp"
#include "artifact/tar_maker.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Takes from this thread what lets root read everything, for as long as it lives.
class WithoutRootsRights {
  public:
    WithoutRootsRights() {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        if (::syscall(SYS_capget, &header, before_.data()) != 0) throw std::runtime_error("capget failed");
        auto now = before_;
        now[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
        set(now);
    }
    ~WithoutRootsRights() { set(before_); }
    WithoutRootsRights(const WithoutRootsRights&) = delete;
    WithoutRootsRights& operator=(const WithoutRootsRights&) = delete;

  private:
    using Rights = std::array<__user_cap_data_struct, 2>;
    static void set(const Rights& rights) {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        EXPECT_EQ(::syscall(SYS_capset, &header, rights.data()), 0);
    }
    Rights before_{};
};

class FolderLayer : public testing::Test {
  protected:
    FileTree read(bool with_top = true) const {
        FileTree tree;
        std::vector<std::string> paths{folder_.path().string()};
        if (!with_top) paths.insert(paths.begin(), lower_.path().string());
        lay(tree, paths);
        return tree;
    }
    TemporaryFolder folder_;
    TemporaryFolder lower_;
};

TEST_F(FolderLayer, EveryKindInBytewiseOrder) {
    folder_.write("b/file", "content");
    folder_.write("B", "capital");
    folder_.write("\xff", "not UTF-8");
    std::filesystem::create_symlink("b/file", folder_ / "a");
    ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
    sockaddr_un address{AF_UNIX, {}};
    const int here = ::open(folder_.path().c_str(), O_PATH | O_CLOEXEC);
    const std::string path = "/proc/self/fd/" + std::to_string(here) + "/socket";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const FileTree tree = read();
    ::close(socket);
    ::close(here);

    std::vector<std::string> names;
    for (const EntryId entry : tree.children(FileTree::root())) names.emplace_back(tree.entry_name(entry));
    EXPECT_THAT(names, ElementsAre("B", "a", "b", "fifo", "socket", "\xff"));
    EXPECT_EQ(content_of(tree, "b/file"), "content");
    EXPECT_EQ(tree.symlink_target(at(tree, "a")), "b/file");
    EXPECT_EQ(tree.type(at(tree, "fifo")), NodeType::fifo);
    EXPECT_EQ(tree.type(at(tree, "socket")), NodeType::socket);
}

TEST_F(FolderLayer, TheOwnerOfTheFolderBecomesRoot) {
    folder_.write("own", "x");
    EXPECT_EQ(read().metadata(at(read(), "own")).uid, 0U);
    EXPECT_EQ(read().metadata(at(read(), "own")).gid, 0U);
    // Another number is kept; giving one takes root rights.
    if (::lchown((folder_ / "own").c_str(), 1234, 5678) == 0) {
        EXPECT_EQ(read().metadata(at(read(), "own")).uid, 1234U);
        EXPECT_EQ(read().metadata(at(read(), "own")).gid, 5678U);
        ASSERT_EQ(::lchown(folder_.path().c_str(), 1234, 5678), 0);
        EXPECT_EQ(read().metadata(at(read(), "own")).uid, 0U);
        EXPECT_EQ(read().metadata(at(read(), "own")).gid, 0U);
    }
}

/// Needs root rights, which the machines that run these tests have or not: each gives what it can.
TEST_F(FolderLayer, NumbersAreTrueWhereSomethingBelongsToRoot) {
    if (::geteuid() != 0) GTEST_SKIP() << "giving files to another user takes root rights";
    folder_.write("home/node/.profile", "x");
    folder_.write("etc/issue", "x");
    ASSERT_EQ(::chown((folder_ / "home/node").c_str(), 1000, 1000), 0);
    ASSERT_EQ(::chown(folder_.path().c_str(), 1000, 1000), 0);
    FileTree tree;
    EXPECT_THAT(lay(tree, folder_.path().string()), ElementsAre(HasSubstr("files of uid 0")));
    EXPECT_EQ(tree.metadata(at(tree, "home/node")).uid, 1000U);
    EXPECT_EQ(tree.metadata(at(tree, "home/node")).gid, 1000U);
    EXPECT_EQ(tree.metadata(at(tree, "etc/issue")).uid, 0U);
    EXPECT_EQ(tree.metadata(FileTree::root()).uid, 0U) << "the card's root is nobody's";
}

TEST_F(FolderLayer, ACapabilityFollowsItsOwner) {
    if (::geteuid() != 0) GTEST_SKIP() << "a capability of another namespace takes root rights";
    // struct vfs_ns_cap_data, revision 3, effective, cap_net_raw, of the namespace whose root is 100000.
    const std::string ping = folder_.write("bin/ping", "x");
    ASSERT_EQ(::chown(folder_.path().c_str(), 100000, 100000), 0);
    for (const char* name : {"bin", "bin/ping"}) ASSERT_EQ(::chown((folder_ / name).c_str(), 100000, 100000), 0);
    run_ok({"setfattr", "-n", "security.capability", "-v", "0x0100000300200000000000000000000000000000a0860100", ping});
    FileTree tree;
    EXPECT_THAT(lay(tree, folder_.path().string()), ElementsAre(HasSubstr("2 files and folders of its owner")));
    EXPECT_EQ(xattr_of(tree, "bin/ping", "security.capability"),
              std::string("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20));
}

TEST_F(FolderLayer, FoldersThatAreThereKeepWhatTheyHave) {
    TemporaryFolder tars;
    TarMaker base;
    for (const auto& [name, mode, uid] : {std::tuple{"tmp", 01777U, 0U}, {"home/pi", 0700U, 1000U}}) {
        TarMaker::Header header;
        header.name = name;
        header.type = '5';
        header.mode = mode;
        header.uid = uid;
        header.mtime = 5;
        base.header(header);
    }
    folder_.write("tmp/x", "");
    folder_.write("home/pi/.ssh/authorized_keys", "k");
    for (const char* name : {"tmp", "home/pi"}) ASSERT_EQ(::chmod((folder_ / name).c_str(), 0775), 0);
    FileTree tree;
    const auto notes = lay(tree, {tars.write("base.tar", base.finish()), folder_.path().string()});
    EXPECT_EQ(tree.metadata(at(tree, "tmp")), (Metadata{01777, 0, 0, {5, 0}}));
    EXPECT_EQ(tree.metadata(at(tree, "home/pi")), (Metadata{0700, 1000, 0, {5, 0}}));
    EXPECT_TRUE(tree.find("home/pi/.ssh/authorized_keys"));
    EXPECT_THAT(notes, Contains(HasSubstr("folders that were there keep their mode")));
}

TEST_F(FolderLayer, AppleDoubleFilesAreLeftOut) {
    folder_.write("motd", "x");
    folder_.write("._motd", std::string("\0\x05\x16\x07\0\2\0\0", 8) + std::string(60, 'x'));
    folder_.write("._mine", "a file of that name");
    FileTree tree;
    EXPECT_THAT(lay(tree, folder_.path().string()), Contains(HasSubstr("1 AppleDouble file (._*)")));
    EXPECT_FALSE(tree.find("._motd"));
    EXPECT_TRUE(tree.find("._mine"));
}

TEST_F(FolderLayer, TheTopSpeaksOnlyForTheFirstLayer) {
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0701), 0);
    EXPECT_EQ(read(true).metadata(FileTree::root()).mode, 0701);
    EXPECT_EQ(read(false).metadata(FileTree::root()).mode, 0700) << "mkdtemp's";
}

TEST_F(FolderLayer, HardLinksInsideTheFolder) {
    folder_.write("z", "linked");
    std::filesystem::create_hard_link(folder_ / "z", folder_ / "a");
    std::filesystem::create_directory(folder_ / "d");
    std::filesystem::create_hard_link(folder_ / "z", folder_ / "d/m");
    const FileTree tree = read();
    EXPECT_EQ(tree.links(at(tree, "a")), 3U);
    EXPECT_EQ(at(tree, "a"), at(tree, "z"));
    EXPECT_EQ(at(tree, "a"), at(tree, "d/m"));
}

TEST_F(FolderLayer, NanosecondsAndTimesBeforeTheEpoch) {
    const std::string path = folder_.write("old", "");
    const timespec times[2] = {{-5, 250}, {-5, 250}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    EXPECT_EQ(read().metadata(at(read(), "old")).mtime, (Timestamp{-5, 250}));
}

TEST_F(FolderLayer, AChangeBetweenLookingAndReadingIsSeen) {
    const auto changed = [&](const auto& change) {
        folder_.write("file", "content");
        const FileTree tree = read();
        change();
        const Error error = error_of([&] { tree.content(at(tree, "file")).open(); });
        EXPECT_EQ(error.code(), ErrorCode::io);
        EXPECT_THAT(error.what(), HasSubstr("changed while"));
    };
    const std::string path = folder_ / "file";
    changed([&] { folder_.write("file", "longer content"); });
    changed([&] { std::filesystem::remove(path); });
    changed([&] {
        std::filesystem::remove(path);
        std::filesystem::create_symlink("/etc/passwd", path);
    });
    std::filesystem::remove(path);
    changed([&] { ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), nullptr, 0), 0); });

    folder_.write("file", "content");
    const FileTree tree = read();
    const auto open = tree.content(at(tree, "file")).open();
    EXPECT_NO_THROW(open->check_unchanged());
    folder_.write("file", "content!");
    EXPECT_EQ(error_of([&] { open->check_unchanged(); }).code(), ErrorCode::io);
}

TEST_F(FolderLayer, NamesThatNoCardHolds) {
    folder_.write("good", "");
    folder_.write("new\nline", "");
    const Error error = error_of([&] { read(); });
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    EXPECT_EQ(error.problems().at(0).location.file, folder_.path().string());
    EXPECT_EQ(error.problems().at(0).location.pointer, "new\\x0aline");
}

TEST_F(FolderLayer, WhatCannotBeReadIsNamed) {
    const WithoutRootsRights without;
    const std::string path = folder_.write("closed", "");
    ASSERT_EQ(::chmod(path.c_str(), 0), 0);
    const Error error = error_of([&] { read(); });
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    EXPECT_EQ(error.problems().at(0).location.pointer, "closed");
}

TEST_F(FolderLayer, MissingOrNoFolder) {
    FileTree tree;
    EXPECT_EQ(error_of([&] { lay(tree, folder_ / "missing"); }).code(), ErrorCode::artifact);
    Layers layers(tree);
    const std::string file = folder_.write("file", "");
    EXPECT_EQ(error_of([&] { add_folder(layers, file, {}); }).code(), ErrorCode::artifact);
}

TEST_F(FolderLayer, OverATarWithAMergedUsr) {
    TemporaryFolder tars;
    FileTree tree;
    folder_.write("lib/modules/6.1/m.ko", "ko");
    const std::string merged = TarMaker().directory("usr/lib").symlink("lib", "usr/lib").finish();
    lay(tree, {tars.write("merged.tar", merged), folder_.path().string()});
    EXPECT_EQ(content_of(tree, "usr/lib/modules/6.1/m.ko"), "ko");
}

TEST_F(FolderLayer, ADeepTree) {
    std::filesystem::path path = folder_.path();
    for (int depth = 0; depth < 300; ++depth) path /= "d" + std::to_string(depth);
    std::filesystem::create_directories(path);
    EXPECT_EQ(read().node_count(), 301U);
}

TEST_F(FolderLayer, StopsOnRequest) {
    folder_.write("file", "");
    CancelToken cancel;
    cancel.cancel();
    FileTree tree;
    Layers layers(tree);
    Supervision supervision;
    supervision.cancel = &cancel;
    EXPECT_EQ(error_of([&] { add_folder(layers, folder_.path().string(), supervision); }).code(), ErrorCode::cancelled);
}

TEST_F(FolderLayer, FirmwareIsAListOfFiles) {
    folder_.write("start4.elf", "elf");
    folder_.write("overlays/disable-bt.dtbo", "dtbo");
    folder_.write("fixup4-2024.dat", "dat");
    std::filesystem::create_symlink("fixup4-2024.dat", folder_ / "fixup4.dat");
    folder_.write(".git/HEAD", "ref: refs/heads/stable");
    const std::vector<FirmwareFile> files = list_folder(folder_.path().string(), {});
    std::vector<std::string> paths;
    for (const FirmwareFile& file : files) paths.push_back(file.path);
    EXPECT_THAT(paths, ElementsAre("fixup4-2024.dat", "fixup4.dat", "overlays/disable-bt.dtbo", "start4.elf"));
    EXPECT_EQ(as_text(read_all(files[1].content)), "dat") << "a symlink to a file is followed";

    std::filesystem::create_symlink("missing", folder_ / "dangling");
    ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
    const Error error = error_of([&] { list_folder(folder_.path().string(), {}); });
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    ASSERT_EQ(error.problems().size(), 2U);
    EXPECT_EQ(error.problems()[0].location.pointer, "dangling");
    EXPECT_EQ(error.problems()[1].location.pointer, "fifo");
}

}  // namespace
}  // namespace rpixen::test
