#include "tree/file_tree.hpp"

#include <algorithm>
#include <functional>

#include <rpixen/error.hpp>

#include "base/printable.hpp"

namespace rpixen {
namespace {

constexpr std::size_t longest_name = 255;     // NAME_MAX
constexpr std::size_t longest_target = 4095;  // PATH_MAX less the NUL
constexpr std::uint64_t deepest = 1024;       // levels; PATH_MAX has room for 2048 in one name
constexpr int most_symlinks = 40;             // MAXSYMLINKS in linux/namei.h

std::string quoted(std::string_view name) {
    return "'" + printable(name) + "'";
}

[[noreturn]] void refuse_path(std::string_view path, std::string message, std::string found = {},
                              std::string allowed = {}, std::string change = {}) {
    Problem problem{std::move(message), std::move(found), std::move(allowed), std::move(change), {}};
    problem.location.pointer = quoted(path);
    throw Error(ErrorCode::artifact, std::move(problem));
}

void check_name(std::string_view path, std::string_view name) {
    if (name.size() > longest_name)
        refuse_path(path, "a file name is too long", std::to_string(name.size()) + " bytes", "at most 255",
                    "shorten it or leave the file out");
    for (const auto& [byte, message] :
         {std::pair{'\0', "a file name holds a NUL byte"}, {'\n', "a file name holds a newline"}})
        if (name.find(byte) != std::string_view::npos)
            refuse_path(path, message, quoted(name), "any other byte but '/'", "rename the file or leave it out");
}

/// The first component of `rest` (which loses it); empty components are passed over.
std::string_view take_component(std::string_view& rest) {
    while (rest.starts_with('/')) rest.remove_prefix(1);
    const std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(component.size());
    return component;
}

bool last_component(std::string_view rest) {
    return rest.find_first_not_of('/') == std::string_view::npos;
}

}  // namespace

const char* name_of(NodeType type) noexcept {
    switch (type) {
        case NodeType::directory:
            return "directory";
        case NodeType::file:
            return "file";
        case NodeType::symlink:
            return "symlink";
        case NodeType::character_device:
            return "character device";
        case NodeType::block_device:
            return "block device";
        case NodeType::fifo:
            return "fifo";
        case NodeType::socket:
            return "socket";
    }
    return "node";
}

FileTree::FileTree() : buckets_(64, no_id), xattr_sets_(1) {
    Node root;
    root.mode = 0755;
    root.links = 1;
    nodes_.push_back(root);
}

Metadata FileTree::metadata(NodeId node) const {
    const Node& n = nodes_[node];
    return {n.mode, n.uid, n.gid, {n.mtime_seconds, n.mtime_nanoseconds}};
}

Content FileTree::content(NodeId node) const {
    const Node& n = nodes_[node];
    std::uint64_t size = n.size;
    if (n.runs != no_id) {
        size = 0;
        for (const DataRun& run : run_lists_[n.runs]) size += run.length;
    }
    return {n.source == no_id ? nullptr : sources_[n.source], n.position, size, n.placed};
}

std::vector<DataRun> FileTree::runs(NodeId node) const {
    const Node& n = nodes_[node];
    if (n.runs != no_id) return run_lists_[n.runs];
    if (n.size == 0) return {};
    return {{0, n.size}};
}

std::string_view FileTree::symlink_target(NodeId node) const {
    const Node& n = nodes_[node];
    return text(n.position, static_cast<std::size_t>(n.size));
}

std::string_view FileTree::entry_name(EntryId entry) const {
    return text(entries_[entry].name, entries_[entry].length);
}

std::vector<EntryId> FileTree::children(NodeId directory) const {
    std::vector<EntryId> list;
    for (EntryId entry = nodes_[directory].first; entry != no_id; entry = entries_[entry].next)
        if (entries_[entry].node != no_id) list.push_back(entry);
    std::sort(list.begin(), list.end(), [this](EntryId a, EntryId b) { return entry_name(a) < entry_name(b); });
    return list;
}

std::size_t FileTree::child_count(NodeId directory) const {
    std::size_t count = 0;
    for (EntryId entry = nodes_[directory].first; entry != no_id; entry = entries_[entry].next)
        count += entries_[entry].node != no_id;
    return count;
}

std::optional<NodeId> FileTree::child(NodeId directory, std::string_view name) const {
    const EntryId entry = find_entry(directory, name);
    if (entry == no_id) return std::nullopt;
    return entries_[entry].node;
}

std::optional<NodeId> FileTree::find(std::string_view path) const {
    NodeId node = root();
    for (std::string_view rest = path; !last_component(rest);) {
        const std::string_view name = take_component(rest);
        if (nodes_[node].type != NodeType::directory) return std::nullopt;
        const auto next = child(node, name);
        if (!next) return std::nullopt;
        node = *next;
    }
    return node;
}

NodeId FileTree::parent(NodeId directory) const {
    const EntryId name = nodes_[directory].name;
    return name == no_id ? root() : entries_[name].directory;
}

std::string FileTree::path_of(NodeId node) const {
    if (node == root()) return "/";
    EntryId entry = nodes_[node].name;
    if (entry == no_id || entries_[entry].node != node) {
        // Its first name went to another node of a later layer; any other name will do.
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& e) { return e.node == node; });
        if (found == entries_.end()) return "";
        entry = static_cast<EntryId>(found - entries_.begin());
    }
    const NodeId directory = entries_[entry].directory;
    std::string path = directory == root() ? "" : path_of(directory);
    return path.append("/").append(entry_name(entry));
}

