#include "artifact/layers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "artifact/kept_time.hpp"
#include "artifact/samples.hpp"
#include "artifact/tar_maker.hpp"
#include "artifact/whiteout.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Tars laid over each other.
class RootLayers : public testing::Test {
  protected:
    void lay_tars(const std::vector<TarMaker>& tars) {
        std::vector<std::string> paths;
        for (const TarMaker& tar : tars)
            paths.push_back(folder_.write(std::to_string(paths.size() + 1) + ".tar", tar.finish()));
        notes_ = lay(tree_, paths);
    }
    void refused(const std::vector<TarMaker>& tars, const std::string& words) {
        const Error error = error_of([&] { lay_tars(tars); });
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), HasSubstr(words));
    }
    bool has(const std::string& path) const { return tree_.find(path).has_value(); }

    TemporaryFolder folder_;
    FileTree tree_;
    std::vector<std::string> notes_;
};

TEST_F(RootLayers, WhiteoutsOfOci) {
    lay_tars({TarMaker()
                  .file("./etc/password", "secret")
                  .file("./etc/cron.d/job", "x")
                  .file("./opt/old", "x")
                  .file("./opt/deep/er/old", "x")
                  .file("./srv/tree/a/b", "x"),
              TarMaker()
                  .file("./etc/.wh.password", "")
                  .file("./opt/deep/new", "before its folder's mark")
                  .file("./opt/.wh..wh..opq", "")
                  .file("./opt/new", "x")
                  .file("./srv/.wh.tree", "")
                  .file("./srv/.wh.never-was", "")});
    EXPECT_FALSE(has("etc/password"));
    EXPECT_TRUE(has("etc/cron.d/job"));
    EXPECT_FALSE(has("opt/old"));
    EXPECT_FALSE(has("opt/deep/er"));
    EXPECT_TRUE(has("opt/deep/new")) << "an opaque mark hides earlier layers, wherever it stands";
    EXPECT_TRUE(has("opt/new"));
    EXPECT_FALSE(has("srv/tree"));
    EXPECT_THAT(listing(tree_), testing::Not(HasSubstr(".wh.")));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("2.tar: 4 whiteouts applied, 7 names of earlier layers dropped")));
}

TEST_F(RootLayers, AWhiteoutSpeaksOfEarlierLayersOnly) {
    lay_tars({TarMaker().file("a", "old").file("d/old", "x"),
              TarMaker().file("a", "new").file(".wh.a", "").directory("d").file(".wh.d", "")});
    EXPECT_EQ(content_of(tree_, "a"), "new");
    EXPECT_TRUE(has("d")) << "made anew";
    EXPECT_FALSE(has("d/old"));
}

TEST_F(RootLayers, WhiteoutsOfTheLowestLayerHideNothing) {
    lay_tars({TarMaker().file("a", "x").file(".wh.a", "").file("opt/.wh..wh..opq", "").file("opt/b", "x")});
    EXPECT_TRUE(has("a"));
    EXPECT_TRUE(has("opt/b"));
    EXPECT_FALSE(has(".wh.a"));
    EXPECT_FALSE(has("opt/.wh..wh..opq"));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("2 whiteouts applied, 0 names")));
}

TEST_F(RootLayers, WhiteoutsStayInTheirFolder) {
    refused({TarMaker().file("etc/.wh...", "")}, "names nothing in its folder");
    refused({TarMaker().file("etc/.wh..", "")}, "names nothing in its folder");
    refused({TarMaker().file(".wh.", "")}, "names nothing in its folder");
    refused({TarMaker().file("../.wh.x", "")}, "'..'");
    refused({TarMaker().symlink("out", "../..").file("out/.wh.x", "")}, "leads out of the tree");
}

TEST_F(RootLayers, WhatAufsKeepsIsLeftOut) {
    lay_tars({TarMaker()
                  .file(".wh..wh.aufs", "")
                  .directory(".wh..wh.plnk")
                  .file(".wh..wh.plnk/12.34", "shared")
                  .hard_link("a", ".wh..wh.plnk/12.34")
                  .hard_link("b", ".wh..wh.plnk/12.34")});
    EXPECT_EQ(content_of(tree_, "a"), "shared");
    EXPECT_EQ(tree_.links(at(tree_, "b")), 2U);
    EXPECT_EQ(tree_.child_count(FileTree::root()), 2U);
}

