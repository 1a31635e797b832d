#include "card/file_system.hpp"

#include <array>
#include <string_view>

#include "fs/ext4/superblock.hpp"
#include "fs/fat/boot_sector.hpp"

namespace rpixen {
namespace {

struct Magic {
    std::uint64_t offset;  ///< bytes from the start
    std::string_view bytes;
    const char* name;
};
// util-linux libblkid/src/superblocks/*.c
constexpr std::array<Magic, 9> magics{{{0, "hsqs", "squashfs"},
                                       {0, "XFSB", "xfs"},
                                       {0, "LUKS\xba\xbe", "luks"},
                                       {3, "NTFS    ", "ntfs"},
                                       {3, "EXFAT   ", "exfat"},
                                       {1024, "\x10\x20\xf5\xf2", "f2fs"},
                                       {4086, "SWAPSPACE2", "swap"},
                                       {32769, "CD001", "iso9660"},
                                       {65600, "_BHRfS_M", "btrfs"}}};

}  // namespace

std::string detect_file_system(const ContentSourcePtr& image, Range range) {
    const auto open = image->open(range.begin);
    const auto read = [&](std::uint64_t offset, std::size_t size) {
        Bytes bytes;
        if (offset + size <= range.size()) {
            bytes.resize(size);
            open->read(offset, bytes);
        }
        return bytes;
    };
    for (const Magic& magic : magics)
        if (as_text(read(magic.offset, magic.bytes.size())) == magic.bytes) return magic.name;
    if (const auto ext = parse_ext_superblock(read(ExtSuperblock::offset, ExtSuperblock::size))) return ext->kind();
    if (const auto fat = parse_fat_boot_sector(read(0, FatBootSector::size)))
        return "fat" + std::to_string(fat->kind());
    return {};
}

}  // namespace rpixen
