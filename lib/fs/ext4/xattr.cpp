#include "fs/ext4/xattr.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

#include <rpixen/error.hpp>

#include "fs/ext4/geometry.hpp"

namespace rpixen::ext4 {
namespace {

constexpr std::uint8_t encryption = 9;  ///< EXT4_XATTR_INDEX_ENCRYPTION in Linux fs/ext4/xattr.h
constexpr std::size_t entry_header = 16;
constexpr std::size_t end_mark = 4;  // four zero bytes behind the last entry

constexpr std::size_t padded(std::size_t size) {
    return (size + 3) / 4 * 4;
}

struct Namespace {
    std::string_view prefix;
    std::uint8_t index;
    bool whole;  ///< the prefix is the whole name
};
constexpr std::array<Namespace, 7> namespaces{{{"system.posix_acl_access", 2, true},
                                               {"system.posix_acl_default", 3, true},
                                               {"system.richacl", 8, true},
                                               {"user.", 1, false},
                                               {"trusted.", 4, false},
                                               {"security.", 6, false},
                                               {"system.", 7, false}}};
constexpr std::uint8_t acl_access = 2;
constexpr std::uint8_t acl_default = 3;

struct Attribute {
    std::uint8_t index = 0;
    std::string_view name;
    std::string value;

    std::size_t size() const { return entry_header + padded(name.size()) + padded(value.size()); }
};

// ACL tags of linux/posix_acl.h: only these carry an id on the disk.
constexpr std::uint16_t acl_user = 0x02;
constexpr std::uint16_t acl_group = 0x08;

[[noreturn]] void refuse(const std::string& name, std::string message, std::string found, std::string allowed) {
    throw Error(ErrorCode::unfit, "extended attribute " + name + ": " + std::move(message), std::move(found),
                std::move(allowed));
}

/// linux/posix_acl_xattr.h (version 2, 8 bytes an entry) to fs/ext4/acl.h (version 1, 4 or 8 bytes an entry).
std::string acl_to_disk(const std::string& name, const std::string& value) {
    const ByteView bytes = as_bytes(value);
    if (bytes.size() < 4 || bytes.size() % 8 != 4 || load_le<std::uint32_t>(bytes.data()) != 2)
        refuse(name, "no access control list", std::to_string(bytes.size()) + " bytes",
               "version 2 of Linux' POSIX ACL form");
    std::string disk(4, '\0');
    disk[0] = 1;
    for (std::size_t at = 4; at < bytes.size(); at += 8) {
        const auto tag = load_le<std::uint16_t>(bytes.data() + at);
        disk.append(value, at, tag == acl_user || tag == acl_group ? 8 : 4);
    }
    return disk;
}

bool acl_from_disk(ByteView disk, std::string& value) {
    if (disk.size() < 4 || load_le<std::uint32_t>(disk.data()) != 1) return false;
    value.assign(4, '\0');
    value[0] = 2;
    for (std::size_t at = 4; at < disk.size();) {
        if (disk.size() - at < 4) return false;
        const auto tag = load_le<std::uint16_t>(disk.data() + at);
        const std::size_t size = tag == acl_user || tag == acl_group ? 8 : 4;
        if (disk.size() - at < size) return false;
        value.append(as_text(disk.subspan(at, size)));
        if (size == 4) value.append(4, '\xff');  // ACL_UNDEFINED_ID
        at += size;
    }
    return true;
}

std::vector<Attribute> attributes_of(const XattrSet& xattrs) {
    std::vector<Attribute> attributes;
    for (const auto& xattr : xattrs) {
        const std::string& name = xattr.first;  // Clang 14 captures no structured binding
        const std::string& value = xattr.second;
        const auto space = std::find_if(namespaces.begin(), namespaces.end(), [&](const Namespace& candidate) {
            return candidate.whole ? name == candidate.prefix
                                   : name.starts_with(candidate.prefix) && name.size() > candidate.prefix.size();
        });
        if (space == namespaces.end())
            refuse(name, "a namespace that ext4 does not know", name, "user., trusted., security., system.");
        Attribute attribute{space->index, std::string_view(name).substr(space->prefix.size()), value};
        if (attribute.name.size() > 255) refuse(name, "the name is too long", std::to_string(name.size()), "255 bytes");
        if (space->index == acl_access || space->index == acl_default) attribute.value = acl_to_disk(name, value);
        attributes.push_back(std::move(attribute));
    }
    // The kernel looks them up in a block in this order.
    std::sort(attributes.begin(), attributes.end(), [](const Attribute& a, const Attribute& b) {
        return std::tuple(a.index, a.name.size(), a.name) < std::tuple(b.index, b.name.size(), b.name);
    });
    return attributes;
}

/// ext4_xattr_hash_entry
std::uint32_t hash_of(const Attribute& attribute) {
    std::uint32_t hash = 0;
    for (const char c : attribute.name) hash = std::rotl(hash, 5) ^ static_cast<unsigned char>(c);
    std::string value = attribute.value;
    value.resize(padded(value.size()));
    const ByteView words = as_bytes(value);
    for (std::size_t at = 0; at < words.size(); at += 4)
        hash = std::rotl(hash, 16) ^ load_le<std::uint32_t>(words.data() + at);
    return hash;
}

/// Writes entries from the front and values from the end of `area`; value offsets count from `base` bytes
/// before it. Returns the hash over all entries.
std::uint32_t fill(MutableBytes area, std::size_t base, const std::vector<const Attribute*>& attributes, bool hashed) {
    std::size_t front = 0;
    std::size_t back = area.size();
    std::uint32_t all = 0;
    for (const Attribute* attribute : attributes) {
        std::byte* entry = area.data() + front;
        entry[0] = static_cast<std::byte>(attribute->name.size());
        entry[1] = static_cast<std::byte>(attribute->index);
        if (!attribute->value.empty()) {
            back -= padded(attribute->value.size());
            store_le(entry + 2, static_cast<std::uint16_t>(back + base));
            std::ranges::copy(as_bytes(attribute->value), area.begin() + static_cast<std::ptrdiff_t>(back));
        }
        store_le(entry + 8, static_cast<std::uint32_t>(attribute->value.size()));
        const std::uint32_t hash = hashed ? hash_of(*attribute) : 0;
        store_le(entry + 12, hash);
        all = std::rotl(all, 16) ^ hash;
        std::ranges::copy(as_bytes(attribute->name), entry + entry_header);
        front += entry_header + padded(attribute->name.size());
    }
    return all;
}

}  // namespace

EncodedXattrs encode_xattrs(const XattrSet& xattrs) {
    EncodedXattrs encoded;
    if (xattrs.empty()) return encoded;
    const std::vector<Attribute> attributes = attributes_of(xattrs);
    std::vector<const Attribute*> in_inode;
    std::vector<const Attribute*> in_block;
    std::size_t inode_left = xattr_inode_space - sizeof(xattr_magic) - end_mark;
    std::size_t block_used = xattr_block_header + end_mark;
    for (const Attribute& attribute : attributes) {
        if (attribute.size() <= inode_left) {
            inode_left -= attribute.size();
            in_inode.push_back(&attribute);
        } else {
            block_used += attribute.size();
            in_block.push_back(&attribute);
        }
    }
    if (block_used > block_size)
        throw Error(ErrorCode::unfit, "the extended attributes of a file are too large",
                    std::to_string(block_used) + " bytes beside those in its inode", "4096 bytes");
    if (!in_inode.empty()) {
        encoded.inode.resize(xattr_inode_space);
        store_le(encoded.inode.data(), xattr_magic);
        fill(MutableBytes(encoded.inode).subspan(sizeof(xattr_magic)), 0, in_inode, false);
    }
    if (!in_block.empty()) {
        encoded.block.resize(block_size);
        const std::uint32_t hash = fill(MutableBytes(encoded.block).subspan(xattr_block_header), xattr_block_header,
                                        in_block, true);
        store_le(encoded.block.data(), xattr_magic);
        store_le(encoded.block.data() + 4, std::uint32_t{1});  // h_refcount
        store_le(encoded.block.data() + 8, std::uint32_t{1});  // h_blocks
        store_le(encoded.block.data() + 12, hash);
    }
    return encoded;
}

bool decode_xattrs(ByteView entries, ByteView values, XattrSet& xattrs, const ValueReader& read_value) {
    for (;;) {
        if (entries.size() < end_mark) return false;
        if (load_le<std::uint32_t>(entries.data()) == 0) return true;
        if (entries.size() < entry_header) return false;
        const std::size_t name_length = std::to_integer<std::size_t>(entries[0]);
        const std::size_t step = entry_header + padded(name_length);
        if (entries.size() < step) return false;
        const auto index = std::to_integer<std::uint8_t>(entries[1]);
        const std::size_t offset = load_le<std::uint16_t>(entries.data() + 2);
        const std::size_t size = load_le<std::uint32_t>(entries.data() + 8);
        const auto inode = load_le<std::uint32_t>(entries.data() + 4);
        if (index == encryption) {
            entries = entries.subspan(step);
            continue;
        }
        if (inode == 0 && size != 0 && (offset > values.size() || size > values.size() - offset)) return false;
        const auto space = std::find_if(namespaces.begin(), namespaces.end(),
                                        [&](const Namespace& candidate) { return candidate.index == index; });
        if (space == namespaces.end() || (space->whole && name_length != 0)) return false;
        std::string name(space->prefix);
        name.append(as_text(entries.subspan(entry_header, name_length)));
        std::string value;
        if (inode != 0 && (!read_value || !read_value(inode, size, value))) return false;
        if (inode == 0 && size != 0) value = as_text(values.subspan(offset, size));
        const Bytes disk(as_bytes(value).begin(), as_bytes(value).end());
        if ((index == acl_access || index == acl_default) && !acl_from_disk(disk, value)) return false;
        xattrs.emplace_back(std::move(name), std::move(value));
        entries = entries.subspan(step);
    }
}

}  // namespace rpixen::ext4
