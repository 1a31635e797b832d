#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "artifact/samples.hpp"
#include "artifact/tar_layer.hpp"
#include "artifact/tar_maker.hpp"
#include "storage/input_file.hpp"

namespace rpixen::test {
namespace {

using testing::HasSubstr;

/// A tar that must be refused: plain and packed, with the member named.
class HostileTar : public testing::Test {
  protected:
    void refused(const std::string& tar, const std::string& member, const std::string& words) const {
        const std::string plain = folder_.write("hostile.tar", tar);
        const Error error = error_of([&] { tree_of(plain); });
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_EQ(error.problems().at(0).location.file, plain);
        EXPECT_EQ(error.problems().at(0).location.pointer, member);
        EXPECT_THAT(error.what(), HasSubstr(words));
    }
    void refused(const TarMaker& tar, const std::string& member, const std::string& words) const {
        refused(tar.finish(), member, words);
    }
    TemporaryFolder folder_;
};

TEST_F(HostileTar, NamesThatLeaveTheTree) {
    refused(TarMaker().file("../../etc/passwd", "x"), "../../etc/passwd", "'..'");
    refused(TarMaker().file("a/../../etc/passwd", "x"), "a/../../etc/passwd", "'..'");
    refused(TarMaker().file("./..", "x"), "./..", "'..'");
    refused(TarMaker().directory("../"), "../", "'..'");
    refused(TarMaker().file("/../etc/passwd", "x"), "/../etc/passwd", "'..'");
    refused(TarMaker().file("a", "x").hard_link("b", "/../a"), "b", "'..'");
    refused(TarMaker().file("/.", "x"), "/.", "existing directory");
    refused(TarMaker().file("a", "x").hard_link("b", "../a"), "b", "'..'");
}

TEST_F(HostileTar, SymlinksThatLeaveTheTree) {
    refused(TarMaker().symlink("out", "..").file("out/x", "x"), "out/x", "leads out of the tree");
    refused(TarMaker().symlink("a", "b/../../..").directory("b").file("a/x", "x"), "a/x", "leads out of the tree");
    refused(TarMaker().symlink("loop", "loop").file("loop/x", "x"), "loop/x", "loop");
    refused(TarMaker().symlink("nowhere", "missing").file("nowhere/x", "x"), "nowhere/x", "leads nowhere");
    // An absolute target begins at the tree's own root.
    const FileTree tree = tree_of_bytes(
        folder_, TarMaker().directory("etc").symlink("link", "/etc").file("link/x", "x").finish());
    EXPECT_TRUE(tree.find("/etc/x"));
}

TEST_F(HostileTar, MoreExtendedHeadersThanAnyMemberHas) {
    TarMaker many;
    for (int number = 0; number < 1001; ++number) many.pax({{"comment", "x"}});
    refused(many.file("x", ""), "", "reading the extended headers of one member takes too much");
    TarMaker large;
    for (int number = 0; number < 17; ++number) large.pax({{"comment", std::string(1 << 20, 'x')}});
    refused(large.file("x", ""), "", "more than 16777216 bytes in memory");
}

TEST_F(HostileTar, MoreGlobalHeadersThanAnyTarHas) {
    TarMaker many;
    for (int number = 0; number < 10'000; ++number) many.pax({{"comment", "x"}}, 'g').file("x", "");
    EXPECT_NO_THROW(tree_of_bytes(folder_, many.finish()));
    refused(many.pax({{"comment", "x"}}, 'g').file("y", ""), "x", "more than 10000 steps");
    TarMaker large;
    for (int number = 0; number < 2; ++number) large.pax({{"comment", std::string(1 << 19, 'x')}}, 'g').file("x", "");
    refused(large, "x", "more than 1048576 bytes in memory");
}

TEST_F(HostileTar, FoldersNestedTooDeeply) {
    std::string name;
    for (int level = 0; level < 1025; ++level) name += "a/";
    refused(TarMaker().gnu_long('L', name).directory("x"), name, "directories are nested too deeply");
    name.resize(2 * 1024);
    tree_of_bytes(folder_, TarMaker().gnu_long('L', name).directory("x").finish());
}

TEST_F(HostileTar, NamesThatNoFileSystemHolds) {
    refused(TarMaker().pax({{"path", std::string("nul\0hidden", 10)}}).file("x", ""), "nul\\x00hidden", "NUL");
    refused(TarMaker().pax({{"linkpath", std::string("nul\0x", 5)}}).symlink("link", "y"), "link", "NUL");
    refused(TarMaker().gnu_long('L', std::string("a\0b", 3)).file("x", ""), "a\\x00b", "NUL");
    refused(TarMaker().file("new\nline", ""), "new\\x0aline", "newline");
    refused(TarMaker().file("d/new\nline/f", ""), "d/new\\x0aline/f", "newline");
    refused(TarMaker().gnu_long('L', std::string(256, 'n')).file("x", ""), std::string(256, 'n'), "too long");
    refused(TarMaker().file("", "x"), "", "no name");
}

TEST_F(HostileTar, AFolderWithMembersIsNotReplacedInItsOwnTar) {
    refused(TarMaker().directory("d").file("d/in", "1").file("d", "2"), "d", "members of the same layer");
    refused(TarMaker().file("d/e/in", "1").symlink("d", "etc"), "d", "members of the same layer");
}

TEST_F(HostileTar, Links) {
    refused(TarMaker().hard_link("link", "missing"), "link", "not there");
    refused(TarMaker().hard_link("link", "missing/far"), "link", "missing");
    refused(TarMaker().directory("d").hard_link("link", "d"), "link", "directory");
    refused(TarMaker().hard_link("link", "later").file("later", "x"), "link", "not there");
    refused(TarMaker().symlink("empty", ""), "empty", "no target");
    refused(TarMaker().gnu_long('K', std::string(4096, 't')).symlink("long", "x"), "long", "too long");
    refused(TarMaker().file("f", "x").file("f/below", "x"), "f/below", "no directory");
}

TEST_F(HostileTar, CutOff) {
    const std::string whole = TarMaker().file("first", "1").file("second", std::string(2000, '2')).finish();
    for (const std::size_t length : {1U, 100U, 511U}) refused(whole.substr(0, length), "", "ends inside a header");
    refused(whole.substr(0, 512), "first", "ends inside this member");
    refused(whole.substr(0, 1024 + 512), "second", "ends inside this member");
    refused(whole.substr(0, 1024 + 512 + 1999), "second", "ends inside this member");
    refused(whole.substr(0, 1024 + 512 + 2000), "second", "ends inside this member");
    EXPECT_NO_THROW(tree_of_bytes(folder_, whole.substr(0, 1024)));
    EXPECT_NO_THROW(tree_of_bytes(folder_, whole.substr(0, 1024 + 512 + 2048)));
    EXPECT_NO_THROW(tree_of_bytes(folder_, whole.substr(0, whole.size() - 512))) << "one closing block will do";
    refused(TarMaker().pax({{"path", "x"}}).unfinished().substr(0, 515), "", "ends inside an extended header");
    refused(TarMaker().pax({{"path", "x"}}).unfinished(), "", "announces a member");
    refused(TarMaker().file("first", "1").gnu_long('L', "n").unfinished(), "first", "announces a member");
}

TEST_F(HostileTar, DamagedHeaders) {
    std::string tar = TarMaker().file("first", "1").file("second", "2").finish();
    tar[1024 + 130] = '7';
    refused(tar, "first", "checksum");
    refused(TarMaker().file("a", "").unfinished() + std::string(512, '\0') + TarMaker().file("b", "").finish(), "a",
            "lone block");
    TarMaker::Header h;
    h.type = 'M';
    refused(TarMaker().header(h), "file", "volume");
    h.type = '\n';
    refused(TarMaker().header(h), "file", "unknown kind");
    h.type = '3';
    h.major = 4096;
    refused(TarMaker().header(h), "file", "device number");
    refused(TarMaker().pax({{"uid", "4294967296"}}).file("f", ""), "f", "32 bits");
    refused(TarMaker().pax({{"size", "99999999999999999999"}}).file("f", ""), "", "pax header is damaged");
    refused(TarMaker().pax({{"size", "9223372036854775807"}}).file("f", ""), "f", "ends inside this member");
}

TEST_F(HostileTar, SparseMapsThatLie) {
    const auto sparse = [](const std::string& map, const std::string& size, const std::string& data) {
        return TarMaker().pax({{"GNU.sparse.size", size}, {"GNU.sparse.map", map}}).file("s", data);
    };
    refused(sparse("0,5,3,5", "100", "0123456789"), "s", "overlaps");
    refused(sparse("5,5,0,5", "100", "0123456789"), "s", "overlaps");
    refused(sparse("95,10", "100", "0123456789"), "s", "leaves the file");
    refused(sparse("9223372036854775807,10", "100", "0123456789"), "s", "leaves the file");
    refused(sparse("0,5", "100", "0123456789"), "s", "does not match");
    refused(sparse("0,20", "100", "0123456789"), "s", "does not match");
    const auto in_data = [](std::string map) {
        map.resize(512);
        return TarMaker()
            .pax({{"GNU.sparse.major", "1"}, {"GNU.sparse.name", "s"}, {"GNU.sparse.realsize", "100"}})
            .file("x", map + "abc");
    };
    refused(in_data("x\n"), "s", "damaged");
    refused(in_data("2\n0\n3\n"), "s", "damaged");
    refused(in_data("99999999999\n"), "s", "too long");
    refused(in_data("1\n0\n4\n"), "s", "does not match");
}

TEST_F(HostileTar, AttributesThatCannotBeKept) {
    refused(TarMaker().pax({{"SCHILY.xattr.system.nfs4_acl", "x"}}).file("f", ""), "f", "cannot be kept");
    refused(TarMaker().pax({{"SCHILY.xattr.user." + std::string(251, 'n'), "x"}}).file("f", ""), "f", "cannot be kept");
    refused(TarMaker().pax({{"SCHILY.xattr.user.big", std::string(65537, 'x')}}).file("f", ""), "f", "too large");
    refused(
        TarMaker().pax({{"SCHILY.acl.access", "user::rwx,user:lp:r-x,group::r-x,mask::r-x,other::---"}}).file("f", ""),
        "f", "'user:lp:r-x'");
}

TEST_F(HostileTar, EveryBadMemberIsNamedAtOnce) {
    const TarMaker
        tar = TarMaker().file("../a", "x").file("good", "x").file("b/..", "x").hard_link("c", "d").file("good/x", "y");
    const Error error = error_of([&] { tree_of_bytes(folder_, tar.finish()); });
    ASSERT_EQ(error.problems().size(), 4U);
    EXPECT_EQ(error.problems()[0].location.pointer, "../a");
    EXPECT_EQ(error.problems()[1].location.pointer, "b/..");
    EXPECT_EQ(error.problems()[2].location.pointer, "c");
    EXPECT_EQ(error.problems()[3].location.pointer, "good/x");
}

TEST_F(HostileTar, EveryBitFlippedInAHeaderIsAnErrorOrATree) {
    const std::string whole = TarMaker()
                                  .pax({{"mtime", "1.5"}, {"path", "some/where"}, {"SCHILY.xattr.user.a", "b"}})
                                  .file("x", "data")
                                  .pax({{"GNU.sparse.major", "1"},
                                        {"GNU.sparse.name", "s"},
                                        {"GNU.sparse.realsize", "9"}})
                                  .file("y", "1\n0\n3\n" + std::string(506, '\0') + "abc")
                                  .finish();
    for (std::size_t bit = 0; bit < whole.size() * 8; bit += 3) {
        std::string tar = whole;
        tar[bit / 8] = static_cast<char>(tar[bit / 8] ^ (1 << (bit % 8)));
        FileDescriptor memory(::memfd_create("flipped", MFD_CLOEXEC));
        pwrite_exactly(memory.get(), 0, as_bytes(tar), "flipped.tar");
        FileTree tree;
        Layers layers(tree);
        layers.begin("flipped.tar");
        try {
            add_tar(layers, TarFile(InputFile::adopt(std::move(memory), "flipped.tar")), {});
            layers.finish();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact) << error.what();
        }
    }
}

}  // namespace
}  // namespace rpixen::test
