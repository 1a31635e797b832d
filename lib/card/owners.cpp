#include "card/owners.hpp"

#include "base/bytes.hpp"
#include "tree/path_pattern.hpp"

namespace rpixen {
namespace {

/// The list in Linux' own form with the permissions of a mode: the mask is the group's, where there is one.
/// Facts: include/uapi/linux/posix_acl_xattr.h; fs/posix_acl.c, __posix_acl_chmod_masq().
std::string acl_with_mode(std::string_view acl, std::uint16_t mode) {
    constexpr std::size_t header = 4, entry_size = 8;
    constexpr unsigned user_obj = 1, group_obj = 4, mask = 16, other = 32;
    Bytes bytes = to_bytes(acl);
    std::byte* group = nullptr;
    for (std::size_t place = header; place + entry_size <= bytes.size(); place += entry_size) {
        std::byte* entry = &bytes[place];
        const auto tag = load_le<std::uint16_t>(entry);
        if (tag == mask || (tag == group_obj && !group)) group = entry;
        if (tag == user_obj) store_le<std::uint16_t>(entry + 2, mode >> 6 & 7U);
        if (tag == other) store_le<std::uint16_t>(entry + 2, mode & 7U);
    }
    if (group) store_le<std::uint16_t>(group + 2, mode >> 3 & 7U);
    return std::string(as_text(bytes));
}

void set_mode(FileTree& tree, NodeId node, std::uint16_t mode) {
    Metadata metadata = tree.metadata(node);
    metadata.mode = mode;
    tree.set_metadata(node, metadata);
    if (tree.xattrs(node).empty()) return;
    XattrSet xattrs = tree.xattrs(node);
    for (auto& [name, value] : xattrs)
        if (name == "system.posix_acl_access") value = acl_with_mode(value, mode);
    tree.set_xattrs(node, std::move(xattrs));
}

}  // namespace

void apply_owners(const Manifest& manifest, FileTree& root) {
    std::vector<Problem> problems;
    for (const OwnerRow& row : manifest.owners) {
        const std::vector<NodeId> nodes = PathPattern(row.path).matches(root);
        if (nodes.empty())
            problems.push_back({"a row of \"owners\" matches nothing", "'" + row.path + "'",
                                "a pattern of a path in the root file system", "correct the pattern or remove the row",
                                row.location});
        for (const NodeId node : nodes) {
            Metadata metadata = root.metadata(node);
            metadata.uid = row.uid.value_or(metadata.uid);
            metadata.gid = row.gid.value_or(metadata.gid);
            root.set_metadata(node, metadata);
            if (row.mode && root.type(node) != NodeType::symlink) set_mode(root, node, *row.mode);
        }
    }
    if (!problems.empty()) throw Error(ErrorCode::unfit, std::move(problems));
}

}  // namespace rpixen
