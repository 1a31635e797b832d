#include "verify/compare_trees.hpp"

#include <algorithm>
#include <map>

#include "base/digest.hpp"
#include "base/size.hpp"
#include "fs/fat/boot_sector.hpp"

namespace rpixen {
namespace {

std::string octal(std::uint32_t number) {
    std::string text;
    for (; number > 0; number /= 8) text.insert(text.begin(), static_cast<char>('0' + number % 8));
    text.insert(0, text.size() < 4 ? 4 - text.size() : 0, '0');
    return text;
}

std::string text_of(const Timestamp& time) {
    std::string fraction = std::to_string(time.nanoseconds);
    fraction.insert(0, 9 - fraction.size(), '0');
    return std::to_string(time.seconds) + "." + fraction;
}

/// A value as text where it is text, otherwise in hexadecimal.
std::string text_of(const std::string& value) {
    const bool is_text = std::all_of(value.begin(), value.end(), [](char byte) { return byte >= 0x20 && byte < 0x7f; });
    const std::string text = is_text ? "\"" + value + "\"" : "0x" + hex(as_bytes(value));
    return text.size() <= 100 ? text : text.substr(0, 100) + "... (" + std::to_string(value.size()) + " bytes)";
}

Timestamp as_fat_keeps_it(const Timestamp& time) {
    FatTime kept = fat_time(time.seconds, time.nanoseconds);
    kept.hundredths = 0;
    return {seconds_of(kept), 0};
}

class Comparison {
  public:
    Comparison(const std::string& partition, const TreeComparisonForm& form, const FileTree& expected,
               const FileTree& found)
        : partition_(partition), form_(form), expected_(expected), found_(found) {}

    TreeComparison run() {
        compare_node(FileTree::root(), FileTree::root(), "/");
        compare_directory(FileTree::root(), FileTree::root(), "");
        return std::move(result_);
    }

  private:
    void add(const std::string& path, std::string what, std::string expected, std::string found) {
        if (result_.differences.size() >= form_.most_differences) {
            ++result_.left_out;
            return;
        }
        result_.differences.push_back({partition_, path, std::move(what), std::move(expected), std::move(found)});
    }

    void compare_directory(NodeId expected, NodeId found, const std::string& path) {
        const std::vector<EntryId> wanted = expected_.children(expected);
        const std::vector<EntryId> present = found_.children(found);
        auto want = wanted.begin();
        auto have = present.begin();
        while (want != wanted.end() || have != present.end()) {
            const int order = want == wanted.end()    ? 1
                              : have == present.end() ? -1
                                                      : expected_.entry_name(*want).compare(found_.entry_name(*have));
            if (order < 0) {
                report_missing(*want++, path);
            } else if (order > 0) {
                report_unexpected(*have++, path);
            } else {
                const NodeId a = expected_.entry_node(*want);
                const NodeId b = found_.entry_node(*have);
                const std::string name = path + "/" + std::string(expected_.entry_name(*want));
                if (compare_node(a, b, name) && expected_.type(a) == NodeType::directory) compare_directory(a, b, name);
                ++want;
                ++have;
            }
        }
    }

    void report_missing(EntryId entry, const std::string& path) {
        const NodeId node = expected_.entry_node(entry);
        const std::string name = path + "/" + std::string(expected_.entry_name(entry));
        add(name, "missing", name_of(expected_.type(node)), "");
        if (expected_.type(node) == NodeType::directory)
            for (const EntryId child : expected_.children(node)) report_missing(child, name);
    }

    void report_unexpected(EntryId entry, const std::string& path) {
        const NodeId node = found_.entry_node(entry);
        const std::string name = path + "/" + std::string(found_.entry_name(entry));
        const bool directory = found_.type(node) == NodeType::directory;
        // mke2fs makes it in every file system.
        const bool made_by_mke2fs = !form_.lost_and_found && !form_.fat && directory && name == "/lost+found";
        if (!made_by_mke2fs) add(name, "unexpected", "", name_of(found_.type(node)));
        if (directory)
            for (const EntryId child : found_.children(node)) report_unexpected(child, name);
    }

