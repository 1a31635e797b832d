#include "artifact/file_kind.hpp"

#include <algorithm>

#include "artifact/tar_header.hpp"
#include "format/arm64_image.hpp"
#include "format/zboot.hpp"
#include "unpack/packing.hpp"

namespace rpixen {
namespace {

using namespace std::string_view_literals;

bool has(ByteView start, std::size_t offset, std::string_view magic) {
    return start.size() >= offset + magic.size() && as_text(start.subspan(offset, magic.size())) == magic;
}

bool looks_like_text(ByteView start) {
    return std::all_of(start.begin(), start.end(), [](std::byte byte) {
        const auto c = std::to_integer<unsigned>(byte);
        return c >= 0x20 ? c < 0x7f : c == '\n' || c == '\r' || c == '\t' || c == '\f';
    });
}

std::string elf_machine(ByteView start) {
    // Elf64_Ehdr.e_machine, in the byte order of e_ident[EI_DATA].
    if (start.size() < 20) return "an ELF file";
    const bool big = start[5] == std::byte{2};
    const auto machine = big ? load_be<std::uint16_t>(&start[18]) : load_le<std::uint16_t>(&start[18]);
    switch (machine) {
        case 3:
            return "an ELF file for x86";
        case 40:
            return "an ELF file for 32-bit ARM";
        case 62:
            return "an ELF file for x86-64";
        case 183:
            return "an ELF file for AArch64";
        case 243:
            return "an ELF file for RISC-V";
        default:
            return "an ELF file for machine " + std::to_string(machine);
    }
}

}  // namespace

FileKind detect_file_kind(ByteView start) {
    if (start.empty()) return FileKind::empty;
    // A compressed kernel in EFI clothes has the arm64 header's place filled with its own; it comes first.
    if (parse_zboot(start)) return FileKind::zboot;
    if (parse_arm64_image(start)) return FileKind::arm64_image;
    if (detect_packing(start) != Packing::plain) return FileKind::packed;
    if (has(start, 0x202, "HdrS")) return FileKind::x86_kernel;
    if (has(start, 0x24, "\x18\x28\x6f\x01"sv)) return FileKind::arm32_kernel;
    if (has(start, 56, "RSC\x05"sv)) return FileKind::riscv_kernel;
    if (has(start, 0,
            "\x7f"
            "ELF"sv))
        return FileKind::elf;
    if (has(start, 0, "\x27\x05\x19\x56"sv)) return FileKind::legacy_image;
    if (has(start, 0, "\xd0\x0d\xfe\xed"sv)) return FileKind::device_tree;
    if (has(start, 0, "\x8c\xff\x7c\xf9"sv)) return FileKind::xsm_policy;
    if (has(start, 0, "070701") || has(start, 0, "070702")) return FileKind::cpio;
    if (is_tar_header(start)) return FileKind::tar;
    if (has(start, 1080, "\x53\xef"sv)) return FileKind::ext_file_system;
    if (has(start, 0, "MZ")) return FileKind::efi_program;
    if (looks_like_text(start)) return FileKind::text;
    return FileKind::unknown;
}

Bytes start_of(const InputFile& file, std::size_t count) {
    Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), count)));
    pread_exactly(file.descriptor(), 0, start, file.name());
    return start;
}

std::string describe(FileKind kind, ByteView start) {
    switch (kind) {
        case FileKind::unknown:
            return "unknown bytes";
        case FileKind::empty:
            return "an empty file";
        case FileKind::arm64_image:
            return "an arm64 Image";
        case FileKind::zboot:
            return "an EFI zboot kernel";
        case FileKind::x86_kernel:
            return "an x86 Linux kernel (bzImage)";
        case FileKind::arm32_kernel:
            return "a 32-bit ARM kernel (zImage)";
        case FileKind::riscv_kernel:
            return "a RISC-V kernel";
        case FileKind::efi_program:
            return "an EFI program";
        case FileKind::elf:
            return elf_machine(start);
        case FileKind::legacy_image:
            return "a legacy U-Boot image (uImage)";
        case FileKind::device_tree:
            return "a device tree blob";
        case FileKind::tar:
            return "a tar";
        case FileKind::cpio:
            return "a cpio archive";
        case FileKind::ext_file_system:
            return "an ext2, ext3 or ext4 file system";
        case FileKind::packed:
            return std::string(name_of(detect_packing(start))) + " data";
        case FileKind::xsm_policy:
            return "a Xen security policy";
        case FileKind::text:
            return "text";
    }
    return "unknown bytes";
}

}  // namespace rpixen