FileTree::Place FileTree::locate(std::string_view path, bool create) {
    bool nowhere = false;
    return walk(path, create, nowhere);
}

/// As locate(). `nowhere` tells, beside the Error, that a symlink leads to nothing or to no directory.
FileTree::Place FileTree::walk(std::string_view path, bool create, bool& nowhere) {
    // Expanding a symlink puts its target before the rest of the path, so one string is walked from the left.
    std::string walk(path);
    std::string_view rest = walk;
    std::size_t own = path.size();  // how much of the end of `rest` is the member's own path, not a symlink's target
    NodeId directory = root();
    int symlinks = 0;
    std::string followed;  // the last of them, for messages
    while (!last_component(rest)) {
        const std::string_view name = take_component(rest);
        const bool from_target = rest.size() >= own && own < walk.size();
        own = std::min(own, rest.size());
        if (name == ".") continue;
        if (name == "..") {
            if (!from_target)
                refuse_path(path, "a member's path holds '..'", {}, "a path inside the tree",
                            "pack the tree from its own top ('tar -C TREE -cf FILE .') or leave the member out");
            if (directory == root())
                refuse_path(path, "a symlink leads out of the tree", followed,
                            "links that stay inside the tree, where a member stands under them",
                            "correct the symlink, or leave out what stands under it");
            directory = parent(directory);
            continue;
        }
        check_name(path, name);
        const bool last = last_component(rest);
        if (last && !from_target) return {directory, std::string(name)};
        const EntryId entry = find_entry(directory, name);
        if (entry == no_id) {
            nowhere = from_target;
            if (from_target)
                refuse_path(path, "a symlink on the way leads nowhere", followed,
                            "a link to a directory that is there already",
                            "put the directory before what stands under the link");
            if (!create) refuse_path(path, "a folder on the way is missing", quoted(name));
            directory = make_directory(directory, name);
            continue;
        }
        const NodeId node = entries_[entry].node;
        if (nodes_[node].type == NodeType::symlink) {
            const std::string_view target = symlink_target(node);
            followed = quoted(name) + " -> " + quoted(target);
            if (++symlinks > most_symlinks)
                refuse_path(path, "symlinks on the way form a loop", followed,
                            "at most " + std::to_string(most_symlinks) + " on one path",
                            "correct the symlinks, or leave out what stands under them");
            if (target.starts_with('/')) directory = root();
            std::string next(target);
            next.append("/").append(rest);
            own = std::min(own, rest.size());
            walk = std::move(next);
            rest = walk;
            continue;
        }
        nowhere = nodes_[node].type != NodeType::directory;
        if (nowhere)
            refuse_path(path, "a member stands under something that is no directory",
                        quoted(name) + ", a " + name_of(nodes_[node].type), "a directory",
                        "rename or leave out one of the two");
        directory = node;
    }
    return {directory, {}};
}

NodeId FileTree::make_directory(NodeId parent, std::string_view name) {
    Node node;
    node.mode = 0755;
    return insert({parent, std::string(name)}, node, {0755, 0, 0, {}}, {}, Existing::refuse);
}

