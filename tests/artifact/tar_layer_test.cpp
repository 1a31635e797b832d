#include "artifact/tar_layer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifact/samples.hpp"
#include "artifact/tar_maker.hpp"
#include "base/digest.hpp"
#include "storage/input_file.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TarLayer : public testing::Test {
  protected:
    FileTree read(const TarMaker& tar) const { return tree_of_bytes(folder_, tar.finish()); }
    TemporaryFolder folder_;
};

TEST_F(TarLayer, KindsOwnersModesAndTimes) {
    TarMaker tar;
    tar.directory("./").directory("./dev/");
    TarMaker::Header h;
    h.name = "./dev/console";
    h.type = '3';
    h.mode = 0600;
    h.major = 5;
    h.minor = 1;
    h.gid = 5;
    tar.header(h);
    h.name = "./dev/mmcblk0";
    h.type = '4';
    h.major = 179;
    h.minor = 300;
    tar.header(h);
    h = {};
    h.name = "./run.fifo";
    h.type = '6';
    tar.header(h);
    h = {};
    h.name = "./bin/su";
    h.mode = 04755;
    h.uid = 7;
    h.gid = 8;
    h.mtime = 1700000000;
    h.size = 3;
    tar.header(h).data("abc").symlink("./sh", "bin/su").hard_link("./su2", "./bin/su").hard_link("./sh2", "sh");
    const FileTree tree = read(tar);

    EXPECT_EQ(tree.type(at(tree, "/dev/console")), NodeType::character_device);
    EXPECT_EQ(tree.device_major(at(tree, "/dev/console")), 5U);
    EXPECT_EQ(tree.device_minor(at(tree, "/dev/console")), 1U);
    EXPECT_EQ(tree.type(at(tree, "/dev/mmcblk0")), NodeType::block_device);
    EXPECT_EQ(tree.device_minor(at(tree, "/dev/mmcblk0")), 300U);
    EXPECT_EQ(tree.type(at(tree, "/run.fifo")), NodeType::fifo);
    EXPECT_EQ(tree.metadata(at(tree, "/bin/su")), (Metadata{04755, 7, 8, {1700000000, 0}}));
    EXPECT_EQ(tree.metadata(at(tree, "/bin")), (Metadata{0755, 0, 0, {}})) << "made on the way";
    EXPECT_EQ(content_of(tree, "/su2"), "abc");
    EXPECT_EQ(at(tree, "/su2"), at(tree, "/bin/su"));
    EXPECT_EQ(tree.links(at(tree, "/su2")), 2U);
    EXPECT_EQ(tree.symlink_target(at(tree, "/sh2")), "bin/su") << "a hard link to a symlink";
    EXPECT_EQ(tree.links(at(tree, "/sh")), 2U);
}

TEST_F(TarLayer, NamesAreBytes) {
    const std::string nfd = "nfd-e\xcc\x81";
    const std::string nfc = "nfc-\xc3\xa9";
    const std::string not_utf8 = "bad-\xff\xfe";
    const std::string surrogate = "half-\xed\xa0\x80";
    TarMaker tar;
    for (const std::string& name : {nfd, nfc, not_utf8, surrogate}) {
        tar.file("ustar-" + name, "u");
        tar.gnu_long('L', "gnu-" + name).file("x", "g");
        tar.pax({{"path", "pax-" + name}}).file("x", "p");
        tar.pax({{"path", "link-" + name}, {"linkpath", name}}).symlink("x", "y");
    }
    const FileTree tree = read(tar);
    for (const std::string& name : {nfd, nfc, not_utf8, surrogate}) {
        EXPECT_EQ(content_of(tree, "/ustar-" + name), "u");
        EXPECT_EQ(content_of(tree, "/gnu-" + name), "g");
        EXPECT_EQ(content_of(tree, "/pax-" + name), "p");
        EXPECT_EQ(tree.symlink_target(at(tree, "/link-" + name)), name);
    }
}

