#include "tree/tree_files.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace rpixen {
namespace {

constexpr int most_links = 40;  // as Linux follows them

/// The parts of a path, the first one last.
void push_parts(std::string_view path, std::vector<std::string>& parts) {
    while (true) {
        const std::size_t slash = path.rfind('/');
        parts.emplace_back(path.substr(slash == std::string_view::npos ? 0 : slash + 1));
        if (slash == std::string_view::npos) return;
        path = path.substr(0, slash);
    }
}

}  // namespace

std::optional<NodeId> follow(const FileTree& tree, std::string_view path) {
    std::vector<NodeId> way{FileTree::root()};
    std::vector<std::string> rest;  // the next part last
    push_parts(path, rest);
    int links = 0;
    while (!rest.empty()) {
        const std::string part = std::move(rest.back());
        rest.pop_back();
        if (part.empty() || part == ".") continue;
        if (tree.type(way.back()) != NodeType::directory) return std::nullopt;
        if (part == "..") {
            if (way.size() > 1) way.pop_back();
            continue;
        }
        const auto child = tree.child(way.back(), part);
        if (!child) return std::nullopt;
        if (tree.type(*child) == NodeType::symlink) {
            if (++links > most_links) return std::nullopt;
            const std::string target(tree.symlink_target(*child));
            if (target.starts_with('/')) way.resize(1);
            push_parts(target, rest);
            continue;
        }
        way.push_back(*child);
    }
    return way.back();
}

Bytes start_of(const FileTree& tree, NodeId file, std::size_t most) {
    const Content content = tree.content(file);
    if (!content.source || content.size == 0) return {};
    Bytes bytes(static_cast<std::size_t>(std::min<std::uint64_t>(tree.size(file), most)));
    const std::unique_ptr<OpenContent> open = content.open();
    std::uint64_t packed = 0;
    for (const DataRun& run : tree.runs(file)) {
        if (run.logical >= bytes.size()) break;
        const MutableBytes rest = MutableBytes(bytes).subspan(static_cast<std::size_t>(run.logical));
        open->read(packed, rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(run.length, rest.size()))));
        packed += run.length;
    }
    return bytes;
}

std::string read_text(const FileTree& tree, std::string_view path, std::size_t most) {
    const auto node = follow(tree, path);
    if (!node || tree.type(*node) != NodeType::file) return {};
    return std::string(as_text(start_of(tree, *node, most)));
}

}  // namespace rpixen