EntryId FileTree::checked_existing(const Place& place, NodeType type, Existing existing) {
    if (place.name.empty()) refuse(place, std::string("an existing directory cannot be a ") + name_of(type));
    check_name(place.name, place.name);
    const EntryId entry = find_entry(place.directory, place.name);
    if (entry == no_id) return no_id;
    const NodeId node = entries_[entry].node;
    const NodeType present = nodes_[node].type;
    if (existing == Existing::supersede) {
        if (present != NodeType::directory) return entry;
        for (const NodeId directory : directories_from(node))
            for (EntryId below = nodes_[directory].first; below != no_id; below = entries_[below].next)
                if (entries_[below].node != no_id && entries_[below].layer == layer_)
                    refuse(place,
                           std::string("a ") + name_of(type) +
                               " would replace a directory that holds members of the same layer",
                           quoted(entry_name(below)) + " in it", "one of the two",
                           "leave one of them out, or put it into a layer of its own");
        hide_below(node);
        return entry;
    }
    if (present == NodeType::directory)
        refuse(place, std::string("a ") + name_of(type) + " would replace a directory", {},
               "a new name, or one of a file", "rename it or leave it out");
    if (existing == Existing::refuse || entries_[entry].layer == layer_)
        refuse(place, "two members have one name", std::string("a ") + name_of(present) + " and a " + name_of(type),
               "each name once in a layer", "leave one of them out, or put it into a layer of its own");
    return entry;
}

void FileTree::name_node(const Place& place, EntryId existing, NodeId node) {
    if (existing != no_id) {
        Entry& entry = entries_[existing];
        ++(entry.layer == layer_ ? counts_.repeated : counts_.replaced);
        --nodes_[entry.node].links;
        entry.node = node;
        entry.layer = layer_;
        if (nodes_[node].name == no_id) nodes_[node].name = existing;
        ++nodes_[node].links;
        return;
    }
    if (entries_.size() >= no_id - 1) throw Error(ErrorCode::unfit, "more than four thousand million files");
    if (entries_.size() >= buckets_.size()) grow_buckets();
    Entry entry;
    entry.name = store_text(place.name);
    entry.length = static_cast<std::uint8_t>(place.name.size());
    entry.node = node;
    entry.directory = place.directory;
    entry.layer = layer_;
    entry.next = nodes_[place.directory].first;
    const std::size_t bucket = bucket_of(place.directory, place.name);
    entry.next_in_bucket = buckets_[bucket];
    const auto id = static_cast<EntryId>(entries_.size());
    entries_.push_back(entry);
    buckets_[bucket] = id;
    nodes_[place.directory].first = id;
    if (nodes_[node].name == no_id) nodes_[node].name = id;
    ++nodes_[node].links;
}

NodeId FileTree::insert(const Place& place, Node node, const Metadata& metadata, XattrSet xattrs, Existing existing) {
    const EntryId entry = checked_existing(place, node.type, existing);
    if (node.type == NodeType::directory) {
        node.position = nodes_[place.directory].position + 1;  // of a directory: its depth
        if (node.position > deepest)
            refuse(place, "directories are nested too deeply", "level " + std::to_string(node.position),
                   "at most " + std::to_string(deepest), "use fewer levels");
    }
    node.links = 0;
    node.name = no_id;
    const auto id = static_cast<NodeId>(nodes_.size());
    nodes_.push_back(node);
    set_metadata(id, metadata);
    set_xattrs(id, std::move(xattrs));
    name_node(place, entry, id);
    return id;
}

NodeId FileTree::add_directory(const Place& place, const Metadata& metadata, XattrSet xattrs, Existing existing) {
    NodeId node = place.directory;
    if (!place.name.empty()) {
        const EntryId entry = find_entry(place.directory, place.name);
        if (entry == no_id) return insert(place, Node{}, metadata, std::move(xattrs), Existing::refuse);
        node = entries_[entry].node;
        if (nodes_[node].type != NodeType::directory)
            return directory_in_place_of(place, entry, metadata, std::move(xattrs), existing);
        entries_[entry].layer = layer_;
    }
    set_metadata(node, metadata);
    set_xattrs(node, std::move(xattrs));
    return node;
}

NodeId FileTree::directory_in_place_of(const Place& place, EntryId entry, const Metadata& metadata, XattrSet xattrs,
                                       Existing existing) {
    const NodeType present = nodes_[entries_[entry].node].type;
    if (present == NodeType::symlink) {
        // A trailing "/." makes it follow the link; the link and the directory behind it stay as they are.
        bool nowhere = false;
        try {
            return walk(path_of(place.directory) + "/" + place.name + "/.", false, nowhere).directory;
        } catch (const Error&) {
            if (!nowhere || existing != Existing::supersede)
                refuse(place, "a directory would replace a symlink that leads to no directory");
        }
    } else if (existing != Existing::supersede) {
        refuse(place, std::string("a directory would replace a ") + name_of(present));
    }
    return insert(place, Node{}, metadata, std::move(xattrs), existing);
}

void FileTree::set_content(Node& node, const Content& content) {
    node.position = content.position;
    node.source = content.source ? intern_source(content.source) : no_id;
    node.placed = content.placed;
}