TEST_F(TarLayer, LongNamesAndTargets) {
    const std::string longest(255, 'n');
    const std::string deep = longest + "/" + std::string(255, 'm') + "/file";
    TarMaker tar;
    tar.gnu_long('L', deep).file("cut", "1");
    tar.pax({{"path", "p/" + deep}}).file("cut", "2");
    for (const std::size_t length : {1U, 59U, 60U, 100U, 255U, 1024U, 4095U}) {
        const std::string target(length, 't');
        tar.gnu_long('K', target).symlink("gnu" + std::to_string(length), "cut");
        tar.pax({{"linkpath", target}}).symlink("pax" + std::to_string(length), "cut");
    }
    TarMaker::Header h;
    h.name = std::string(100, 'z');
    h.prefix = std::string(155, 'y');
    tar.header(h);
    const FileTree tree = read(tar);
    EXPECT_EQ(content_of(tree, deep), "1");
    EXPECT_EQ(content_of(tree, "p/" + deep), "2");
    EXPECT_TRUE(tree.find(h.prefix + "/" + h.name));
    for (const std::size_t length : {1U, 59U, 60U, 100U, 255U, 1024U, 4095U}) {
        EXPECT_EQ(tree.symlink_target(at(tree, "gnu" + std::to_string(length))), std::string(length, 't'));
        EXPECT_EQ(tree.symlink_target(at(tree, "pax" + std::to_string(length))), std::string(length, 't'));
    }
}

TEST_F(TarLayer, PaxTimesOwnersAndGlobalDefaults) {
    TarMaker tar;
    tar.pax({{"mtime", "1700000000.123456789"}, {"uid", "4294967294"}, {"gid", "3000000"}}).file("ns", "");
    tar.pax({{"mtime", "-1.25"}}).file("negative", "");
    tar.pax({{"mtime", "-5"}}).file("whole", "");
    tar.pax({{"mtime", "99"}, {"comment", "git"}}, 'g').file("global", "").pax({{"mtime", "7"}}).file("own", "");
    tar.pax({{"mtime", ""}}).file("taken-back", "");
    const FileTree tree = read(tar);
    EXPECT_EQ(tree.metadata(at(tree, "ns")), (Metadata{0644, 4294967294, 3000000, {1700000000, 123456789}}));
    EXPECT_EQ(tree.metadata(at(tree, "negative")).mtime, (Timestamp{-2, 750000000}));
    EXPECT_EQ(tree.metadata(at(tree, "whole")).mtime, (Timestamp{-5, 0}));
    EXPECT_EQ(tree.metadata(at(tree, "global")).mtime, (Timestamp{99, 0}));
    EXPECT_EQ(tree.metadata(at(tree, "own")).mtime, (Timestamp{7, 0}));
    EXPECT_EQ(tree.metadata(at(tree, "taken-back")).mtime, (Timestamp{0, 0}));
}

