#include "artifact/foreign_kind.hpp"

#include <array>
#include <string_view>

#include "format/gpt.hpp"
#include "format/mbr.hpp"

namespace rpixen {
namespace {

using namespace std::string_view_literals;

struct Magic {
    std::size_t offset;
    std::string_view bytes;
    const char* name;
    const char* change;
};

constexpr const char* mount_it = "mount it and give the folder, or a tar of it";
constexpr const char* to_raw = "qemu-img convert -O raw makes a disk image of it; then give its root partition";
constexpr const char* take_partition =
    "give its root partition as an ext4 image: losetup -P, or 'wic cp', 'partx -o START,SECTORS' and dd";
constexpr const char* unpack_cpio = "unpack it and give the folder: mkdir root && cd root && cpio -idm < FILE";

constexpr std::array magics{
    Magic{0, "hsqs"sv, "a squashfs image", "unpack it with 'unsquashfs -d FOLDER', or with 'sqfs2tar' into a tar"},
    Magic{0, "sqsh"sv, "a squashfs image", "unpack it with 'unsquashfs -d FOLDER', or with 'sqfs2tar' into a tar"},
    Magic{0, "QFI\xfb"sv, "a qcow2 disk image", to_raw},
    Magic{0, "KDMV"sv, "a VMDK disk image", to_raw},
    Magic{0, "vhdxfile"sv, "a VHDX disk image", to_raw},
    Magic{0, "conectix"sv, "a VHD disk image", to_raw},
    Magic{64, "\x7f\x10\xda\xbe"sv, "a VirtualBox disk image", to_raw},
    Magic{0, "\x3a\xff\x26\xed"sv, "an Android sparse image", "make an ext4 image of it with 'simg2img FILE OUT'"},
    Magic{0, "PK\x03\x04"sv, "a zip archive", "unpack it ('unzip') and give what is inside"},
    Magic{0, "PK\x05\x06"sv, "a zip archive", "unpack it ('unzip') and give what is inside"},
    Magic{0, "7z\xbc\xaf\x27\x1c"sv, "a 7z archive", "unpack it and give what is inside"},
    Magic{0, "Rar!"sv, "a rar archive", "unpack it and give what is inside"},
    Magic{0, "!<arch>\n"sv, "an ar archive or Debian package", "give a whole root file system, not a package"},
    Magic{0, "\xed\xab\xee\xdb"sv, "an RPM package", "give a whole root file system, not a package"},
    Magic{0, "070701"sv, "a cpio archive", unpack_cpio},
    Magic{0, "070702"sv, "a cpio archive", unpack_cpio},
    Magic{0, "070707"sv, "a cpio archive", unpack_cpio},
    Magic{0, "\xc7\x71"sv, "a cpio archive", unpack_cpio},
    Magic{0, "\x71\xc7"sv, "a cpio archive", unpack_cpio},
    Magic{0, "LZIP"sv, "lzip data", "unpack it with 'lzip -d', or pack it again with xz or zstd"},
    Magic{0, "\x89LZO\0\r\n\x1a\n"sv, "lzop data", "unpack it with 'lzop -d', or pack it again with xz or zstd"},
    Magic{0, "\x1f\x9d"sv, "data packed with compress", "unpack it with 'gzip -d', or pack it again with xz or zstd"},
    Magic{0, "UBI#"sv, "a UBI image for raw flash", "give the file system that it was made from"},
    Magic{0, "\x31\x18\x10\x06"sv, "a UBIFS image for raw flash", "give the file system that it was made from"},
    Magic{0, "\x85\x19"sv, "a JFFS2 image for raw flash", "give the file system that it was made from"},
    Magic{0, "\x45\x3d\xcd\x28"sv, "a cramfs image", mount_it},
    Magic{0, "-rom1fs-"sv, "a romfs image", mount_it},
    Magic{0, "XFSB"sv, "an XFS file system", mount_it},
    Magic{1024, "\xe2\xe1\xf5\xe0"sv, "an EROFS image", "unpack it with 'fsck.erofs --extract=FOLDER'"},
    Magic{1024, "\x10\x20\xf5\xf2"sv, "an F2FS file system", mount_it},
    Magic{0x8001, "CD001"sv, "an ISO 9660 image", "unpack it (bsdtar -xf) and give the root file system inside"},
    Magic{0x10040, "_BHRfS_M"sv, "a btrfs file system", mount_it},
    Magic{3, "NTFS    "sv, "an NTFS file system", "give a file system that Linux starts from"},
    Magic{54, "FAT1"sv, "a FAT file system",
          "name the root file system; the boot partition is made from the other artifacts"},
    Magic{82, "FAT32   "sv, "a FAT file system",
          "name the root file system; the boot partition is made from the other artifacts"},
};

bool has(ByteView start, const Magic& magic) {
    return start.size() >= magic.offset + magic.bytes.size() &&
           as_text(start.subspan(magic.offset, magic.bytes.size())) == magic.bytes;
}

/// Properties (lc, lp, pb below 225), a dictionary of a power of two, a size that is not known or below 2^38.
bool is_lzma(ByteView start) {
    if (start.size() < 13 || start[0] != std::byte{0x5d}) return false;
    const auto dictionary = load_le<std::uint32_t>(&start[1]);
    const auto size = load_le<std::uint64_t>(&start[5]);
    return dictionary >= 4096 && (dictionary & (dictionary - 1)) == 0 && (size == ~std::uint64_t{0} || size >> 38 == 0);
}

bool has_partitions(ByteView start) {
    if (start.size() >= 520 && as_text(start.subspan(512, 8)) == "EFI PART"sv) return true;
    const auto mbr = start.size() < 512 ? std::nullopt : parse_mbr(start.first(512));
    return mbr && !mbr->partitions.empty();
}

}  // namespace

std::optional<ForeignKind> detect_foreign_kind(ByteView start) {
    for (const Magic& magic : magics)
        if (has(start, magic)) return ForeignKind{magic.name, magic.change};
    if (is_lzma(start))
        return ForeignKind{"lzma data", "unpack it with 'xz -d', or pack it again: xz -dc FILE | xz > FILE.xz"};
    if (has_partitions(start)) return ForeignKind{"a disk image with a partition table", take_partition};
    return std::nullopt;
}

}  // namespace rpixen
