#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "storage/input_file.hpp"

namespace rpixen {

/// What a file is by its first bytes, never by its name.
enum class FileKind : std::uint8_t {
    unknown,
    empty,
    arm64_image,
    zboot,         ///< an EFI program with a compressed kernel inside
    x86_kernel,    ///< bzImage
    arm32_kernel,  ///< zImage
    riscv_kernel,
    efi_program,  ///< any other PE file
    elf,
    legacy_image,  ///< U-Boot's uImage
    device_tree,
    tar,
    cpio,
    ext_file_system,
    packed,  ///< gzip, xz, zstd, bzip2 or lz4
    xsm_policy,
    text,
};

/// How many bytes of a file's start detect_file_kind() wants to see.
inline constexpr std::size_t file_kind_bytes = 2048;

/// Facts, each a magic number: Linux Documentation/arch/x86/boot.rst ("HdrS" at 0x202),
/// arch/arm/boot/compressed/head.S (0x016f2818 at 0x24), arch/riscv/include/asm/image.h ("RSC\x05" at 56),
/// the ELF and PE formats, U-Boot include/image.h (0x27051956), the Devicetree Specification (0xd00dfeed),
/// POSIX cpio, fs/ext4/ext4.h (0xef53 at 1080), Xen xen/include/xsm/xsm.h (XSM_MAGIC 0xf97cff8c).
FileKind detect_file_kind(ByteView start);

/// The first bytes of a file, at most `count`.
Bytes start_of(const InputFile& file, std::size_t count = file_kind_bytes);

/// For messages: "an x86 Linux kernel (bzImage)", "an ELF file for x86-64".
std::string describe(FileKind kind, ByteView start);

}  // namespace rpixen
