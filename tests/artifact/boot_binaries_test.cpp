#include "artifact/boot_binaries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifact/samples.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

std::string utf16(std::string_view text) {
    std::string wide;
    for (const char c : text) wide += {c, '\0'};
    return wide;
}

template <typename Kind>
Kind with(const std::string& bytes) {
    Kind artifact;
    artifact.content = memory_content(bytes, "test");
    return artifact;
}

TEST(BootBinaries, XenByItsEfiGreeting) {
    auto xen = with<XenArtifact>(arm64_header(0x1360c8) + "Xen version %d.%d%s" + utf16("Xen must be loaded") +
                                 utf16("Xen 4.17.7 (c/s ) EFI loader") + std::string("xen,xen-4.17\0xen,xen", 20));
    examine_xen(xen);
    EXPECT_EQ(xen.banner, "Xen 4.17.7");
    EXPECT_EQ(xen.major, 4);
    EXPECT_EQ(xen.minor, 17);
    EXPECT_EQ(xen.header.image_size, 0x1360c8U);
    EXPECT_TRUE(xen.header.anywhere_in_memory());
}

TEST(BootBinaries, XenByTheHypervisorNode) {
    auto xen = with<XenArtifact>(arm64_header(1) + std::string("xen,xen-4.20\0xen,xen", 20));
    examine_xen(xen);
    EXPECT_EQ(xen.banner, "Xen 4.20");
    EXPECT_EQ(xen.minor, 20);
}

TEST(BootBinaries, NothingKnown) {
    auto xen = with<XenArtifact>(arm64_header(1));
    examine_xen(xen);
    EXPECT_EQ(xen.banner, "");
    EXPECT_EQ(xen.major, 0);
    auto kernel = with<KernelArtifact>("");
    examine_kernel(kernel);
    EXPECT_FALSE(kernel.built_for_xen);
    auto uboot = with<UBootArtifact>("no U-Boot 2023 here");
    examine_uboot(uboot);
    EXPECT_EQ(uboot.banner, "");
}

TEST(BootBinaries, KernelBannerAndWordsOfXen) {
    const std::string banner = "Linux version 6.1.0-37-arm64 (builder@host) #1 SMP";
    auto kernel = with<KernelArtifact>(arm64_header(1) + "Linux version %s" + std::string(1, '\0') + banner + "\n" +
                                       std::string("arm/xen:starting\0", 17));
    examine_kernel(kernel);
    EXPECT_EQ(kernel.banner, banner);
    EXPECT_EQ(kernel.release, "6.1.0-37-arm64");
    EXPECT_EQ(kernel.major, 6);
    EXPECT_EQ(kernel.minor, 1);
    EXPECT_EQ(kernel.built_for_xen, true);
    kernel = with<KernelArtifact>(arm64_header(1) + banner);
    examine_kernel(kernel);
    EXPECT_EQ(kernel.built_for_xen, false);
}

TEST(BootBinaries, KernelConfiguration) {
    const auto kernel_with = [](const std::string& config) {
        auto kernel = with<KernelArtifact>(arm64_header(1) + "Linux version 6.1.0 x" + "IKCFG_ST" +
                                           run_ok({"gzip", "-n", "-c"}, config) + "IKCFG_ED" + "arm/xen:starting");
        examine_kernel(kernel);
        return kernel;
    };
    const KernelArtifact without = kernel_with("# CONFIG_XEN is not set\nCONFIG_LOCALVERSION=\"-x=y\"\nCONFIG_A=m\n");
    EXPECT_EQ(without.built_for_xen, false) << "the configuration knows better than words";
    EXPECT_EQ(without.config.at("CONFIG_LOCALVERSION"), "\"-x=y\"");
    EXPECT_EQ(without.config.at("CONFIG_A"), "m");
    EXPECT_EQ(without.config.count("CONFIG_XEN"), 0U);
    EXPECT_EQ(kernel_with("CONFIG_XEN=y\n").built_for_xen, true);

    auto damaged = with<KernelArtifact>("Linux version 6.1.0 x" + std::string("IKCFG_ST\x1f\x8b\x08 junk IKCFG_ED"));
    examine_kernel(damaged);
    EXPECT_TRUE(damaged.config.empty());
    EXPECT_EQ(damaged.built_for_xen, false);
}

TEST(BootBinaries, WordsAcrossThePiecesOfTheScan) {
    // The scan reads 1 MiB at a time.
    for (const std::size_t place : {1048576U - 5U, 1048576U, 1048576U - 14U, 2097152U - 1U}) {
        std::string bytes(place, '\0');
        auto kernel = with<KernelArtifact>(bytes + "Linux version 5.15.7-test (x)");
        examine_kernel(kernel);
        EXPECT_EQ(kernel.release, "5.15.7-test") << place;
    }
}

TEST(BootBinaries, UBoot) {
    using namespace std::string_literals;
    const std::string environment =
        "\0bootcmd=run distro_bootcmd\0baudrate=115200\0scriptaddr=0x02400000\0fdt_addr_r=0x02600000\0\0"s;
    auto uboot = with<UBootArtifact>("U-Boot %s\0"s + environment + "U-Boot 2023.01+dfsg-2 (Jun 22 2026)\n\0"s +
                                     "Bad Linux ARM64 Image magic!\0failed on fdt_overlay_apply(): %s\0source\0"s +
                                     "## Booting kernel from Legacy Image at %08lx\0"s);
    examine_uboot(uboot);
    EXPECT_EQ(uboot.banner, "U-Boot 2023.01+dfsg-2 (Jun 22 2026)");
    EXPECT_EQ(uboot.year, 2023);
    EXPECT_EQ(uboot.month, 1);
    EXPECT_EQ(uboot.environment.at("scriptaddr"), "0x02400000");
    EXPECT_TRUE(uboot.has_booti);
    EXPECT_TRUE(uboot.has_fdt_overlay);
    EXPECT_TRUE(uboot.has_legacy_image);
    auto poor = with<UBootArtifact>("U-Boot 2025.10 (x) \0"s);
    examine_uboot(poor);
    EXPECT_EQ(poor.month, 10);
    EXPECT_FALSE(poor.has_booti);
    EXPECT_FALSE(poor.has_fdt_overlay);
    EXPECT_FALSE(poor.has_legacy_image);
}

}  // namespace
}  // namespace rpixen::test
