#include "card/identity.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace rpixen {
namespace {

class TreeDigest {
  public:
    explicit TreeDigest(const FileTree& tree) : tree_(tree), number_(tree.node_count(), 0) {}

    Sha256Digest finish() {
        add_node(FileTree::root());
        add_directory(FileTree::root());
        return digest_.finish();
    }

  private:
    void add(std::uint64_t value) {
        std::array<std::byte, 8> bytes;
        store_le(bytes.data(), value);
        digest_.update(bytes);
    }
    void add(std::string_view text) {
        add(text.size());
        digest_.update(text);
    }

    void add_node(NodeId node) {
        number_[node] = ++next_;
        const Metadata metadata = tree_.metadata(node);
        const NodeType type = tree_.type(node);
        add(static_cast<std::uint64_t>(type));
        add(metadata.mode);
        add(metadata.uid);
        add(metadata.gid);
        add(static_cast<std::uint64_t>(metadata.mtime.seconds));
        add(metadata.mtime.nanoseconds);
        const XattrSet& xattrs = tree_.xattrs(node);
        add(xattrs.size());
        for (const auto& [name, value] : xattrs) {
            add(name);
            add(value);
        }
        switch (type) {
            case NodeType::file:
                add(tree_.size(node));
                if (tree_.sparse(node))
                    for (const DataRun& run : tree_.runs(node)) {
                        add(run.logical);
                        add(run.length);
                    }
                break;
            case NodeType::symlink:
                add(tree_.symlink_target(node));
                break;
            case NodeType::character_device:
            case NodeType::block_device:
                add(tree_.device_major(node));
                add(tree_.device_minor(node));
                break;
            default:
                break;
        }
    }

    void add_directory(NodeId directory) {
        const auto children = tree_.children(directory);
        add(children.size());
        for (const EntryId entry : children) {
            const NodeId node = tree_.entry_node(entry);
            add(tree_.entry_name(entry));
            if (number_[node] != 0) {
                add(number_[node]);  // a further name of a file that was seen
                continue;
            }
            add_node(node);
            if (tree_.type(node) == NodeType::directory) add_directory(node);
        }
    }

    const FileTree& tree_;
    Sha256 digest_;
    std::vector<std::uint32_t> number_;  ///< by node, in the order of the walk
    std::uint32_t next_ = 0;
};

}  // namespace

Sha256Digest digest_of(const FileTree& tree) {
    return TreeDigest(tree).finish();
}

Identity derive_identity(const Sha256Digest& seed) {
    Identity identity;
    const Uuid disk = derive_uuid(seed, "disk signature");
    identity.disk_signature = std::max<std::uint32_t>(1, load_le<std::uint32_t>(disk.data()));
    const Uuid volume = derive_uuid(seed, "FAT volume id");
    identity.volume_id = load_le<std::uint32_t>(volume.data());
    identity.root_uuid = derive_uuid(seed, "root file system");
    identity.hash_seed = derive_uuid(seed, "directory hash");
    return identity;
}

}  // namespace rpixen
