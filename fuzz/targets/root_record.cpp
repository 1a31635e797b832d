#include "compose/root_record.hpp"

#include "base/byte_record.hpp"
#include "base/digest.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {
namespace {

/// The input as a record of this version, with its own checksum made right, which no fuzzer guesses.
Bytes record_of(ByteView input) {
    Bytes record = make_root_record({});
    RecordReader reader(record);
    const std::size_t head = 16 + reader.text().size() + reader.text().size();
    record.resize(head);
    record.insert(record.end(), input.begin(), input.end());
    const Sha256Digest digest = sha256(record);
    record.insert(record.end(), digest.begin(), digest.end());
    return record;
}

/// Every entry, and what its node says of itself.
void walk(const FileTree& tree, NodeId directory) {
    for (const EntryId entry : tree.children(directory)) {
        const NodeId node = tree.entry_node(entry);
        tree.path_of(node);
        tree.metadata(node);
        tree.xattrs(node);
        if (tree.type(node) == NodeType::symlink) tree.symlink_target(node);
        if (tree.type(node) == NodeType::directory) walk(tree, node);
    }
}

}  // namespace

void root_record(ByteView input) {
    const RootRecord record = parse_root_record(record_of(input));
    if (record.prebuilt) return;
    RecordReader reader(record.tree);
    const FileTree tree = FileTree::kept(reader, record.root_offset, content_of(input).source);
    walk(tree, FileTree::root());
}

}  // namespace rpixen::fuzz