    /// False where the types differ.
    bool compare_node(NodeId a, NodeId b, const std::string& path) {
        ++result_.entries;
        if (expected_.type(a) != found_.type(b)) {
            add(path, "type", name_of(expected_.type(a)), name_of(found_.type(b)));
            return false;
        }
        const NodeType type = expected_.type(a);
        if (!form_.fat && type != NodeType::directory && expected_.links(a) > 1) {
            const auto [known, is_new] = counterparts_.emplace(a, b);
            if (!is_new) {
                if (known->second != b)
                    add(path, "hard link", "a name of " + expected_.path_of(a), "a file of its own");
                return true;
            }
        }
        compare_metadata(a, b, path);
        switch (type) {
            case NodeType::file:
                compare_size(a, b, path);
                break;
            case NodeType::symlink:
                if (expected_.symlink_target(a) != found_.symlink_target(b))
                    add(path, "target", text_of(std::string(expected_.symlink_target(a))),
                        text_of(std::string(found_.symlink_target(b))));
                break;
            case NodeType::character_device:
            case NodeType::block_device: {
                const auto device = [](const FileTree& tree, NodeId node) {
                    return std::to_string(tree.device_major(node)) + ":" + std::to_string(tree.device_minor(node));
                };
                if (device(expected_, a) != device(found_, b))
                    add(path, "device", device(expected_, a), device(found_, b));
                break;
            }
            default:
                break;
        }
        return true;
    }

    void compare_size(NodeId a, NodeId b, const std::string& path) {
        if (expected_.size(a) != found_.size(b)) {
            add(path, "size", std::to_string(expected_.size(a)), std::to_string(found_.size(b)));
            return;
        }
        result_.files.push_back({a, b});
    }

    void compare_metadata(NodeId a, NodeId b, const std::string& path) {
        const Metadata want = expected_.metadata(a);
        const Metadata have = found_.metadata(b);
        if (form_.fat) {
            // The root of a FAT has no entry, and a folder's time is the composer's, not the tree's.
            const bool file = expected_.type(a) == NodeType::file;
            if (file && as_fat_keeps_it(want.mtime) != as_fat_keeps_it(have.mtime))
                add(path, "time", text_of(as_fat_keeps_it(want.mtime)), text_of(as_fat_keeps_it(have.mtime)));
            return;
        }
        if (want.mode != have.mode) add(path, "mode", octal(want.mode), octal(have.mode));
        const auto owner = [](const Metadata& of) { return std::to_string(of.uid) + ":" + std::to_string(of.gid); };
        if (owner(want) != owner(have)) add(path, "owner", owner(want), owner(have));
        if (want.mtime != have.mtime) add(path, "time", text_of(want.mtime), text_of(have.mtime));
        if (expected_.type(a) != NodeType::directory && expected_.links(a) != found_.links(b))
            add(path, "links", std::to_string(expected_.links(a)), std::to_string(found_.links(b)));
        compare_xattrs(expected_.xattrs(a), found_.xattrs(b), path);
    }

    void compare_xattrs(const XattrSet& wanted, const XattrSet& present, const std::string& path) {
        const std::map<std::string, std::string> want(wanted.begin(), wanted.end());
        const std::map<std::string, std::string> have(present.begin(), present.end());
        for (const auto& [name, value] : want) {
            const auto other = have.find(name);
            if (other == have.end())
                add(path, "attribute " + name, text_of(value), "missing");
            else if (other->second != value)
                add(path, "attribute " + name, text_of(value), text_of(other->second));
        }
        for (const auto& [name, value] : have)
            if (!want.contains(name)) add(path, "attribute " + name, "none", text_of(value));
    }

    const std::string& partition_;
    const TreeComparisonForm& form_;
    const FileTree& expected_;
    const FileTree& found_;
    std::map<NodeId, NodeId> counterparts_;  ///< of files with several names
    TreeComparison result_;
};

}  // namespace

TreeComparison compare_trees(const std::string& partition, const TreeComparisonForm& form, const FileTree& expected,
                             const FileTree& found) {
    return Comparison(partition, form, expected, found).run();
}

}  // namespace rpixen
