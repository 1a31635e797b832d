#include <gtest/gtest.h>

#include <rpixen/report.hpp>

#include "support/run.hpp"

namespace rpixen {
namespace {

Report report() {
    Report report;
    report.name = "a <card> & \"more\"";
    report.size = 784ULL << 20;
    report.table = "mbr";
    report.disk_signature = "0x1234abcd";
    report.memory = {{"firmware's armstub", "reserved", 0, 0x1000, false, "", 0},
                     {"overlay scratch", "placed", 0x18000, 0x19000, false, "", 0},
                     {"xen", "placed", 0x200000, 0x400000, false, "", 0},
                     {"dom0 kernel", "placed", 0x480000, 0x2480000, true, "", 0},
                     {"U-Boot's scriptaddr", "window", 0x2400000, 0x2410000, false, "", 0},
                     {"device tree", "placed", 0x2600000, 0x260c000, false, "memory-overlap", 0x2400000},
                     {"U-Boot (run time)", "reserved", 0x37400000, 0x3b400000, false, "", 0}};
    ReportPartition boot;
    boot.number = 1;
    boot.name = "boot";
    boot.type = "0x0c";
    boot.offset = 4ULL << 20;
    boot.size = 256ULL << 20;
    boot.file_system = "fat32";
    boot.used = 60ULL << 20;
    report.partitions = {boot};
    return report;
}

/// Parsed by a real XML parser; throws where that fails.
void parse(const std::string& svg) {
    test::run_ok({"python3", "-c", "import sys, xml.dom.minidom; xml.dom.minidom.parseString(sys.stdin.buffer.read())"},
                 svg);
}

TEST(ReportSvg, NamesEverythingThatStandsInMemoryAndOnTheCard) {
    const std::string svg = report().svg();
    parse(svg);
    for (const char* text : {"a &lt;card&gt; &amp; &quot;more&quot;", "overlay scratch", "0x480000 - 0x2480000, 32 MiB",
                             "pinned", "moved from 0x2400000: memory-overlap", "class=\"window\"",
                             "prefers-color-scheme: dark", "1  boot", "256 MiB at 4 MiB", "disk signature 0x1234abcd"})
        EXPECT_NE(svg.find(text), std::string::npos) << text;
    EXPECT_EQ(svg.find("class=\"clash\""), std::string::npos);
    EXPECT_EQ(svg, report().svg());
}

TEST(ReportSvg, CollisionsAreRed) {
    Report colliding = report();
    colliding.memory[2].end = 0x500000;
    const std::string svg = colliding.svg();
    parse(svg);
    EXPECT_NE(svg.find("class=\"clash\""), std::string::npos);
    EXPECT_NE(svg.find("xen and dom0 kernel: 0x480000 - 0x500000"), std::string::npos);
}

TEST(ReportSvg, GuestsAreDrawn) {
    constexpr std::uint64_t mib = 1 << 20;
    Report guests = report();
    guests.memory.push_back({"web's memory", "placed", 0x32000000, 0x3a000000, false, "", 0, "guest_memory"});
    guests.domains = {{"dom0", "xen", 512 * mib, 0, 0, false},
                      {"<web>", "xen", 128 * mib, 2 * mib, 1, true},
                      {"db", "xl", 160 * mib, 2 * mib, 2, false}};
    const std::string svg = guests.svg();
    parse(svg);
    for (const char* text : {"Memory of dom0 and its guests", "&lt;web&gt;", "128 MiB and 2 MiB, by Xen",
                             "160 MiB and 2 MiB, by xl", "web&#39;s memory"})
        EXPECT_NE(svg.find(text), std::string::npos) << text;
    EXPECT_EQ(svg.find("class=\"clash\""), std::string::npos) << "U-Boot's own is free again by then";
    EXPECT_EQ(report().svg().find("Memory of dom0"), std::string::npos);
    guests.memory.back().begin = 0x1000000;
    EXPECT_NE(guests.svg().find("class=\"clash\""), std::string::npos);
}

TEST(ReportSvg, AWindowThatIsCoveredIsNoCollision) {
    Report covered = report();
    covered.memory[4].begin = 0x2000000;
    EXPECT_EQ(covered.svg().find("class=\"clash\""), std::string::npos);
}

TEST(ReportSvg, StrangeReportsAreDrawnToo) {
    parse(Report{}.svg());
    Report strange = report();
    strange.memory.push_back({"nothing", "placed", 5, 5, false, "", 0});
    strange.memory.push_back({"upside down", "placed", 6, 5, false, "", 0});
    strange.memory.push_back({std::string("control\x01 and \xff bytes", 19), "placed", 0xfffffffffffff000,
                              0xffffffffffffffff, false, "", 0});
    strange.partitions[0].offset = 0xffffffffffffffff;
    strange.partitions.resize(100);
    strange.size = 0;
    parse(strange.svg());
    for (int index = 0; index < 300; ++index)
        strange.memory.push_back(
            {"m", "placed", std::uint64_t(index) << 20, std::uint64_t(index + 1) << 20, false, "", 0});
    parse(strange.svg());
}

}  // namespace
}  // namespace rpixen