NodeId FileTree::add_file(const Place& place, const Metadata& metadata, const Content& content, XattrSet xattrs,
                          Existing existing) {
    Node node;
    node.type = NodeType::file;
    node.size = content.size;
    if (content.size != 0) set_content(node, content);
    return insert(place, node, metadata, std::move(xattrs), existing);
}

NodeId FileTree::add_sparse_file(const Place& place, const Metadata& metadata, std::uint64_t size,
                                 const Content& content, std::vector<DataRun> runs, XattrSet xattrs,
                                 Existing existing) {
    std::uint64_t end = 0;
    std::uint64_t packed = 0;
    for (const DataRun& run : runs) {
        if (run.logical < end || run.length > size || run.logical > size - run.length)
            refuse(place, "a sparse file's map is damaged");
        end = run.logical + run.length;
        packed += run.length;
    }
    if (packed != content.size) refuse(place, "a sparse file's map does not match its data");
    std::erase_if(runs, [](const DataRun& run) { return run.length == 0; });
    Node node;
    node.type = NodeType::file;
    node.size = size;
    set_content(node, content);
    node.runs = static_cast<std::uint32_t>(run_lists_.size());
    run_lists_.push_back(std::move(runs));
    return insert(place, node, metadata, std::move(xattrs), existing);
}

NodeId FileTree::add_symlink(const Place& place, const Metadata& metadata, std::string_view target, XattrSet xattrs,
                             Existing existing) {
    if (target.empty()) refuse(place, "a symlink has no target");
    if (target.size() > longest_target)
        refuse(place, "a symlink's target is too long", std::to_string(target.size()) + " bytes", "at most 4095");
    if (target.find('\0') != std::string_view::npos) refuse(place, "a symlink's target holds a NUL byte");
    Node node;
    node.type = NodeType::symlink;
    node.size = target.size();
    node.position = store_text(target);
    return insert(place, node, metadata, std::move(xattrs), existing);
}

NodeId FileTree::add_device(const Place& place, const Metadata& metadata, NodeType type, std::uint32_t major,
                            std::uint32_t minor, XattrSet xattrs, Existing existing) {
    Node node;
    node.type = type;
    node.position = std::uint64_t{major} << 32 | minor;
    return insert(place, node, metadata, std::move(xattrs), existing);
}

NodeId FileTree::add_special(const Place& place, const Metadata& metadata, NodeType fifo_or_socket, XattrSet xattrs,
                             Existing existing) {
    Node node;
    node.type = fifo_or_socket;
    return insert(place, node, metadata, std::move(xattrs), existing);
}

void FileTree::add_link(const Place& place, NodeId node, Existing existing) {
    if (nodes_[node].type == NodeType::directory) refuse(place, "a hard link to a directory");
    const EntryId entry = checked_existing(place, nodes_[node].type, existing);
    if (entry != no_id && entries_[entry].node == node) return;
    name_node(place, entry, node);
}

void FileTree::set_metadata(NodeId node, const Metadata& metadata) {
    Node& n = nodes_[node];
    n.mode = metadata.mode & 07777;
    n.uid = metadata.uid;
    n.gid = metadata.gid;
    n.mtime_seconds = metadata.mtime.seconds;
    n.mtime_nanoseconds = metadata.mtime.nanoseconds;
}

void FileTree::set_xattrs(NodeId node, XattrSet xattrs) {
    nodes_[node].xattrs = intern_xattrs(std::move(xattrs));
}

void FileTree::remove(NodeId directory, std::string_view name) {
    const EntryId id = find_entry(directory, name);
    if (id == no_id) return;
    Entry& entry = entries_[id];
    if (nodes_[entry.node].type == NodeType::directory && child_count(entry.node) != 0)
        refuse({directory, std::string(name)}, "a directory that is not empty cannot be removed");
    --nodes_[entry.node].links;
    entry.node = no_id;
}

void FileTree::remove_tree(const Place& place) {
    const EntryId entry = find_entry(place.directory, place.name);
    if (entry == no_id) return;
    const NodeId node = entries_[entry].node;
    if (nodes_[node].type == NodeType::directory)
        for (const NodeId directory : directories_from(node))
            for (EntryId below = nodes_[directory].first; below != no_id; below = entries_[below].next)
                if (entries_[below].node != no_id) drop(below);
    drop(entry);
}

void FileTree::hide(const Place& place) {
    const EntryId entry = find_entry(place.directory, place.name);
    if (entry == no_id) return;
    const NodeId node = entries_[entry].node;
    const bool directory = nodes_[node].type == NodeType::directory;
    if (directory) hide_below(node);
    if (entries_[entry].layer != layer_ && !(directory && child_count(node) != 0)) drop(entry);
}

