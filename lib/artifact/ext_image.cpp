#include "artifact/ext_image.hpp"

#include <array>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "fs/ext4/superblock.hpp"

namespace rpixen {

void check_ext_image(const InputFile& image) {
    constexpr std::uint16_t clean = 1, has_errors = 2;
    constexpr std::uint32_t needs_recovery = 0x4;
    const auto refuse = [&](const std::string& message, const std::string& found, const std::string& allowed,
                            const std::string& change) {
        throw Error(ErrorCode::artifact, image.name() + " " + message, found, allowed, change);
    };
    std::array<std::byte, ExtSuperblock::size> bytes;
    if (image.size() < ExtSuperblock::offset + bytes.size())
        refuse("is too short for an ext4 image", format_size(image.size()), "a whole file system",
               "make or fetch the image again");
    pread_exactly(image.descriptor(), ExtSuperblock::offset, bytes, image.name());
    const auto superblock = parse_ext_superblock(bytes);
    if (!superblock)
        refuse("has a damaged superblock", "impossible numbers", "a clean file system",
               "run e2fsck on it, or make or fetch the image again");
    if (superblock->blocks > image.size() / superblock->block_size)
        refuse("ends before its file system does", std::to_string(image.size()) + " bytes",
               std::to_string(superblock->blocks) + " blocks of " + std::to_string(superblock->block_size) + " bytes",
               "make or fetch the image again");
    if ((superblock->state & has_errors) != 0)
        refuse("is marked as damaged", "errors in its superblock's state", "a clean file system", "run e2fsck on it");
    if ((superblock->incompatible & needs_recovery) != 0 || (superblock->state & clean) == 0)
        refuse("was not unmounted", "a journal that waits to be replayed, or a superblock in use",
               "a clean file system", "unmount it before it is copied, or run e2fsck on it");
}

}  // namespace rpixen
