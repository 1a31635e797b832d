#include <algorithm>
#include <type_traits>

#include "tree/file_tree.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t node_size = 60;   // bytes of one in the record
constexpr std::uint64_t entry_size = 23;  // the same
constexpr std::uint64_t run_size = 16;    // the same

using Check = RecordReader;

// What of a node and of an entry stands in the record, in this order.
constexpr auto each_field_of_node = [](auto& node, const auto& field) {
    field(node.mtime_seconds);
    field(node.size);
    field(node.position);
    field(node.mtime_nanoseconds);
    field(node.uid);
    field(node.gid);
    field(node.links);
    field(node.runs);
    field(node.xattrs);
    field(node.name);
    field(node.first);
    field(node.mode);
};
constexpr auto each_field_of_entry = [](auto& entry, const auto& field) {
    field(entry.name);
    field(entry.node);
    field(entry.directory);
    field(entry.next);
    field(entry.layer);
    field(entry.length);
};

void keep_lists(RecordWriter& record, const std::vector<std::vector<DataRun>>& run_lists,
                const std::vector<XattrSet>& xattr_sets) {
    record.number(std::uint64_t{run_lists.size()});
    for (const std::vector<DataRun>& runs : run_lists) {
        record.number(std::uint64_t{runs.size()});
        for (const DataRun& run : runs) {
            record.number(run.logical);
            record.number(run.length);
        }
    }
    record.number(std::uint64_t{xattr_sets.size()});
    for (const XattrSet& xattrs : xattr_sets) {
        record.number(std::uint64_t{xattrs.size()});
        for (const auto& [name, value] : xattrs) {
            record.text(name);
            record.text(value);
        }
    }
}

void read_lists(RecordReader& record, std::vector<std::vector<DataRun>>& run_lists, std::vector<XattrSet>& xattr_sets) {
    for (std::uint64_t left = record.count(8); left > 0; --left) {
        std::vector<DataRun>& runs = run_lists.emplace_back(record.count(run_size));
        for (DataRun& run : runs) {
            run.logical = record.number<std::uint64_t>();
            run.length = record.number<std::uint64_t>();
        }
    }
    xattr_sets.clear();
    for (std::uint64_t left = record.count(8); left > 0; --left) {
        XattrSet& xattrs = xattr_sets.emplace_back(record.count(16));
        for (auto& [name, value] : xattrs) {
            name = record.text();
            value = record.text();
        }
    }
}

}  // namespace

bool FileTree::all_placed() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const Node& node) {
        return node.type != NodeType::file || node.source == no_id || node.placed;
    });
}

void FileTree::keep(RecordWriter& record, std::uint64_t base) const {
    const auto put = [&](const auto& value) { record.number(value); };
    record.number(text_used_);
    for (std::uint64_t done = 0; done < text_used_; done += text_block)
        record.bytes(as_bytes({texts_[done / text_block].get(), std::min(text_block, text_used_ - done)}));
    keep_lists(record, run_lists_, xattr_sets_);
    record.number(std::uint64_t{nodes_.size()});
    for (Node node : nodes_) {
        const bool data = node.type == NodeType::file && node.source != no_id;
        if (data) node.position -= base;
        each_field_of_node(node, put);
        record.number(static_cast<std::uint8_t>(node.type));
        record.number(static_cast<std::uint8_t>(data ? 1 : 0));
    }
    record.number(std::uint64_t{entries_.size()});
    for (const Entry& entry : entries_) each_field_of_entry(entry, put);
    record.number(layer_);
}

FileTree FileTree::kept(RecordReader& record, std::uint64_t base, const ContentSourcePtr& source) {
    const auto get = [&](auto& value) { value = record.number<std::remove_reference_t<decltype(value)>>(); };
    FileTree tree;
    tree.sources_ = {source};
    get(tree.text_used_);
    for (std::uint64_t done = 0; done < tree.text_used_; done += text_block) {
        const ByteView part = record.bytes(std::min(text_block, tree.text_used_ - done));
        tree.texts_.push_back(std::make_unique<char[]>(text_block));
        std::ranges::copy(as_text(part), tree.texts_.back().get());
    }
    read_lists(record, tree.run_lists_, tree.xattr_sets_);
    tree.nodes_.resize(record.count(node_size));
    for (Node& node : tree.nodes_) {
        each_field_of_node(node, get);
        const auto type = record.number<std::uint8_t>();
        Check::check(type <= static_cast<unsigned>(NodeType::socket));
        node.type = static_cast<NodeType>(type);
        if (record.number<std::uint8_t>() == 0) continue;
        Check::check(node.type == NodeType::file);
        node.position += base;
        node.source = 0;
        node.placed = true;
    }
    tree.entries_.resize(record.count(entry_size));
    for (Entry& entry : tree.entries_) each_field_of_entry(entry, get);
    get(tree.layer_);
    tree.check_kept();
    while (tree.buckets_.size() < tree.entries_.size()) tree.buckets_.resize(tree.buckets_.size() * 2, no_id);
    tree.fill_buckets();
    return tree;
}

/// Every number leads to something that is there, and no chain of them is a loop.
void FileTree::check_kept() const {
    const auto check_text = [&](std::uint64_t offset, std::uint64_t length) {
        Check::check(length <= text_used_ && offset <= text_used_ - length &&
                     offset % text_block + length <= text_block);
    };
    const auto is_entry = [&](EntryId entry) { return entry == no_id || entry < entries_.size(); };
    Check::check(!nodes_.empty() && nodes_[root()].type == NodeType::directory && nodes_[root()].name == no_id &&
                 !xattr_sets_.empty() && xattr_sets_[0].empty());
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
        const Node& n = nodes_[node];
        Check::check(n.xattrs < xattr_sets_.size() && (n.runs == no_id || n.runs < run_lists_.size()) &&
                     is_entry(n.name) && is_entry(n.first) && (n.type == NodeType::directory || n.first == no_id));
        if (n.first != no_id) Check::check(entries_[n.first].directory == node);
        if (n.type == NodeType::symlink) check_text(n.position, n.size);
        // Directories are made in those that are there already, entries before the newer ones of their directory.
        if (n.type == NodeType::directory && n.name != no_id) Check::check(entries_[n.name].directory < node);
    }
    for (std::size_t entry = 0; entry < entries_.size(); ++entry) {
        const Entry& e = entries_[entry];
        check_text(e.name, e.length);
        Check::check(e.directory < nodes_.size() && nodes_[e.directory].type == NodeType::directory &&
                     (e.next == no_id || e.next < entry) && (e.node == no_id || e.node < nodes_.size()));
        if (e.next != no_id) Check::check(entries_[e.next].directory == e.directory);
        if (e.node != no_id && nodes_[e.node].type == NodeType::directory) Check::check(e.directory < e.node);
    }
}

}  // namespace rpixen
