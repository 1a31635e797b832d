#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "release/packages/package_readers.hpp"
#include "release/sample_release.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PackageList read(Bytes database) {
    PackageCollector found(PackageLimits().found);
    found.begin("rpmdb.sqlite");
    read_rpm_database(std::move(database), found);
    return found.finish();
}

/// Packages that rpmbuild makes, in a database that rpm makes.
class RpmDatabase : public testing::Test {
  protected:
    void SetUp() override {
        const std::string spec = folder_.write("hello.spec",
                                               "Name: hello\nVersion: 1.2~rc1\nRelease: 3\nEpoch: 2\nSummary: x\n"
                                               "License: GPL-2.0-or-later AND MIT\nPackager: A Person <a@example.org>\n"
                                               "BuildArch: noarch\n%description\nx\n"
                                               "%package tools\nSummary: y\nVersion: 9\nLicense: Odd Words\n"
                                               "%description tools\ny\n%files\n%files tools\n");
        run_ok({"rpmbuild", "--define", "_topdir " + folder_ / "top", "-bb", spec});
        std::vector<std::string> install{"rpm", "--dbpath", folder_ / "db", "--define", "_db_backend sqlite",
                                         "-i",  "--justdb", "--nodeps"};
        // Debian 12's rpm wants to be asked; Debian 13's does not know the option.
        const std::string asked = "--force-debian";
        if (test::run({"rpm", asked, "--version"}).status == 0) install.push_back(asked);
        for (const auto& entry : std::filesystem::directory_iterator(folder_ / "top/RPMS/noarch"))
            install.push_back(entry.path().string());
        run_ok(install);
    }

    Bytes database() const { return to_bytes(read_file(folder_ / "db/rpmdb.sqlite")); }

    const TemporaryFolder folder_;
};

TEST_F(RpmDatabase, RpmListsTheSame) {
    const PackageList list = read(database());
    std::vector<std::string> lines;
    for (const InstalledPackage& package : list.packages)
        lines.push_back(package.name + " " + package.version + " " + package.architecture + " " + package.licence +
                        " " + package.maintainer + " " + package.source + "-" + package.source_version);
    EXPECT_THAT(list.notes, IsEmpty());
    ASSERT_THAT(lines_of(list.packages), ElementsAre("rpm hello 2:1.2~rc1-3 noarch", "rpm hello-tools 2:9-3 noarch"));
    EXPECT_EQ(list.packages[0].source, "");
    EXPECT_EQ(list.packages[0].source_version, "");
    EXPECT_EQ(list.packages[1].source, "hello");
    EXPECT_EQ(list.packages[1].source_version, "1.2~rc1-3");
    const std::string told = run_ok({"rpm", "--dbpath", folder_ / "db", "-qa", "--qf",
                                     "%{name} %{epoch}:%{version}-%{release} %{arch} %{license} %{packager}\n"});
    for (const InstalledPackage& package : list.packages)
        EXPECT_THAT(told, HasSubstr(package.name + " " + package.version + " " + package.architecture + " " +
                                    package.licence + " " + package.maintainer + "\n"));
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 2);
}

TEST_F(RpmDatabase, AnyBytesEndWithANote) {
    EXPECT_THAT(read({}).notes, ElementsAre(HasSubstr("not read")));
    EXPECT_THAT(read(to_bytes("no database")).notes, ElementsAre(HasSubstr("not read")));
    Bytes cut = database();
    cut.resize(cut.size() / 2);
    EXPECT_THAT(read(cut).notes, testing::Not(IsEmpty()));
}

TEST_F(RpmDatabase, DamageAnywhereIsNoCrash) {
    const Bytes sound = database();
    for (std::size_t at = 0; at < sound.size(); at += 997) {
        Bytes bytes = sound;
        for (std::size_t place = at; place < std::min(at + 8, bytes.size()); ++place) bytes[place] ^= std::byte{0xff};
        EXPECT_LE(read(std::move(bytes)).packages.size(), 2U) << at;
    }
}

TEST_F(RpmDatabase, AViewInsteadOfTheTableIsNotRun) {
    run_ok({"sqlite3", folder_ / "db/rpmdb.sqlite",
            "DROP TABLE Packages; CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS (SELECT 1 UNION ALL SELECT blob+1 "
            "FROM n) "
            "SELECT blob FROM n; PRAGMA wal_checkpoint(TRUNCATE);"});
    EXPECT_THAT(read(database()).notes, ElementsAre(HasSubstr("not read")));
}

TEST_F(RpmDatabase, ALimitIsMet) {
    PackageCollector found(Budget{.of = "package databases", .steps = 1});
    EXPECT_THROW(read_rpm_database(database(), found), Error);
}

/// A header with strings by tag.
std::string header_of(const std::vector<std::pair<std::uint32_t, std::string>>& strings, std::uint32_t type = 6) {
    Bytes index;
    std::string data;
    const auto put = [&](std::size_t number) {
        index.resize(index.size() + 4);
        store_be<std::uint32_t>(&index[index.size() - 4], static_cast<std::uint32_t>(number));
    };
    for (const auto& [tag, text] : strings) {
        put(tag), put(type), put(data.size()), put(1);
        data += text + '\0';
    }
    Bytes start(8);
    store_be<std::uint32_t>(start.data(), static_cast<std::uint32_t>(strings.size()));
    store_be<std::uint32_t>(&start[4], static_cast<std::uint32_t>(data.size()));
    return std::string(as_text(start)) + std::string(as_text(index)) + data;
}

PackageList read_header(const std::string& header) {
    PackageCollector found(PackageLimits().found);
    found.begin("header");
    read_rpm_header(as_bytes(header), found);
    return found.finish();
}

TEST(RpmHeader, AKeyIsNoPackage) {
    const PackageList list = read_header(header_of({{1000, "gpg-pubkey"}, {1001, "1"}, {1002, "2"}}));
    EXPECT_THAT(list.packages, IsEmpty());
    EXPECT_THAT(list.notes, IsEmpty());
}

TEST(RpmHeader, WithoutAPackagerTheVendorMaintainsIt) {
    const PackageList list = read_header(
        header_of({{1000, "a"}, {1001, "1"}, {1002, "2"}, {1011, "Fedora Project"}, {1044, "odd.rpm"}}));
    EXPECT_THAT(lines_of(list.packages), ElementsAre("rpm a 1-2 "));
    EXPECT_EQ(list.packages[0].maintainer, "Fedora Project");
    EXPECT_EQ(list.packages[0].source, "");
}

TEST(RpmHeader, DamagedOnesAreTold) {
    const std::string good = header_of({{1000, "a"}, {1001, "1"}, {1002, "2"}});
    ASSERT_EQ(read_header(good).packages.size(), 1U);
    for (std::size_t size = 0; size < good.size(); ++size) {
        const PackageList list = read_header(good.substr(0, size));
        EXPECT_THAT(list.packages, IsEmpty()) << size;
        EXPECT_THAT(list.notes, ElementsAre("header: 1 record is damaged and left out")) << size;
    }
    std::string far = good;
    far[8 + 8] = '\x7f';  // the name's place
    EXPECT_EQ(read_header(far).packages.size(), 0U);
    EXPECT_EQ(read_header(header_of({{1000, "a"}, {1001, "1"}, {1002, "2"}}, 7)).packages.size(), 0U);
    std::string unended = good;
    unended.back() = 'x';  // a release without an end
    EXPECT_EQ(read_header(unended).packages.size(), 0U);
}

}  // namespace
}  // namespace rpixen::test