TEST_F(TarLayer, ExtendedAttributesAndAccessControlLists) {
    const std::string capability("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    TarMaker tar;
    tar.pax({{"SCHILY.xattr.security.capability", capability},
             {"SCHILY.xattr.user.empty", ""},
             {"LIBARCHIVE.xattr.user.with%20space", "aGVsbG8"},
             {"RHT.security.selinux", "system_u:object_r:bin_t:s0"}})
        .file("ping", "x");
    tar.pax({{"SCHILY.acl.access", "user::rwx,user:lp:r-x:1000,group::r-x,mask::r-x,other::---"},
             {"SCHILY.acl.default", "user::rwx\ngroup::r-x\nother::r-x\n"}})
        .directory("shared");
    const FileTree tree = read(tar);
    EXPECT_EQ(xattr_of(tree, "ping", "security.capability"), capability);
    EXPECT_EQ(xattr_of(tree, "ping", "user.with space"), "hello");
    EXPECT_EQ(xattr_of(tree, "ping", "security.selinux"), std::string("system_u:object_r:bin_t:s0\0", 27));
    EXPECT_EQ(tree.xattrs(at(tree, "ping")).size(), 4U) << "an empty one counts";
    EXPECT_EQ(tree.xattrs(at(tree, "shared")).size(), 2U);
    EXPECT_EQ(tree.metadata(at(tree, "shared")).mode, 0750) << "the mask is the group's mode";
    EXPECT_EQ(xattr_of(tree, "shared", "system.posix_acl_access"), std::string("\2\0\0\0"
                                                                               "\1\0\7\0\xff\xff\xff\xff"
                                                                               "\2\0\5\0\xe8\3\0\0"
                                                                               "\4\0\5\0\xff\xff\xff\xff"
                                                                               "\x10\0\5\0\xff\xff\xff\xff"
                                                                               "\x20\0\0\0\xff\xff\xff\xff",
                                                                               44));
}

TEST_F(TarLayer, GnuSparseFilesOfPaxVersions) {
    // 3 bytes at 4096 and 2 at 10000, of 20000.
    std::string whole(20000, '\0');
    whole.replace(4096, 3, "abc");
    whole.replace(10000, 2, "de");
    TarMaker tar;
    tar.pax({{"GNU.sparse.size", "20000"},
             {"GNU.sparse.numblocks", "2"},
             {"GNU.sparse.offset", "4096"},
             {"GNU.sparse.numbytes", "3"},
             {"GNU.sparse.offset", "10000"},
             {"GNU.sparse.numbytes", "2"}})
        .file("v00", "abcde");
    tar.pax({{"GNU.sparse.name", "v01"}, {"GNU.sparse.size", "20000"}, {"GNU.sparse.map", "4096,3,10000,2"}})
        .file("GNUSparseFile.1/v01", "abcde");
    std::string map = "2\n4096\n3\n10000\n2\n";
    map.resize(512);
    tar.pax({{"GNU.sparse.major", "1"},
             {"GNU.sparse.minor", "0"},
             {"GNU.sparse.name", "v10"},
             {"GNU.sparse.realsize", "20000"}})
        .file("GNUSparseFile.1/v10", map + "abcde");
    tar.pax({{"GNU.sparse.name", "hole"}, {"GNU.sparse.size", "5368709120"}, {"GNU.sparse.map", "5368709120,0"}})
        .file("x", "");
    tar.pax({{"GNU.sparse.name", "full"}, {"GNU.sparse.size", "5"}, {"GNU.sparse.map", "0,2,2,3"}}).file("x", "fghij");
    tar.file("after", "still in step");
    const FileTree tree = read(tar);
    for (const char* name : {"v00", "v01", "v10"}) {
        EXPECT_THAT(tree.runs(at(tree, name)), ElementsAre(DataRun{4096, 3}, DataRun{10000, 2})) << name;
        EXPECT_EQ(content_of(tree, name), whole) << name;
    }
    EXPECT_EQ(tree.size(at(tree, "hole")), 5368709120U);
    EXPECT_TRUE(tree.runs(at(tree, "hole")).empty());
    EXPECT_FALSE(tree.sparse(at(tree, "full")));
    EXPECT_EQ(content_of(tree, "full"), "fghij");
    EXPECT_EQ(content_of(tree, "after"), "still in step");
}

TEST_F(TarLayer, PlainContentsLieInTheTarItself) {
    TarMaker tar;
    tar.file("a", "first").file("b", std::string(5000, 'b')).file("empty", "");
    const std::string path = folder_.write("plain.tar", tar.finish());
    FileTree tree;
    lay(tree, path);
    const Content a = tree.content(at(tree, "a"));
    EXPECT_EQ(a.position, 512U);
    EXPECT_EQ(a.size, 5U);
    EXPECT_EQ(a.source->name(), path);
    EXPECT_EQ(tree.content(at(tree, "b")).position, 1536U);
    EXPECT_EQ(tree.content(at(tree, "empty")).size, 0U);
}

TEST_F(TarLayer, APlainTarCanBePouredInOnePass) {
    TarMaker tar;
    tar.file("a", "first").file("b", std::string(300'000, 'b')).hard_link("c", "b").file("empty", "");
    const std::string bytes = tar.finish();
    const std::string path = folder_.write("plain.tar", bytes);
    const std::string digest = hex(sha256(as_bytes(bytes)));
    FileTree tree;
    MemoryStore store;
    Layers layers(tree);
    layers.begin(path);
    const TarFile file(InputFile::open_file(path));
    pour_tar(layers, file, store, digest, {});
    EXPECT_EQ(content_of(tree, "a"), "first");
    EXPECT_EQ(content_of(tree, "b"), std::string(300'000, 'b'));
    EXPECT_EQ(at(tree, "b"), at(tree, "c"));
    EXPECT_EQ(tree.content(at(tree, "b")).source->name(), "memory store") << "nothing refers to the tar";

    try {
        pour_tar(layers, file, store, std::string(64, '0'), {});
        FAIL() << "another digest was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), HasSubstr(digest));
    }
    CancelToken enough;
    enough.cancel();
    try {
        pour_tar(layers, file, store, {}, {nullptr, &enough});
        FAIL() << "it went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

TEST_F(TarLayer, FiveGibibytesInOneMember) {
    // The data are a hole of the tar: nothing but headers is read.
    const std::uint64_t size = 5ULL << 30;
    TarMaker::Header h;
    h.name = "big";
    h.size = size;
    const std::string path = folder_.write("big.tar", TarMaker::block(h));
    std::filesystem::resize_file(path, 512 + size);
    {
        FILE* file = std::fopen(path.c_str(), "ab");
        const std::string rest = TarMaker().file("after", "x").finish();
        ASSERT_EQ(std::fwrite(rest.data(), 1, rest.size(), file), rest.size());
        std::fclose(file);
    }
    const FileTree tree = tree_of(path);
    EXPECT_EQ(tree.size(at(tree, "big")), size);
    EXPECT_EQ(content_of(tree, "after"), "x");
}

TEST_F(TarLayer, LaterLayersReplaceAndFollowLinks) {
    FileTree tree;
    const std::vector<std::string> notes = lay(tree, {folder_.write("1.tar", TarMaker()
                                                                                 .directory("usr")
                                                                                 .directory("usr/lib")
                                                                                 .symlink("lib", "usr/lib")
                                                                                 .file("usr/lib/a", "old")
                                                                                 .hard_link("usr/lib/a2", "usr/lib/a")
                                                                                 .finish()),
                                                      folder_.write("2.tar", TarMaker()
                                                                                 .directory("lib")
                                                                                 .directory("lib/modules")
                                                                                 .file("lib/modules/m.ko", "ko")
                                                                                 .file("lib/a", "new")
                                                                                 .finish())});
    EXPECT_THAT(notes, ElementsAre(HasSubstr("2.tar: 1 name of earlier layers replaced")));
    EXPECT_EQ(tree.type(at(tree, "lib")), NodeType::symlink) << "a folder over a link to a folder keeps the link";
    EXPECT_EQ(content_of(tree, "usr/lib/modules/m.ko"), "ko");
    EXPECT_EQ(content_of(tree, "usr/lib/a"), "new");
    EXPECT_EQ(content_of(tree, "usr/lib/a2"), "old");
    EXPECT_EQ(tree.links(at(tree, "usr/lib/a2")), 1U);
}

TEST_F(TarLayer, ManyNamesInOneFolder) {
    TarMaker tar;
    for (int number = 0; number < 50000; ++number) tar.header({.name = "d/" + std::to_string(number)});
    const FileTree tree = read(tar);
    EXPECT_EQ(tree.child_count(at(tree, "d")), 50000U);
    EXPECT_TRUE(tree.find("d/49999"));
}

TEST_F(TarLayer, OldFormsOfFolders) {
    // v7 has no magic and marks a folder with a slash; some writers give folders and hard links a size
    // without data.
    TarMaker tar;
    TarMaker::Header h;
    h.magic.clear();
    h.type = '\0';
    h.name = "v7/";
    tar.header(h);
    h.name = "v7/file";
    h.size = 2;
    tar.header(h).data("ok");
    h.type = '1';
    h.name = "v7/link";
    h.link = "v7/file";
    tar.header(h);
    h = {};
    h.type = '5';
    h.name = "sized";
    h.size = 4096;
    tar.header(h).file("sized/x", "y");
    const FileTree tree = read(tar);
    EXPECT_EQ(tree.type(at(tree, "v7")), NodeType::directory);
    EXPECT_EQ(content_of(tree, "v7/link"), "ok");
    EXPECT_EQ(content_of(tree, "sized/x"), "y");
}

}  // namespace
}  // namespace rpixen::test