TEST_F(RootLayers, WhiteoutsOfOverlayfs) {
    TarMaker::Header device;
    device.name = "etc/gone";
    device.type = '3';
    TarMaker upper;
    upper.header(device);
    upper.pax({{"SCHILY.xattr.trusted.overlay.opaque", "y"}, {"SCHILY.xattr.user.kept", "k"}}).directory("opt");
    upper.file("opt/new", "x");
    upper.pax({{"SCHILY.xattr.user.overlay.whiteout", "y"}}).file("etc/gone2", "");
    upper.pax({{"SCHILY.xattr.trusted.overlay.impure", "y"}}).directory("srv");
    lay_tars(
        {TarMaker().file("etc/gone", "x").file("etc/gone2", "x").file("opt/old/x", "x").file("srv/stays", ""), upper});
    EXPECT_FALSE(has("etc/gone"));
    EXPECT_FALSE(has("etc/gone2"));
    EXPECT_FALSE(has("opt/old"));
    EXPECT_TRUE(has("opt/new"));
    EXPECT_TRUE(has("srv/stays"));
    EXPECT_EQ(tree_.xattrs(at(tree_, "opt")), (XattrSet{{"user.kept", "k"}}));
    EXPECT_THAT(tree_.xattrs(at(tree_, "srv")), IsEmpty());
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("3 whiteouts applied, 4 names")));
}

TEST_F(RootLayers, WhatOverlayfsKeepsElsewhereIsRefused) {
    for (const char* key : {"SCHILY.xattr.trusted.overlay.redirect", "SCHILY.xattr.user.overlay.metacopy"}) {
        TarMaker upper;
        upper.pax({{key, "/x"}}).directory("moved");
        refused({TarMaker(), upper}, "keeps a part of this elsewhere");
    }
}

TEST_F(RootLayers, TheLowestLayerMayHoldAnotherSystemsOverlays) {
    TarMaker::Header device;
    device.name = "var/lib/docker/overlay2/x/diff/gone";
    device.type = '3';
    TarMaker tar;
    tar.header(device);
    tar.pax({{"SCHILY.xattr.trusted.overlay.opaque", "y"}}).directory("var/lib/docker/overlay2/x/diff/opt");
    lay_tars({tar});
    EXPECT_TRUE(has("var/lib/docker/overlay2/x/diff/gone"));
    EXPECT_EQ(xattr_of(tree_, "var/lib/docker/overlay2/x/diff/opt", "trusted.overlay.opaque"), "y");
}

TEST_F(RootLayers, AnUpperFolderOfOverlayfs) {
    if (::geteuid() != 0) GTEST_SKIP() << "a whiteout device takes root rights";
    TemporaryFolder base;
    base.write("etc/gone", "x");
    base.write("opt/old", "y");
    std::filesystem::create_directories(folder_ / "etc");
    ASSERT_EQ(::mknod((folder_ / "etc/gone").c_str(), S_IFCHR | 0644, makedev(0, 0)), 0);
    folder_.write("opt/new", "z");
    run_ok({"setfattr", "-n", "trusted.overlay.opaque", "-v", "y", folder_ / "opt"});
    notes_ = lay(tree_, {base.path().string(), folder_.path().string()});
    EXPECT_FALSE(has("etc/gone"));
    EXPECT_FALSE(has("opt/old"));
    EXPECT_TRUE(has("opt/new"));
    EXPECT_THAT(notes_, Contains(HasSubstr("2 whiteouts applied, 2 names")));
}

TEST_F(RootLayers, TheLastMemberOfANameWins) {
    lay_tars({TarMaker()
                  .file("issue", "base")
                  .hard_link("old-issue", "issue")
                  .symlink("bin", "usr/bin")
                  .directory("empty")
                  .file("was-file", "x")
                  .symlink("dangling", "nowhere")
                  .file("./issue", "mine")
                  .symlink("./bin", "usr/bin")
                  .symlink("empty", "elsewhere")
                  .directory("was-file")
                  .directory("dangling")});
    EXPECT_EQ(content_of(tree_, "issue"), "mine");
    EXPECT_EQ(content_of(tree_, "old-issue"), "base");
    EXPECT_EQ(tree_.type(at(tree_, "empty")), NodeType::symlink);
    EXPECT_EQ(tree_.type(at(tree_, "was-file")), NodeType::directory);
    EXPECT_EQ(tree_.type(at(tree_, "dangling")), NodeType::directory);
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("5 members were replaced by a later one")));
}

