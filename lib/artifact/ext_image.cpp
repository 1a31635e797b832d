#include "artifact/ext_image.hpp"

#include <array>

#include <rpixen/error.hpp>

#include "base/size.hpp"

namespace rpixen {

void check_ext_image(const InputFile& image) {
    // Offsets in the superblock, bytes.
    constexpr std::size_t blocks_low = 4, log_block_size = 24, magic = 56, state = 58, incompatible = 96,
                          blocks_high = 336;
    constexpr std::uint32_t has_64bit = 0x80;
    constexpr std::uint16_t has_errors = 2;

    const auto refuse = [&](const std::string& message, const std::string& found, const std::string& allowed,
                            const std::string& change) {
        throw Error(ErrorCode::artifact, image.name() + " " + message, found, allowed, change);
    };
    std::array<std::byte, 1024> superblock;
    if (image.size() < 2048) refuse("is too short for an ext4 image", format_size(image.size()), {}, {});
    pread_exactly(image.descriptor(), 1024, superblock, image.name());
    const auto le32 = [&](std::size_t offset) { return load_le<std::uint32_t>(&superblock[offset]); };
    if (load_le<std::uint16_t>(&superblock[magic]) != 0xef53) refuse("is no ext4 image", {}, {}, {});
    if (le32(log_block_size) > 6)
        refuse("has a damaged superblock",
               "a block size of 2^" + std::to_string(10 + std::uint64_t{le32(log_block_size)}),
               "1KiB to 64KiB", "run e2fsck on it");
    const std::uint64_t block_size = std::uint64_t{1024} << le32(log_block_size);
    std::uint64_t blocks = le32(blocks_low);
    if ((le32(incompatible) & has_64bit) != 0) blocks |= std::uint64_t{le32(blocks_high)} << 32;
    if (blocks == 0 || blocks > image.size() / block_size)
        refuse("ends before its file system does", std::to_string(image.size()) + " bytes",
               std::to_string(blocks) + " blocks of " + std::to_string(block_size) + " bytes",
               "make or fetch the image again");
    if ((load_le<std::uint16_t>(&superblock[state]) & has_errors) != 0)
        refuse("is marked as damaged", "errors in its superblock's state", "a clean file system",
               "run e2fsck on it");
}

}  // namespace rpixen
