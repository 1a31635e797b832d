#include "fs/ext4/oracles.hpp"

#include <gtest/gtest.h>

#include <iomanip>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "base/digest.hpp"
#include "fs/ext4/writer.hpp"
#include "storage/output_file.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

/// All nodes by path; a node with several names appears under each.
void collect(const FileTree& tree, NodeId directory, const std::string& path, std::map<std::string, NodeId>& paths) {
    for (const EntryId entry : tree.children(directory)) {
        const NodeId node = tree.entry_node(entry);
        const std::string child = path + "/" + std::string(tree.entry_name(entry));
        paths.emplace(child, node);
        if (tree.type(node) == NodeType::directory) collect(tree, node, child, paths);
    }
}

const char* debugfs_type(NodeType type) {
    switch (type) {
        case NodeType::directory:
            return "directory";
        case NodeType::file:
            return "regular";
        case NodeType::symlink:
            return "symlink";
        case NodeType::character_device:
            return "character special";
        case NodeType::block_device:
            return "block special";
        case NodeType::fifo:
            return "FIFO";
        case NodeType::socket:
            return "socket";
    }
    return "";
}

std::string word_after(const std::string& text, const std::string& label) {
    const std::size_t at = text.find(label);
    if (at == std::string::npos) return "";
    const std::size_t begin = text.find_first_not_of(" \t", at + label.size());
    return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

/// "mtime: 0xSECONDS:EXTRA" as ext4_decode_extra_time reads it.
Timestamp time_after(const std::string& text, const std::string& label) {
    std::smatch match;
    const std::regex form(label + R"(:\s*0x([0-9a-f]+):([0-9a-f]+))");
    if (!std::regex_search(text, match, form)) return {};
    const auto low = static_cast<std::uint32_t>(std::stoul(match[1], nullptr, 16));
    const auto extra = static_cast<std::uint32_t>(std::stoul(match[2], nullptr, 16));
    return {static_cast<std::int32_t>(low) + (static_cast<std::int64_t>(extra & 3) << 32), extra >> 2};
}

/// The bytes of a file with its holes filled.
Bytes expected_bytes(const FileTree& tree, NodeId node) {
    Bytes bytes(tree.size(node));
    const Bytes packed = read_all(tree.content(node));
    std::size_t from = 0;
    for (const DataRun& run : tree.runs(node)) {
        std::copy_n(packed.begin() + static_cast<std::ptrdiff_t>(from), run.length,
                    bytes.begin() + static_cast<std::ptrdiff_t>(run.logical));
        from += run.length;
    }
    return bytes;
}

void expect_stat(const std::string& stat, const FileTree& tree, NodeId node, const std::string& path) {
    const Metadata metadata = tree.metadata(node);
    EXPECT_NE(stat.find(std::string("Type: ") + debugfs_type(tree.type(node))), std::string::npos) << path << stat;
    std::ostringstream mode;
    mode << '0' << std::oct << std::setw(3) << std::setfill('0') << metadata.mode;
    EXPECT_EQ(word_after(stat, "Mode:"), mode.str()) << path;
    // debugfs prints owners as signed numbers.
    EXPECT_EQ(word_after(stat, "User:"), std::to_string(static_cast<std::int32_t>(metadata.uid))) << path;
    EXPECT_EQ(word_after(stat, "Group:"), std::to_string(static_cast<std::int32_t>(metadata.gid))) << path;
    const Timestamp mtime = time_after(stat, "mtime");
    EXPECT_EQ(mtime, metadata.mtime) << path << " " << mtime.seconds << "." << mtime.nanoseconds;
    EXPECT_EQ(time_after(stat, "atime"), metadata.mtime) << path;
    EXPECT_EQ(time_after(stat, "ctime"), metadata.mtime) << path;
    if (tree.type(node) == NodeType::file || tree.type(node) == NodeType::symlink) {
        EXPECT_EQ(word_after(stat, "Size:"), std::to_string(tree.size(node))) << path;
    }
    if (tree.type(node) != NodeType::directory) {
        EXPECT_EQ(word_after(stat, "Links:"), std::to_string(tree.links(node))) << path;
    }
    if (tree.type(node) == NodeType::character_device || tree.type(node) == NodeType::block_device) {
        std::ostringstream number;
        number << std::setfill('0') << std::setw(2) << tree.device_major(node) << ":" << std::setw(2)
               << tree.device_minor(node);
        EXPECT_NE(stat.find("Device major/minor number: " + number.str()), std::string::npos) << path << stat;
    }
}

}  // namespace

