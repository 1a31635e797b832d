#include "artifact/samples.hpp"

#include <stdexcept>

#include "artifact/folder_layer.hpp"
#include "artifact/tar_layer.hpp"
#include "base/digest.hpp"
#include "base/printable.hpp"
#include "storage/input_file.hpp"
#include "unpack/packing.hpp"

namespace rpixen::test {

void MemoryStore::begin(std::uint64_t size) {
    if (size == 0 || expected_ != 0) throw std::logic_error("begin() of nothing, or within a content");
    expected_ = size;
    bytes_.clear();
}

void MemoryStore::append(ByteView bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    appended_ += bytes.size();
    if (bytes_.size() > expected_) throw std::logic_error("more was appended than begun");
}

Content MemoryStore::finish() {
    if (bytes_.size() != expected_) throw std::logic_error("less was appended than begun");
    expected_ = 0;
    return memory_content(std::move(bytes_), "memory store");
}

std::vector<std::string> lay(FileTree& tree, const std::vector<std::string>& paths) {
    Layers layers(tree);
    for (const std::string& path : paths) {
        layers.begin(path);
        if (std::filesystem::is_directory(path)) {
            add_folder(layers, path, {});
        } else {
            const auto file = InputFile::open_file(path);
            Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(file->size(), 16)));
            pread_exactly(file->descriptor(), 0, start, path);
            MemoryStore store;
            if (detect_packing(start) == Packing::plain)
                add_tar(layers, TarFile(file), {});
            else
                pour_tar(layers, TarFile(file), store, std::nullopt, {});
        }
        layers.end();
    }
    layers.finish();
    return layers.notes();
}

std::vector<std::string> lay(FileTree& tree, const std::string& path) {
    return lay(tree, std::vector<std::string>{path});
}

FileTree tree_of(const std::string& path) {
    FileTree tree;
    lay(tree, path);
    return tree;
}

FileTree tree_of_bytes(const TemporaryFolder& folder, std::string_view tar) {
    return tree_of(folder.write("some.tar", tar));
}

NodeId at(const FileTree& tree, std::string_view path) {
    const auto node = tree.find(path);
    if (!node) throw std::runtime_error("nothing at " + std::string(path));
    return *node;
}

std::string content_of(const FileTree& tree, std::string_view path) {
    const NodeId node = at(tree, path);
    if (tree.type(node) != NodeType::file) throw std::runtime_error(std::string(path) + " is no file");
    std::string whole(tree.size(node), '\0');
    const Content content = tree.content(node);
    if (content.size == 0) return whole;
    const auto open = content.open();
    std::uint64_t packed = 0;
    for (const DataRun& run : tree.runs(node)) {
        const std::span place(whole.data() + run.logical, run.length);
        open->read(packed, std::as_writable_bytes(place));
        packed += run.length;
    }
    open->check_unchanged();
    return whole;
}

std::string xattr_of(const FileTree& tree, std::string_view path, std::string_view name) {
    for (const auto& [key, value] : tree.xattrs(at(tree, path)))
        if (key == name) return value;
    return {};
}

std::string listing(const FileTree& tree) {
    std::string text;
    const auto visit = [&](const auto& self, NodeId node, const std::string& path) -> void {
        const Metadata m = tree.metadata(node);
        char line[200];
        std::snprintf(line, sizeof line, " %s %04o %u:%u %lld.%09u", name_of(tree.type(node)), unsigned{m.mode}, m.uid,
                      m.gid, static_cast<long long>(m.mtime.seconds), m.mtime.nanoseconds);
        text += printable(path.empty() ? "/" : path) + line;
        switch (tree.type(node)) {
            case NodeType::file:
                text += " " + std::to_string(tree.size(node)) + " " +
                        hex(sha256(as_bytes(content_of(tree, path)))).substr(0, 16);
                break;
            case NodeType::symlink:
                text += " -> " + printable(tree.symlink_target(node));
                break;
            case NodeType::character_device:
            case NodeType::block_device:
                text += " " + std::to_string(tree.device_major(node)) + "," + std::to_string(tree.device_minor(node));
                break;
            default:
                break;
        }
        text += " links=" + std::to_string(tree.links(node));
        for (const auto& [name, value] : tree.xattrs(node)) text += " " + name + "=" + hex(as_bytes(value));
        text += "\n";
        if (tree.type(node) != NodeType::directory) return;
        for (const EntryId entry : tree.children(node))
            self(self, tree.entry_node(entry), path + "/" + std::string(tree.entry_name(entry)));
    };
    visit(visit, FileTree::root(), "");
    return text;
}

Error error_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error;
    }
    throw std::runtime_error("no Error was thrown");
}

std::string arm64_header(std::uint64_t image_size) {
    Bytes header(64);
    header[0] = std::byte{0x1f};
    store_le<std::uint64_t>(&header[16], image_size);
    store_le<std::uint64_t>(&header[24], 0xa);
    store_le<std::uint32_t>(&header[56], 0x644d5241);
    return std::string(as_text(header));
}

}  // namespace rpixen::test
