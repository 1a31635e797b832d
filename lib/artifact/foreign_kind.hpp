#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace rpixen {

/// Something that holds a root file system in a form that is not read here.
struct ForeignKind {
    std::string name;    ///< "a squashfs image"
    std::string change;  ///< how to make of it what is read
};

/// How many bytes of a file's start detect_foreign_kind() wants to see.
inline constexpr std::size_t foreign_kind_bytes = 68 * 1024;

/// What a file is by its first bytes. Facts, each a magic number: Linux include/uapi/linux/magic.h and the
/// file systems' superblocks, QEMU docs/interop/qcow2.txt, the VMDK and VHDX specifications, Android
/// system/core/libsparse/sparse_format.h, PKWARE's APPNOTE, ECMA-119, POSIX cpio, LZMA SDK
/// lzma-specification.txt.
std::optional<ForeignKind> detect_foreign_kind(ByteView start);

}  // namespace rpixen