Ext4Wish sample_wish(std::uint64_t free) {
    Ext4Wish wish;
    wish.label = "root";
    for (std::size_t index = 0; index < 16; ++index) {
        wish.uuid[index] = static_cast<std::byte>(index + 1);
        wish.hash_seed[index] = static_cast<std::byte>(200 - index);
    }
    wish.time = {1'700'000'000, 0};
    wish.free = free;
    return wish;
}

std::string make_ext4(const TemporaryFolder& folder, const std::string& name, const FileTree& tree,
                      const Ext4Wish& wish) {
    const Ext4Parameters parameters = size_ext4(tree, wish);
    OutputFile output(folder / name);
    const std::uint64_t size = wish.size ? wish.size : parameters.block_count * 4096;
    output.resize(size);
    PartitionOutput partition(output, {0, size});
    std::uint64_t done = 0;
    write_ext4(tree, parameters, partition, {}, done);
    output.commit(false);
    return folder / name;
}

void expect_clean(const std::string& image) {
    const Run check = run({"e2fsck", "-fn", image});
    EXPECT_EQ(check.status, 0) << check.out << check.err;
}

std::string debugfs(const std::string& image, const std::string& command) {
    return run_ok({"debugfs", "-R", command, image});
}

std::string debugfs_quoted(std::string_view path) {
    std::string quoted = "\"";
    for (const char c : path) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

void expect_equal(const std::string& image, const FileTree& tree) {
    std::map<std::string, NodeId> paths;
    collect(tree, FileTree::root(), "", paths);
    const TemporaryFolder dumped;
    std::string commands;
    std::vector<std::pair<std::string, NodeId>> order(paths.begin(), paths.end());
    for (std::size_t index = 0; index < order.size(); ++index) {
        const auto& [path, node] = order[index];
        commands += "stat " + debugfs_quoted(path) + "\n";
        if (tree.type(node) == NodeType::file)
            commands += "dump " + debugfs_quoted(path) + " " + (dumped / std::to_string(index)) + "\n";
        if (tree.type(node) == NodeType::symlink && tree.size(node) >= 60)
            commands += "cat " + debugfs_quoted(path) + "\n";
        commands += "ls -p /\n" + std::string("stat <1>\n");  // a mark behind each answer
    }
    const std::string file = dumped.write("commands", commands);
    const std::string out = run_ok({"debugfs", "-f", file, image});

    std::size_t at = 0;
    for (std::size_t index = 0; index < order.size(); ++index) {
        const auto& [path, node] = order[index];
        const std::size_t end = out.find("debugfs: stat <1>", at);
        ASSERT_NE(end, std::string::npos) << path;
        const std::string answer = out.substr(at, end - at);
        at = out.find("\ndebugfs: ", end + 1);
        expect_stat(answer, tree, node, path);
        if (tree.type(node) == NodeType::symlink) {
            EXPECT_NE(answer.find(std::string(tree.symlink_target(node))), std::string::npos) << path << answer;
        }
        if (tree.type(node) == NodeType::file) {
            const std::string bytes = read_file(dumped / std::to_string(index));
            EXPECT_TRUE(bytes == as_text(expected_bytes(tree, node))) << path << " has other bytes";
        }
    }
}

std::string noise(std::size_t length, unsigned seed) {
    std::string text(length, '\0');
    std::uint32_t state = seed * 2654435761U + 1;
    for (char& byte : text) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<char>(state >> 24 | 1);
    }
    return text;
}

}  // namespace rpixen::test
