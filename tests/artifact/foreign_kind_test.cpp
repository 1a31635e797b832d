#include "artifact/foreign_kind.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifact/samples.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

std::string kind_of(const std::string& path) {
    const std::string start = read_file(path).substr(0, foreign_kind_bytes);
    const auto kind = detect_foreign_kind(as_bytes(start));
    EXPECT_FALSE(kind && kind->change.empty()) << path;
    return kind ? kind->name : "";
}

class ForeignKinds : public testing::Test {
  protected:
    TemporaryFolder folder_;
};

TEST_F(ForeignKinds, AsTheFieldsToolsMakeThem) {
    folder_.write("r/etc/issue", "x");
    const auto bsdtar = [&](const std::string& format) {
        const std::string path = folder_ / ("of." + format);
        run_ok({"bsdtar", "-C", folder_ / "r", "--format=" + format, "-cf", path, "etc"});
        return kind_of(path);
    };
    EXPECT_EQ(bsdtar("zip"), "a zip archive");
    EXPECT_EQ(bsdtar("7zip"), "a 7z archive");
    EXPECT_EQ(bsdtar("iso9660"), "an ISO 9660 image");
    for (const char* format : {"cpio", "newc", "bin"}) EXPECT_EQ(bsdtar(format), "a cpio archive") << format;

    const std::string raw = folder_.write("raw", "");
    std::filesystem::resize_file(raw, 64 << 20);
    for (const auto& [format, name] : {std::pair{"qcow2", "a qcow2 disk image"},
                                       {"vmdk", "a VMDK disk image"},
                                       {"vhdx", "a VHDX disk image"},
                                       {"vdi", "a VirtualBox disk image"},
                                       {"vpc", "a VHD disk image"}}) {
        const std::string path = folder_ / format;
        run_ok({"qemu-img", "convert", "-O", format, raw, path});
        EXPECT_EQ(kind_of(path), name);
    }
    EXPECT_EQ(kind_of(raw), "");
    run_ok({"sfdisk", "-q", raw}, "label: dos\n2048,14336,83\n");
    EXPECT_EQ(kind_of(raw), "a disk image with a partition table");
    run_ok({"sfdisk", "-q", "--wipe=always", raw}, "label: gpt\n2048,14336\n");
    EXPECT_EQ(kind_of(raw), "a disk image with a partition table");
    for (const char* bits : {"12", "16", "32"}) {
        const std::string path = folder_.write("fat"s + bits, "");
        std::filesystem::resize_file(path, 64 << 20);
        run_ok({"mkfs.fat", "-F", bits, "-s", bits == "12"s ? "64" : "2", path});
        EXPECT_EQ(kind_of(path), "a FAT file system") << bits;
    }
    EXPECT_EQ(kind_of(folder_.write("lzma", run_ok({"xz", "--format=lzma", "-c"}, "text"))), "lzma data");
    EXPECT_EQ(kind_of(folder_.write("text", "some text")), "");
}

TEST_F(ForeignKinds, ByTheirMagicNumbers) {
    const std::string rest(70000, '\0');
    const auto at = [&](std::size_t place, const std::string& magic) {
        return kind_of(folder_.write("magic", std::string(rest).replace(place, magic.size(), magic)));
    };
    EXPECT_EQ(at(0, "hsqs"), "a squashfs image");
    EXPECT_EQ(at(0, "\x3a\xff\x26\xed"), "an Android sparse image");
    EXPECT_EQ(at(0, "UBI#"), "a UBI image for raw flash");
    EXPECT_EQ(at(1024, "\xe2\xe1\xf5\xe0"), "an EROFS image");
    EXPECT_EQ(at(0x10040, "_BHRfS_M"), "a btrfs file system");
    EXPECT_EQ(at(0, "XFSB"), "an XFS file system");
    EXPECT_EQ(at(0, ""), "");
}

}  // namespace
}  // namespace rpixen::test