void FileTree::hide_below(NodeId directory) {
    const std::vector<NodeId> directories = directories_from(directory);
    // What is below comes before what is above: a directory goes once it is empty.
    for (auto place = directories.rbegin(); place != directories.rend(); ++place)
        for (EntryId entry = nodes_[*place].first; entry != no_id; entry = entries_[entry].next) {
            if (entries_[entry].node == no_id || entries_[entry].layer == layer_) continue;
            const NodeId node = entries_[entry].node;
            if (nodes_[node].type != NodeType::directory || child_count(node) == 0) drop(entry);
        }
}

/// A directory and all below it, each before those in it.
std::vector<NodeId> FileTree::directories_from(NodeId directory) const {
    std::vector<NodeId> list{directory};
    for (std::size_t next = 0; next < list.size(); ++next)
        for (EntryId entry = nodes_[list[next]].first; entry != no_id; entry = entries_[entry].next)
            if (entries_[entry].node != no_id && nodes_[entries_[entry].node].type == NodeType::directory)
                list.push_back(entries_[entry].node);
    return list;
}

void FileTree::drop(EntryId entry) {
    if (entries_[entry].layer != layer_) ++counts_.dropped;
    --nodes_[entries_[entry].node].links;
    entries_[entry].node = no_id;
}

EntryId FileTree::find_entry(NodeId directory, std::string_view name) const {
    for (EntryId entry = buckets_[bucket_of(directory, name)]; entry != no_id; entry = entries_[entry].next_in_bucket)
        if (entries_[entry].node != no_id && entries_[entry].directory == directory && entry_name(entry) == name)
            return entry;
    return no_id;
}

std::size_t FileTree::bucket_of(NodeId directory, std::string_view name) const {
    // The number of buckets is a power of two. std::hash decides only speed: no order is ever taken from it.
    const std::size_t hash = std::hash<std::string_view>()(name) ^ (directory * std::size_t{0x9e3779b97f4a7c15});
    return (hash ^ hash >> 32) & (buckets_.size() - 1);
}

void FileTree::grow_buckets() {
    buckets_.assign(buckets_.size() * 2, no_id);
    fill_buckets();
}

void FileTree::fill_buckets() {
    for (EntryId id = 0; id < entries_.size(); ++id) {
        const std::size_t bucket = bucket_of(entries_[id].directory, entry_name(id));
        entries_[id].next_in_bucket = buckets_[bucket];
        buckets_[bucket] = id;
    }
}

std::uint64_t FileTree::store_text(std::string_view text) {
    const std::uint64_t left = texts_.size() * text_block - text_used_;
    if (left < text.size()) {
        text_used_ = texts_.size() * text_block;
        texts_.push_back(std::make_unique<char[]>(text_block));
    }
    const std::uint64_t offset = text_used_;
    std::copy(text.begin(), text.end(), texts_[offset / text_block].get() + offset % text_block);
    text_used_ += text.size();
    return offset;
}

std::string_view FileTree::text(std::uint64_t offset, std::size_t length) const {
    if (length == 0) return {};
    return {texts_[offset / text_block].get() + offset % text_block, length};
}

std::uint32_t FileTree::intern_source(const ContentSourcePtr& source) {
    // Members of one archive come together, so the last source is nearly always the one.
    if (sources_.empty() || sources_.back() != source) sources_.push_back(source);
    return static_cast<std::uint32_t>(sources_.size() - 1);
}

std::uint32_t FileTree::intern_xattrs(XattrSet xattrs) {
    if (xattrs.empty()) return 0;
    std::sort(xattrs.begin(), xattrs.end());
    if (xattr_sets_.back() != xattrs) xattr_sets_.push_back(std::move(xattrs));
    return static_cast<std::uint32_t>(xattr_sets_.size() - 1);
}

void FileTree::refuse(const Place& place, std::string message, std::string found, std::string allowed,
                      std::string change) const {
    const std::string folder = path_of(place.directory);
    refuse_path((folder == "/" ? "" : folder) + "/" + place.name, std::move(message), std::move(found),
                std::move(allowed), std::move(change));
}

std::uint64_t bytes_to_copy(const FileTree& tree) {
    std::uint64_t total = 0;
    for (NodeId node = 0; node < tree.node_count(); ++node) {
        if (tree.type(node) != NodeType::file || tree.links(node) == 0) continue;
        const Content content = tree.content(node);
        if (!content.placed) total += content.size;
    }
    return total;
}

}  // namespace rpixen