TEST_F(RootLayers, ALaterLayerMayPutAnythingInAnythingsPlace) {
    lay_tars({TarMaker().file("dir/a/b", "x").file("file", "x").file("kept/x", "x"),
              TarMaker().symlink("dir", "kept").directory("file").file("file/y", "")});
    EXPECT_EQ(tree_.type(at(tree_, "dir")), NodeType::symlink);
    EXPECT_TRUE(has("file/y"));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("2 names of earlier layers dropped with folders"),
                                    HasSubstr("2 names of earlier layers replaced")));
}

TEST_F(RootLayers, ADirectoryOverALinkOutwardsIsRefused) {
    refused({TarMaker().symlink("out", "../.."), TarMaker().directory("out")}, "replace a symlink");
}

TEST_F(RootLayers, ALeadingSlashIsTheRoot) {
    lay_tars({TarMaker().directory("/").directory("/usr/").file("/usr/py", "x").hard_link("./py", "/usr/py"),
              TarMaker().hard_link("//py2", "/usr/py")});
    EXPECT_EQ(content_of(tree_, "py"), "x");
    EXPECT_EQ(tree_.links(at(tree_, "py2")), 3U) << "a hard link across layers";
}

TEST_F(RootLayers, TimesBeyondExt4) {
    TarMaker tar;
    const std::vector<std::pair<const char*, Timestamp>> cases{
        {"-11644473600", {-2147483648, 0}},         {"-62135596800", {-2147483648, 0}},
        {"16725225600.5", {15032385535, 0}},        {"-9223372036854775808", {-2147483648, 0}},
        {"99999999999999999999", {15032385535, 0}}, {"-2147483648.5", {-2147483648, 0}},
        {"15032385535.25", {15032385535, 0}}};
    for (const auto& [text, time] : cases) tar.pax({{"mtime", text}}).file(text, "");
    tar.pax({{"mtime", "15032385534.25"}}).file("just inside", "");
    lay_tars({tar});
    for (const auto& [text, time] : cases) EXPECT_EQ(tree_.metadata(at(tree_, text)).mtime, time) << text;
    EXPECT_EQ(tree_.metadata(at(tree_, "just inside")).mtime, (Timestamp{15032385534, 250000000}));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("7 times beyond what ext4 can hold")));
}

TEST_F(RootLayers, WhatMacosAdds) {
    TarMaker tar;
    const std::string apple = std::string("\0\5\x16\7\0\2\0\0", 8) + std::string(120, 'a');
    tar.file("./._motd", apple);
    tar.pax({{"LIBARCHIVE.xattr.com.apple.provenance", "AQIA"}, {"SCHILY.xattr.user.mine", "m"}}).file("./motd", "x");
    tar.file("./._mine", "a file of that name, and longer than 26 bytes");
    lay_tars({tar});
    EXPECT_EQ(tree_.xattrs(at(tree_, "motd")), (XattrSet{{"user.mine", "m"}}));
    EXPECT_FALSE(has("._motd"));
    EXPECT_TRUE(has("._mine"));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("1 AppleDouble file"), HasSubstr("com.apple.provenance")));
}

TEST_F(RootLayers, AFolderTooHigh) {
    lay_tars({TarMaker().directory("r").file("r/etc/issue", "x")});
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("everything is below r/")));
    tree_ = FileTree();
    lay_tars({TarMaker().file("x.ext4", "x")});
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("it holds one file, x.ext4")));
}

TEST_F(RootLayers, ASymlinkHasOneMode) {
    TarMaker::Header link;
    link.name = "l";
    link.type = '2';
    link.link = "x";
    link.mode = 0644;
    lay_tars({TarMaker().header(link)});
    EXPECT_EQ(tree_.metadata(at(tree_, "l")).mode, 0777);
}

TEST_F(RootLayers, ATarWithoutClosingBlocks) {
    const std::string whole = TarMaker().file("a", "x").file("b", std::string(1000, 'b')).unfinished();
    notes_ = lay(tree_, folder_.write("packed.tar.gz", run_ok({"gzip", "-c"}, whole)));
    EXPECT_TRUE(has("b"));
    EXPECT_THAT(notes_, ElementsAre(HasSubstr("without its closing blocks")));
    for (const std::string& cut : {whole.substr(0, whole.size() - 512), whole.substr(0, 1024 + 100),
                                   TarMaker().pax({{"path", "x"}}).unfinished()}) {
        FileTree tree;
        const std::string path = folder_.write("cut.tar.gz", run_ok({"gzip", "-c"}, cut));
        EXPECT_EQ(error_of([&] { lay(tree, path); }).code(), ErrorCode::artifact);
    }
    FileTree tree;
    EXPECT_THAT(lay(tree, folder_.write("plain.tar", whole)), ElementsAre(HasSubstr("pin it")));
    EXPECT_TRUE(tree.find("b"));
}

