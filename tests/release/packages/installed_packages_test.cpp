#include <gmock/gmock.h>

#include <rpixen/error.hpp>

#include "release/packages/installed_packages.hpp"
#include "release/sample_release.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string a_deb = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n";

TEST(InstalledPackages, EveryPlaceIsRead) {
    const FileTree tree = tree_of({
        {"/var/lib/dpkg/status", a_deb},
        {"/var/lib/dpkg/status.d/base", "Package: base\nArchitecture: all\nVersion: 2\n"},
        {"/var/lib/dpkg/status.d/base.md5sums", "0123  ./usr/bin/base\n"},
        {"/var/lib/opkg/status", "Package: o\nVersion: 1\nStatus: install ok installed\nArchitecture: all\n\n"},
        {"/var/lib/opkg/info/o.control", "Package: o\nVersion: 1\nLicense: MIT\n"},
        {"/usr/lib/opkg/status", "Package: w\nVersion: 2\nStatus: install user installed\nArchitecture: all\n\n"},
        {"/usr/lib/opkg/info/w.control", "Package: w\nVersion: 2\nLicense: ISC\n"},
        {"/lib/apk/db/installed", "P:k\nV:1-r0\nA:aarch64\n\n"},
        {"/usr/lib/apk/db/installed", "P:l\nV:1-r0\nA:aarch64\n\n"},
    });
    const PackageList list = installed_packages(tree);
    EXPECT_THAT(lines_of(list.packages), ElementsAre("apk k 1-r0 aarch64", "apk l 1-r0 aarch64", "deb a 1 all",
                                                     "deb base 2 all", "opkg o 1 all", "opkg w 2 all"));
    EXPECT_EQ(list.packages[4].licence, "MIT");
    EXPECT_EQ(list.packages[5].licence, "ISC");
    EXPECT_THAT(list.notes, IsEmpty());
}

TEST(InstalledPackages, ATreeWithoutADatabaseHasNone) {
    const PackageList list = installed_packages(FileTree());
    EXPECT_THAT(list.packages, IsEmpty());
    EXPECT_THAT(list.notes, IsEmpty());
}

/// On a merged /usr, and where a database was moved, two paths lead to one file.
TEST(InstalledPackages, OneFileIsReadOnceAndThroughLinks) {
    FileTree tree = tree_of(
        {{"/usr/lib/apk/db/installed", "P:l\nV:1-r0\nrubbish\n\n"}, {"/usr/share/dpkg/status", a_deb}});
    tree.add_symlink(tree.locate("/lib"), {}, "usr/lib");
    tree.add_symlink(tree.locate("/var/lib/dpkg"), {}, "../../usr/share/dpkg");
    const PackageList list = installed_packages(tree);
    EXPECT_THAT(lines_of(list.packages), ElementsAre("deb a 1 all"));
    EXPECT_THAT(list.notes, ElementsAre("/lib/apk/db/installed: 1 record is damaged and left out"));
}

TEST(InstalledPackages, APackageIsListedOnce) {
    const PackageList list = installed_packages(tree_of({{"/var/lib/dpkg/status", a_deb + a_deb}}));
    EXPECT_THAT(lines_of(list.packages), ElementsAre("deb a 1 all"));
}

TEST(InstalledPackages, OldDatabasesOfRpmAreTold) {
    const PackageList list = installed_packages(tree_of({{"/var/lib/rpm/Packages", "x"},
                                                         {"/usr/lib/sysimage/rpm/Packages.db", "x"},
                                                         {"/var/lib/rpm/rpmdb.sqlite-wal", "x"}}));
    EXPECT_THAT(list.notes,
                ElementsAre(HasSubstr("/var/lib/rpm/rpmdb.sqlite-wal: what this write-ahead log has"),
                            HasSubstr("/var/lib/rpm/Packages: not read: a database of rpm in Berkeley DB"),
                            HasSubstr("/usr/lib/sysimage/rpm/Packages.db: not read: a database of rpm in ndb")));
}

TEST(InstalledPackages, LimitsAreTold) {
    const FileTree tree = tree_of({{"/lib/apk/db/installed", "P:a\nV:1\n\nP:b\nV:1\n\n"}});
    const PackageList large = installed_packages(tree, {.database = 3});
    EXPECT_THAT(large.packages, IsEmpty());
    EXPECT_THAT(large.notes, ElementsAre("/lib/apk/db/installed: larger than 3 bytes; not read"));
    const PackageList many = installed_packages(tree, {.found = {.of = "package databases", .steps = 1}});
    EXPECT_THAT(lines_of(many.packages), ElementsAre("apk a 1 "));
    EXPECT_THAT(
        many.notes,
        ElementsAre(HasSubstr("/lib/apk/db/installed: reading package databases takes too much: more than 1 steps")));
    const PackageList wide = installed_packages(tree, {.found = {.of = "package databases", .bytes = 3}});
    EXPECT_THAT(lines_of(wide.packages), ElementsAre("apk a 1 "));
    EXPECT_THAT(wide.notes, ElementsAre(HasSubstr("more than 3 bytes in memory")));
}

/// What cannot be read is no list of packages.
TEST(InstalledPackages, AFileThatCannotBeReadIsAnError) {
    class Broken final : public ContentSource {
        std::unique_ptr<OpenContent> open(std::uint64_t) const override { throw Error(ErrorCode::io, "gone"); }
        std::string name() const override { return "gone"; }
    };
    FileTree tree;
    tree.add_file(tree.locate("/var/lib/dpkg/status"), {}, {std::make_shared<Broken>(), 0, 10});
    try {
        installed_packages(tree);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
    }
}

TEST(Distribution, IsReadFromOsRelease) {
    FileTree tree = tree_of(
        {{"/usr/lib/os-release",
          "# NAME=\nPRETTY_NAME=\"A \\\"B\\\" 1\"\nID=alpine\nVERSION_ID='3.19'\nVERSION_ID_OLD=2\n"}});
    tree.add_symlink(tree.locate("/etc/os-release"), {}, "../usr/lib/os-release");
    const Distribution distribution = distribution_of(tree);
    EXPECT_EQ(distribution.id, "alpine");
    EXPECT_EQ(distribution.version, "3.19");
    EXPECT_EQ(distribution.name, "A \"B\" 1");
}

TEST(Distribution, IsReadWithoutALinkToo) {
    EXPECT_EQ(distribution_of(tree_of({{"/usr/lib/os-release", "ID=poky"}})).id, "poky");
    EXPECT_EQ(distribution_of(FileTree()).id, "");
    EXPECT_EQ(distribution_of(tree_of({{"/etc/os-release", "ID=\"" + std::string(300, 'x') + "\n"}})).id, "");
    EXPECT_EQ(distribution_of(tree_of({{"/etc/os-release", "ID=\x1b\\"}})).id, R"(\x1b\x5c)");
}

}  // namespace
}  // namespace rpixen::test
