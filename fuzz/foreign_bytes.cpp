#include "fuzz/foreign_bytes.hpp"

#include <sys/mman.h>

#include <algorithm>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "format/uboot_script.hpp"

namespace rpixen::fuzz {

std::shared_ptr<const InputFile> file_of(ByteView input) {
    FileDescriptor memory(::memfd_create("fuzz", MFD_CLOEXEC));
    if (!memory) throw_io("make", "a file in memory");
    pwrite_exactly(memory.get(), 0, input, "a file in memory");
    return InputFile::adopt(std::move(memory), "input");
}

Content content_of(ByteView input) {
    return memory_content(Bytes(input.begin(), input.end()), "input");
}

std::map<std::string, Bytes> files_of(ByteView input) {
    constexpr std::string_view mark = "=== ";
    std::map<std::string, std::string> texts;
    std::string path = "/";
    std::string_view rest = as_text(input);
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        if (line.starts_with(mark)) {
            path = line.substr(mark.size());
            texts[path].clear();
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
            continue;
        }
        // The line end in front of the next mark belongs to that.
        const std::size_t next = std::min(rest.find("\n=== "), rest.size());
        texts[path] += rest.substr(0, next);
        rest.remove_prefix(std::min(next + 1, rest.size()));
    }
    std::map<std::string, Bytes> files{{"/", {}}};
    for (const auto& [name, text] : texts)
        files[name] = name.ends_with(".scr") ? make_uboot_script(text, 0, "fuzz") : to_bytes(text);
    return files;
}

FileTree tree_of(const std::map<std::string, Bytes>& files, std::string_view below) {
    FileTree tree;
    for (const auto& [path, bytes] : files) {
        if (!path.starts_with(below)) continue;
        try {
            tree.add_file(tree.locate(path.substr(below.size())), {}, memory_content(bytes, path));
        } catch (const Error&) {
            // a name that a file system would not have
        }
    }
    return tree;
}

void read_every_file(const FileTree& tree) {
    std::uint64_t left = 16 * MiB;  // of all files: a run may be named by many
    Bytes buffer(64 * KiB);
    for (NodeId node = 0; node < tree.node_count(); ++node) {
        if (tree.type(node) == NodeType::symlink) tree.symlink_target(node);
        if (tree.type(node) != NodeType::file || tree.size(node) == 0) continue;
        const Content content = tree.content(node);
        if (content.size == 0) continue;
        const auto open = content.open();
        for (std::uint64_t at = 0; at < std::min(content.size, left); at += buffer.size())
            open->read(at, MutableBytes(buffer).first(
                               static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), content.size - at))));
        left -= std::min(content.size, left);
    }
}

void run_script(const std::map<std::string, Bytes>& files, const std::string& script) {
    UBootStart start;
    start.environment = {{"fdt_addr", "2600000"}, {"loadaddr", "200000"}, {"devnum", "0"}, {"devtype", "mmc"}};
    start.find_file = [&](unsigned, const std::string& path) -> std::optional<Content> {
        const auto found = files.find(path);
        if (found == files.end()) return std::nullopt;
        return memory_content(found->second, path);
    };
    if (const auto tree = files.find("board.dtb"); tree != files.end())
        start.firmware_tree = memory_content(tree->second, tree->first);
    const UBootScriptText text{"boot.scr", script};
    unchecked_steps(start, text, run_uboot(start, text));
}

}  // namespace rpixen::fuzz
