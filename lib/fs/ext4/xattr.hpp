#pragma once

#include <functional>

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "tree/file_tree.hpp"

namespace rpixen::ext4 {

/// Extended attributes in ext4's form (fs/ext4/xattr.h in Linux).
struct EncodedXattrs {
    Bytes inode;  ///< what follows the inode's fixed fields: at most 96 bytes
    Bytes block;  ///< a block without its checksum; empty where all fit the inode
};

/// What fits goes into the inode, the rest into one block. POSIX ACLs change their form. Throws Error{unfit}:
/// more than a block, a namespace that ext4 has not, a damaged ACL.
EncodedXattrs encode_xattrs(const XattrSet& xattrs);

/// Adds the attributes found in an inode's or a block's bytes to `xattrs`, in Linux' form. `entries` begins
/// at the first entry, `values` is what value offsets count from. Values in inodes of their own (ea_inode)
/// come from `read_value`, attributes of encryption are left out, as Linux does not show them. Returns false
/// where the bytes are damaged.
using ValueReader = std::function<bool(std::uint32_t inode, std::size_t size, std::string& value)>;
bool decode_xattrs(ByteView entries, ByteView values, XattrSet& xattrs, const ValueReader& read_value = {});

inline constexpr std::uint32_t xattr_magic = 0xea020000;
inline constexpr std::size_t xattr_block_header = 32;
inline constexpr std::size_t xattr_checksum_place = 16;  ///< h_checksum in the block's header
inline constexpr std::size_t xattr_inode_space = 96;     ///< behind 128 + 32 bytes of a 256-byte inode

}  // namespace rpixen::ext4
