// The readers held against the tools that write tars: GNU tar, bsdtar and Python's tarfile, plain and packed.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "artifact/folder_layer.hpp"
#include "artifact/samples.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

/// A folder with what can be made without root rights. Its times have nanoseconds, one name is no UTF-8.
void fill(const TemporaryFolder& folder, const std::string& top, bool short_names) {
    folder.write(top + "/etc/hostname", "pi\n");
    folder.write(top + "/empty", "");
    folder.write(top + "/bin/tool", std::string(70000, 't'));
    folder.write(top + "/b\xff\xfe", "not UTF-8");
    folder.write(top + "/nfd-e\xcc\x81", "decomposed");
    const std::string base = folder / top;
    if (!short_names) {
        folder.write(top + "/deep/" + std::string(200, 'd') + "/" + std::string(255, 'f'), "deep");
        std::filesystem::create_symlink(std::string(300, 'l'), base + "/long-link");
    }
    std::filesystem::create_symlink("etc/hostname", base + "/link");
    std::filesystem::create_hard_link(base + "/bin/tool", base + "/bin/tool2");
    std::filesystem::create_hard_link(base + "/link", base + "/link2");
    ASSERT_EQ(::mkfifo((base + "/fifo").c_str(), 0640), 0);
    ASSERT_EQ(::chmod((base + "/bin/tool").c_str(), 04711), 0);
    ASSERT_EQ(::chmod((base + "/etc").c_str(), 01777), 0);
    ASSERT_EQ(::chmod(base.c_str(), 0755), 0);
    for (const std::string& name :
         {std::string("/etc/hostname"), std::string("/empty"), std::string("/bin/tool"), std::string("/link"),
          std::string("/fifo"), std::string("/etc"), std::string("/bin"), std::string("")}) {
        const timespec times[2] = {{1600000000, 0}, {1600000000, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, (base + name).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
    }
    run_ok({"find", base, "-exec", "touch", "-h", "-d", "@1600000000", "{}", "+"});
}

std::string folder_listing(const std::string& path) {
    FileTree tree;
    lay(tree, path);
    return listing(tree);
}

class TarTools : public testing::Test {
  protected:
    TemporaryFolder folder_;
};

TEST_F(TarTools, GnuTarInEveryFormat) {
    const auto compare = [&](const std::string& top, const std::string& format) {
        const std::string tar = folder_ / (format + ".tar");
        run_ok({"tar", "-C", folder_ / top, "--format=" + format, "--owner=0", "--group=0", "-cf", tar, "."});
        EXPECT_EQ(listing(tree_of(tar)), folder_listing(folder_ / top)) << format;
    };
    fill(folder_, "long", false);
    EXPECT_THAT(folder_listing(folder_ / "long"),
                testing::HasSubstr("/bin/tool2 file 4711 0:0 1600000000.000000000 70000"));
    for (const char* format : {"oldgnu", "gnu", "posix"}) compare("long", format);
    fill(folder_, "short", true);
    compare("short", "ustar");
    std::filesystem::remove(folder_ / "short/fifo");  // v7 has none
    run_ok({"touch", "-d", "@1600000000", folder_ / "short"});
    compare("short", "v7");
}

TEST_F(TarTools, BsdtarInEveryFormat) {
    fill(folder_, "tree", false);
    std::filesystem::remove(folder_ / "tree/b\xff\xfe");  // bsdtar stores it only with hdrcharset=BINARY
    run_ok({"touch", "-d", "@1600000000", folder_ / "tree"});
    const std::string expected = folder_listing(folder_ / "tree");
    for (const std::string format : {"pax", "gnutar"}) {
        const std::string tar = folder_ / (format + ".tar");
        run_ok({"bsdtar", "-C", folder_ / "tree", "--format=" + format, "--uid", "0", "--gid", "0", "-cf", tar, "."});
        EXPECT_EQ(listing(tree_of(tar)), expected) << format;
    }
}

TEST_F(TarTools, EveryCompression) {
    fill(folder_, "tree", false);
    const std::string plain = folder_ / "plain.tar";
    run_ok({"tar", "-C", folder_ / "tree", "--format=posix", "-cf", plain, "."});
    const std::string expected = listing(tree_of(plain));
    for (const std::string tool : {"gzip", "xz", "zstd", "bzip2", "lz4"}) {
        const std::string packed = folder_.write(tool + ".tar", run_ok({tool, "-c", plain}));
        EXPECT_EQ(listing(tree_of(packed)), expected) << tool;
    }
}

TEST_F(TarTools, SparseFilesOfGnuTar) {
    const std::string top = folder_ / "tree";
    std::filesystem::create_directory(top);
    const int file = ::open((top + "/sparse").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_GE(file, 0);
    // More runs than a header (4) and one block of the old format (21) hold; a hole at the end.
    for (int index = 0; index < 40; ++index) ASSERT_EQ(::pwrite(file, "data", 4, index * 262144 + 65536), 4);
    ASSERT_EQ(::ftruncate(file, 40 * 262144 + 1000000), 0);
    ::close(file);
    std::filesystem::resize_file(folder_.write("tree/hole", ""), 3000000);
    const std::string expected = folder_listing(top);
    const std::string whole = read_file(top + "/sparse");
    const std::vector<std::vector<std::string>> forms{{"--format=gnu"},
                                                      {"--format=posix", "--sparse-version=0.0"},
                                                      {"--format=posix", "--sparse-version=0.1"},
                                                      {"--format=posix", "--sparse-version=1.0"}};
    for (const auto& form : forms) {
        std::vector<std::string> command{"tar", "-C", top, "-S", "--owner=0", "--group=0"};
        command.insert(command.end(), form.begin(), form.end());
        command.insert(command.end(), {"-cf", folder_ / "sparse.tar", "."});
        run_ok(command);
        const std::string tar = folder_ / "sparse.tar";
        ASSERT_LT(std::filesystem::file_size(tar), 1000000U);
        const std::string packed = folder_.write("sparse.tar.gz", run_ok({"gzip", "-c", tar}));
        for (const std::string& path : {tar, packed}) {
            const FileTree tree = tree_of(path);
            EXPECT_TRUE(tree.sparse(at(tree, "sparse"))) << form.back();
            EXPECT_GE(tree.runs(at(tree, "sparse")).size(), 40U) << form.back();
            EXPECT_EQ(content_of(tree, "sparse"), whole) << form.back();
            EXPECT_TRUE(tree.runs(at(tree, "hole")).empty()) << form.back();
            EXPECT_EQ(tree.size(at(tree, "hole")), 3000000U) << form.back();
        }
    }
    FileTree from_folder;
    lay(from_folder, top);
    EXPECT_EQ(content_of(from_folder, "sparse"), whole);
    EXPECT_EQ(from_folder.size(at(from_folder, "hole")), 3000000U);
    EXPECT_THAT(expected, testing::HasSubstr("/hole file"));
}

TEST_F(TarTools, PythonsTarfile) {
    const std::string script = R"(
import io, sys, tarfile
for name, form in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
    with tarfile.open(sys.argv[1] + "/py-" + name + ".tar", "w", format=form) as t:
        def add(path, kind=tarfile.REGTYPE, data=b"", **fields):
            i = tarfile.TarInfo(path)
            i.type, i.size, i.mtime = kind, len(data), 1234567890
            for key, value in fields.items():
                setattr(i, key, value)
            t.addfile(i, io.BytesIO(data))
        add("d", tarfile.DIRTYPE, mode=0o2755, uid=12, gid=34)
        add("d/file", data=b"hello", mode=0o6755, uid=1000, gid=1001)
        add("d/link", tarfile.SYMTYPE, linkname="file", mode=0o777)
        add("d/hard", tarfile.LNKTYPE, linkname="d/file", mode=0o6755, uid=1000, gid=1001)
        add("d/null", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
        add("d/loop", tarfile.BLKTYPE, devmajor=7, devminor=0, mode=0o660, gid=6)
        add("d/pipe", tarfile.FIFOTYPE, mode=0o600)
        if name != "ustar":
            add("d/huge", data=b"x", uid=3000000000, gid=4000000000, mode=0o600)
            add("x" * 255, data=b"long", mode=0o600)
            add("d/before", mtime=-86400, mode=0o600)
        if name == "pax":
            add("d/fraction", mtime=1.5, mode=0o600)
)";
    run_ok({"python3", "-", folder_.path().string()}, script);
    const std::string common =
        "/ directory 0755 0:0 0.000000000 links=1\n"
        "/d directory 2755 12:34 1234567890.000000000 links=1\n";
    const std::string file = " file 6755 1000:1001 1234567890.000000000 5 2cf24dba5fb0a30e links=2\n";
    const auto expected = [&](bool large, bool fractions) {
        std::string text = common;
        if (large) text += "/d/before file 0600 0:0 -86400.000000000 0 e3b0c44298fc1c14 links=1\n";
        text += "/d/file" + file;
        if (fractions) text += "/d/fraction file 0600 0:0 1.500000000 0 e3b0c44298fc1c14 links=1\n";
        text += "/d/hard" + file;
        if (large) text += "/d/huge file 0600 3000000000:4000000000 1234567890.000000000 1 2d711642b726b044 links=1\n";
        text +=
            "/d/link symlink 0777 0:0 1234567890.000000000 -> file links=1\n"
            "/d/loop block device 0660 0:6 1234567890.000000000 7,0 links=1\n"
            "/d/null character device 0666 0:0 1234567890.000000000 1,3 links=1\n"
            "/d/pipe fifo 0600 0:0 1234567890.000000000 links=1\n";
        if (large)
            text += "/" + std::string(255, 'x') + " file 0600 0:0 1234567890.000000000 4 fc66f021c67d064c links=1\n";
        return text;
    };
    EXPECT_EQ(listing(tree_of(folder_ / "py-ustar.tar")), expected(false, false));
    EXPECT_EQ(listing(tree_of(folder_ / "py-gnu.tar")), expected(true, false));
    EXPECT_EQ(listing(tree_of(folder_ / "py-pax.tar")), expected(true, true));
}

TEST_F(TarTools, ExtendedAttributesOfGnuTarAndBsdtar) {
    const std::string file = folder_.write("tree/file", "x");
    const auto set = run({"setfattr", "-n", "user.colour", "-v", "blue", file});
    if (set.status != 0) GTEST_SKIP() << "the temporary folder's file system has no user attributes";
    run_ok({"setfattr", "-n", "user.bytes", "-v", "0x00ff0a", file});
    run_ok({"tar", "-C", folder_ / "tree", "--xattrs", "-cf", folder_ / "gnu.tar", "."});
    run_ok({"bsdtar", "-C", folder_ / "tree", "--xattrs", "-cf", folder_ / "bsd.tar", "."});
    FileTree from_folder;
    lay(from_folder, folder_ / "tree");
    for (const FileTree& tree : {tree_of(folder_ / "gnu.tar"), tree_of(folder_ / "bsd.tar"), std::move(from_folder)}) {
        EXPECT_EQ(xattr_of(tree, "file", "user.colour"), "blue");
        EXPECT_EQ(xattr_of(tree, "file", "user.bytes"), std::string("\0\xff\n", 3));
    }
}

TEST_F(TarTools, AccessControlListsOfGnuTarAndBsdtar) {
    const std::string file = folder_.write("tree/file", "x");
    ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
    const auto set = run({"setfacl", "-m", "u:12345:rw,g:54321:r", file});
    if (set.status != 0) GTEST_SKIP() << "the temporary folder's file system has no access control lists";
    run_ok({"setfacl", "-d", "-m", "u:12345:rwx", folder_ / "tree"});
    run_ok({"tar", "-C", folder_ / "tree", "--acls", "--numeric-owner", "-cf", folder_ / "gnu.tar", "."});
    run_ok({"bsdtar", "-C", folder_ / "tree", "--acls", "--format=pax", "-cf", folder_ / "bsd.tar", "."});
    FileTree from_folder;
    lay(from_folder, folder_ / "tree");
    // The kernel's own form, read from the folder, is the oracle.
    const std::string access = xattr_of(from_folder, "file", "system.posix_acl_access");
    const std::string inherited = xattr_of(from_folder, "/", "system.posix_acl_default");
    EXPECT_EQ(access.size(), 4U + 6 * 8);
    EXPECT_EQ(inherited.size(), 4U + 5 * 8);
    for (const char* name : {"gnu.tar", "bsd.tar"}) {
        const FileTree tree = tree_of(folder_ / name);
        EXPECT_EQ(xattr_of(tree, "file", "system.posix_acl_access"), access) << name;
        EXPECT_EQ(xattr_of(tree, "/", "system.posix_acl_default"), inherited) << name;
        EXPECT_EQ(tree.metadata(at(tree, "file")).mode, from_folder.metadata(at(from_folder, "file")).mode) << name;
    }
}

}  // namespace
}  // namespace rpixen::test
