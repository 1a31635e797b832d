#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <rpixen/report.hpp>

namespace rpixen {
namespace {

using testing::HasSubstr;
using testing::Not;

Report report_of_files(std::deque<ReportFile> files) {
    Report report;
    report.name = "card.img";
    ReportPartition partition;
    partition.number = 2;
    partition.file_system = "ext4";
    partition.files = std::move(files);
    report.partitions.push_back(std::move(partition));
    return report;
}

ReportFile file_of(const std::string& path, const std::string& type) {
    ReportFile file;
    file.path = path;
    file.type = type;
    return file;
}

TEST(ReportText, ListsTheTopFolderOrAll) {
    const Report report = report_of_files(
        {file_of("/etc", "directory"), file_of("/etc/fstab", "file"), file_of("/init", "file")});
    EXPECT_THAT(report.text(), AllOf(HasSubstr("/etc/\n"), HasSubstr("/init\n"), Not(HasSubstr("/etc/fstab")),
                                     HasSubstr("Files of partition 2, its top folder (--verbose lists all)\n")));
    EXPECT_THAT(report.text(true), AllOf(HasSubstr("/etc/fstab\n"), HasSubstr("Files of partition 2\n")));
}

TEST(ReportText, ListsDom0AndItsGuests) {
    constexpr std::uint64_t mib = 1 << 20;
    Report report;
    EXPECT_THAT(report.text(), Not(HasSubstr("Domains")));
    report.domains = {{"dom0", "xen", 512 * mib, 0, 0, false},
                      {"web", "xen", 128 * mib, 2 * mib, 1, true},
                      {"db", "xl", 160 * mib, 2 * mib, 2, false}};
    report.boards = {{1024 * mib, 512 * mib, 880 * mib, 130 * mib, true, 162 * mib, true},
                     {512 * mib, 512 * mib, 400 * mib, 130 * mib, false, 162 * mib, false},
                     {768 * mib, 512 * mib, 600 * mib, 130 * mib, true, 162 * mib, false}};
    EXPECT_THAT(report.text(), AllOf(HasSubstr("  dom0    Xen         512MiB\n"),
                                     HasSubstr("  web     Xen         128MiB         2MiB           1  set aside by "
                                               "address\n"),
                                     HasSubstr("  db      xl          160MiB         2MiB           2\n"),
                                     HasSubstr("  guests              288MiB         4MiB              to be left free "
                                               "by dom0\n")));
    EXPECT_THAT(report.text(), AllOf(HasSubstr("880MiB  130MiB       162MiB  starts\n"),
                                     HasSubstr("162MiB  does not start: Xen cannot give dom0 and the guests so much\n"),
                                     HasSubstr("162MiB  starts, but not all guests of xl: too little is left\n")));
    const auto json = nlohmann::json::parse(report.json());
    EXPECT_EQ(json["domains"][1]["static_memory"], true);
    EXPECT_EQ(json["domains"][2]["started_by"], "xl");
    EXPECT_EQ(json["domains"][2]["page_tables"], 2 * mib);
    EXPECT_EQ(json["boards"][2]["xl_starts"], false);
    EXPECT_EQ(json["boards"][2]["xl_guests"], 162 * mib);
}

TEST(ReportText, SaysWhatASpecialFileIs) {
    ReportFile link = file_of("/lib", "symlink");
    link.target = "usr/lib";
    ReportFile device = file_of("/console", "character device");
    device.major = 5;
    device.minor = 1;
    const Report report = report_of_files({link, device, file_of("/initctl", "fifo")});
    EXPECT_THAT(report.text(), AllOf(HasSubstr("/lib -> usr/lib\n"), HasSubstr("/console (character device 5:1)\n"),
                                     HasSubstr("/initctl (fifo)\n")));
    const auto json = nlohmann::json::parse(report.json());
    EXPECT_EQ(json["partitions"][0]["files"][1]["major"], 5);
    EXPECT_EQ(json["partitions"][0]["files"][1]["minor"], 1);
}

/// Images come from anywhere; what they hold must not steer a terminal or forge lines.
TEST(ReportText, ControlCharactersOfAnImageAreWrittenOut) {
    Report report = report_of_files({file_of("/a\nb\x1b[2J", "file")});
    report.partitions[0].label = "\x1b]0;title\x07";
    report.script = "echo one\n\techo \x1b[31mtwo\r";
    Diagnostic diagnostic;
    diagnostic.id = "some-rule";
    diagnostic.found = "\x9b";
    report.diagnostics.push_back(diagnostic);
    EXPECT_THAT(report.text(), AllOf(HasSubstr("/a\\x0ab\\x1b[2J\n"), HasSubstr("\\x1b]0;title\\x07"),
                                     HasSubstr("  echo one\n  \techo \\x1b[31mtwo\\x0d\n"), HasSubstr("\\x9b"),
                                     Not(HasSubstr("\x1b"))));
    EXPECT_THAT(diagnostics_text(report.diagnostics), HasSubstr("\\x9b"));
}

}  // namespace
}  // namespace rpixen
