#include "artifact/file_kind.hpp"

#include <gtest/gtest.h>

#include "artifact/samples.hpp"
#include "artifact/tar_maker.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

std::string with(std::size_t offset, std::string_view magic, std::size_t size = 2048) {
    std::string bytes(size, '\x80');
    return bytes.replace(offset, magic.size(), magic);
}

std::string kind(const std::string& bytes) {
    return describe(detect_file_kind(as_bytes(bytes)), as_bytes(bytes));
}

TEST(FileKind, ByMagic) {
    using namespace std::string_literals;
    EXPECT_EQ(kind(""), "an empty file");
    EXPECT_EQ(kind(arm64_header(1)), "an arm64 Image");
    EXPECT_EQ(kind("MZ\0\0zimg"s + std::string(60, '\0')), "an EFI zboot kernel");
    EXPECT_EQ(kind(with(0x202, "HdrS")), "an x86 Linux kernel (bzImage)");
    EXPECT_EQ(kind(with(0x24, "\x18\x28\x6f\x01")), "a 32-bit ARM kernel (zImage)");
    EXPECT_EQ(kind(with(56, "RSC\x05")), "a RISC-V kernel");
    EXPECT_EQ(kind("MZ" + std::string(64, '\x80')), "an EFI program");
    EXPECT_EQ(kind(with(0, "\x27\x05\x19\x56")), "a legacy U-Boot image (uImage)");
    EXPECT_EQ(kind(with(0, "\xd0\x0d\xfe\xed")), "a device tree blob");
    EXPECT_EQ(kind(with(0, "\x8c\xff\x7c\xf9")), "a Xen security policy");
    EXPECT_EQ(kind(with(0, "070701")), "a cpio archive");
    EXPECT_EQ(kind(with(1080, "\x53\xef")), "an ext2, ext3 or ext4 file system");
    EXPECT_EQ(kind(TarMaker().file("x", "").finish()), "a tar");
    EXPECT_EQ(kind("just text\n"), "text");
    EXPECT_EQ(kind(std::string(100, '\x80')), "unknown bytes");
    EXPECT_EQ(kind("\x1f"), "unknown bytes");
}

TEST(FileKind, ElfNamesTheMachine) {
    const auto elf = [](char machine) {
        return with(0,
                    "\x7f"
                    "ELF\2\1\1")
            .replace(16, 4, std::string{2, 0, machine, 0});
    };
    EXPECT_EQ(kind(elf(62)), "an ELF file for x86-64");
    EXPECT_EQ(kind(elf('\xb7')), "an ELF file for AArch64");
    EXPECT_EQ(kind("\x7f"
                   "ELF\2"),
              "an ELF file");
}

TEST(FileKind, PackedByEachTool) {
    for (const std::string tool : {"gzip", "xz", "zstd", "bzip2", "lz4"}) {
        EXPECT_EQ(kind(run_ok({tool, "-c"}, "some text")), tool + " data");
        EXPECT_EQ(kind(run_ok({tool, "-c"}, "")), tool + " data");
    }
    EXPECT_EQ(kind(run_ok({"lz4", "-l", "-c"}, "the kernel's own form")), "lz4 data");
}

}  // namespace
}  // namespace rpixen::test
