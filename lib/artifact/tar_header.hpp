#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// One header block of a tar, as the formats v7, ustar, pax, star and GNU have it.
/// Facts: POSIX.1-2017 pax "ustar Interchange Format"; GNU tar src/tar.h and src/create.c (to_base256).
struct TarHeader {
    static constexpr std::size_t size_of_block = 512;  ///< bytes

    std::string name;  ///< bytes as they are, ustar's prefix included
    std::string link;
    char type = '0';
    std::uint16_t mode = 0;  ///< 07777
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::uint64_t size = 0;  ///< bytes of data behind the header
    std::int64_t mtime = 0;  ///< seconds
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
};

/// Whether a block is a tar header: its checksum is right. A block of zeros is none.
bool is_tar_header(ByteView block);

/// Decodes a block of 512 bytes. Throws Error{artifact} (without a place): a damaged checksum or number.
TarHeader parse_tar_header(ByteView block);

/// A number field: octal digits, or base 256 where the first bit is set. Throws Error{artifact}.
std::int64_t parse_tar_number(ByteView field);
/// As parse_tar_number(), but refuses a negative number.
std::uint64_t parse_tar_size(ByteView field);

/// The pairs of an old GNU sparse header (type 'S', "struct oldgnu_header") at `place`; stops at an empty
/// one.
void parse_gnu_sparse(ByteView pairs, std::vector<DataRun>& runs);

}  // namespace rpixen