TEST_F(RootLayers, NamesInAccessControlListsAreTheTreesOwn) {
    TarMaker tar;
    tar.pax({{"SCHILY.acl.access", "user::rw-,user:pi:rw-,group::r--,group:adm:r--,mask::rw-,other::---"},
             {"SCHILY.acl.default", "user::rwx,user:pi:rwx,group::r-x,mask::rwx,other::---"}})
        .directory("shared");
    const TarMaker users = TarMaker()
                               .file("etc/passwd", "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\n")
                               .file("etc/group", "root:x:0:\nadm:x:4:pi\n");
    lay_tars({tar, users});
    TarMaker numbers;
    numbers
        .pax({{"SCHILY.acl.access", "user::rw-,user:1000:rw-,group::r--,group:4:r--,mask::rw-,other::---"},
              {"SCHILY.acl.default", "user::rwx,user:1000:rwx,group::r-x,mask::rwx,other::---"}})
        .directory("shared");
    const FileTree expected = tree_of(folder_.write("numbers.tar", numbers.finish()));
    EXPECT_EQ(tree_.xattrs(at(tree_, "shared")), expected.xattrs(at(expected, "shared")));
    EXPECT_EQ(tree_.metadata(at(tree_, "shared")).mode, 0660);

    const Error error = error_of([&] {
        FileTree tree;
        lay(tree, folder_.write("alone.tar", tar.finish()));
    });
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    ASSERT_EQ(error.problems().size(), 2U);
    EXPECT_EQ(error.problems()[0].location.pointer, "shared");
    EXPECT_THAT(error.what(), HasSubstr("'user:pi:rw-'"));
}

/// What GNU tar itself writes, --numeric-owner or not, on a machine that knows the user.
TEST_F(RootLayers, AccessControlListsAsGnuTarWritesThem) {
    const std::string file = folder_.write("t/file", "x");
    folder_.write("t/etc/passwd", read_file("/etc/passwd"));
    folder_.write("t/etc/group", read_file("/etc/group"));
    if (run({"setfacl", "-m", "u:daemon:rw,g:mail:r", file}).status != 0)
        GTEST_SKIP() << "the temporary folder's file system has no access control lists";
    run_ok({"tar", "-C", folder_ / "t", "--acls", "--numeric-owner", "-cf", folder_ / "a.tar", "."});
    FileTree from_folder;
    lay(from_folder, folder_ / "t");
    notes_ = lay(tree_, folder_ / "a.tar");
    EXPECT_EQ(xattr_of(tree_, "file", "system.posix_acl_access").size(), 4U + 6 * 8);
    EXPECT_EQ(tree_.xattrs(at(tree_, "file")), from_folder.xattrs(at(from_folder, "file")));
}

/// A tar made of two, as GNU tar and bsdtar unpack it.
TEST_F(RootLayers, RepeatedMembersAsGnuTarUnpacksThem) {
    folder_.write("base/etc/issue", "base");
    folder_.write("over/etc/issue", "mine");
    std::filesystem::create_symlink("usr/bin", folder_ / "base/bin");
    const std::string tar = folder_ / "a.tar";
    run_ok({"tar", "-cf", tar, "-C", folder_ / "base", ".", "-C", folder_ / "over", "."});
    for (const std::string tool : {"tar", "bsdtar"}) {
        const std::string out = folder_ / tool;
        std::filesystem::create_directory(out);
        run_ok({tool, "-C", out, "-xf", tar});
        FileTree tree;
        lay(tree, tar);
        EXPECT_EQ(content_of(tree, "etc/issue"), read_file(out + "/etc/issue")) << tool;
        EXPECT_EQ(tree.symlink_target(at(tree, "bin")), std::filesystem::read_symlink(out + "/bin").string());
    }
    // GNU tar stores the second as a hard link to itself.
    run_ok({"tar", "-cf", tar, "-C", folder_ / "base", ".", "./bin"});
    EXPECT_EQ(tree_of(tar).symlink_target(at(tree_of(tar), "bin")), "usr/bin");
}

}  // namespace
}  // namespace rpixen::test
