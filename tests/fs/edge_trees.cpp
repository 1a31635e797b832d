#include "fs/edge_trees.hpp"

#include <array>
#include <string>

#include "base/size.hpp"

namespace rpixen::test {
namespace {

constexpr Timestamp moment{1'600'000'000, 123'456'789};

Metadata with_mode(std::uint16_t mode, std::uint32_t uid = 0, std::uint32_t gid = 0, Timestamp mtime = moment) {
    return {mode, uid, gid, mtime};
}

std::string pattern(std::size_t length, unsigned seed) {
    std::string text(length, '\0');
    std::uint32_t state = seed * 2654435761U + 1;
    for (char& byte : text) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<char>(state >> 24);
    }
    return text;
}

std::string le(std::uint32_t value, std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t index = 0; index < bytes; ++index) text[index] = static_cast<char>((value >> (8 * index)) & 0xff);
    return text;
}

/// linux/posix_acl_xattr.h, version 2.
std::string acl(const std::vector<std::array<std::uint32_t, 3>>& entries) {
    std::string text = le(2, 4);
    for (const auto& [tag, permissions, id] : entries) text += le(tag, 2) + le(permissions, 2) + le(id, 4);
    return text;
}

constexpr std::uint32_t no_id = 0xffffffff;

std::string access_acl() {
    return acl({{1, 6, no_id}, {2, 4, 1234}, {4, 4, no_id}, {8, 5, 3'000'000'000}, {16, 5, no_id}, {32, 4, no_id}});
}
std::string default_acl() {
    return acl({{1, 7, no_id}, {4, 5, no_id}, {8, 7, 77}, {16, 7, no_id}, {32, 0, no_id}});
}
/// linux/capability.h: VFS_CAP_REVISION_2 with the effective bit, CAP_NET_RAW.
std::string net_raw_capability() {
    return le(0x02000001, 4) + le(1U << 13, 4) + le(0, 4) + le(0, 4) + le(0, 4);
}

struct Builder {
    FileTree tree;

    NodeId file(const std::string& path, std::string_view text, const Metadata& metadata, XattrSet xattrs = {}) {
        return tree.add_file(tree.locate(path), metadata, memory_content(text, path), std::move(xattrs));
    }
    NodeId directory(const std::string& path, const Metadata& metadata, XattrSet xattrs = {}) {
        return tree.add_directory(tree.locate(path), metadata, std::move(xattrs));
    }
    NodeId symlink(const std::string& path, const std::string& target) {
        return tree.add_symlink(tree.locate(path), with_mode(0777, 5, 6), target);
    }
};

void add_links(Builder& build) {
    const NodeId file = build.file("links/one", "three names\n", with_mode(0640, 1, 2));
    build.tree.add_link(build.tree.locate("links/two"), file);
    build.tree.add_link(build.tree.locate("three"), file);
    for (const std::size_t length : {1U, 59U, 60U, 61U, 255U, 1000U, 4095U})
        build.symlink("symlinks/to-" + std::to_string(length), std::string(length, 'x'));
    build.symlink("symlinks/absolute", "/etc/passwd");
    build.symlink("symlinks/upwards", "../../../outside");
    build.symlink("symlinks/any \xff bytes", "\xc3\xa4 \xfe");
    const NodeId link = build.symlink("symlinks/linked", "/somewhere");
    build.tree.add_link(build.tree.locate("symlinks/linked-again"), link);
}

void add_specials(Builder& build) {
    FileTree& tree = build.tree;
    tree.add_device(tree.locate("dev/null"), with_mode(0666), NodeType::character_device, 1, 3);
    tree.add_device(tree.locate("dev/large"), with_mode(0600), NodeType::character_device, 4095, 1048575);
    tree.add_device(tree.locate("dev/mmcblk0p2"), with_mode(0660, 0, 6), NodeType::block_device, 179, 2);
    const NodeId fifo = tree.add_special(tree.locate("run/fifo"), with_mode(0622, 7, 8), NodeType::fifo);
    tree.add_link(tree.locate("run/fifo-again"), fifo);
    const NodeId socket = tree.add_special(tree.locate("run/socket"), with_mode(0777, 9, 10), NodeType::socket);
    tree.add_link(tree.locate("run/socket-again"), socket);
}

void add_sparse(Builder& build) {
    FileTree& tree = build.tree;
    const std::string data = pattern(3 * 4096, 7);
    tree.add_sparse_file(tree.locate("sparse/middle"), with_mode(0644), 10 * MiB, memory_content(data, "middle"),
                         {{1 * MiB, 4096}, {5 * MiB, 8192}});
    tree.add_sparse_file(tree.locate("sparse/hole"), with_mode(0644), 7 * MiB + 5, Content{}, {});
    tree.add_sparse_file(tree.locate("sparse/tail"), with_mode(0644), 3 * MiB + 100,
                         memory_content(pattern(100, 8), "tail"), {{3 * MiB, 100}});
    tree.add_sparse_file(tree.locate("sparse/head"), with_mode(0644), 2 * MiB + 1,
                         memory_content(pattern(4096, 9), "head"), {{0, 4096}});
}

void add_attributes(Builder& build) {
    const std::string binary("a\0b\xff", 4);
    build.file("attributes/user", "u", with_mode(0644),
               {{"user.binary", binary}, {"user.empty", ""}, {"user.text", "words"}});
    build.file("attributes/large", "l", with_mode(0644), {{"user.large", pattern(3000, 3)}});
    build.file("attributes/same", "l", with_mode(0644), {{"user.large", pattern(3000, 3)}});
    build.file("attributes/trusted", "t", with_mode(0600), {{"trusted.overlay.opaque", "y"}});
    build.file("attributes/capability", "c", with_mode(0755), {{"security.capability", net_raw_capability()}});
    build.file("attributes/acl", "a", with_mode(0654, 3, 4), {{"system.posix_acl_access", access_acl()}});
    build.directory("attributes/defaults", with_mode(0750),
                    {{"system.posix_acl_default", default_acl()}, {"user.d", "1"}});
    build.file("attributes/defaults/inside", "i", with_mode(0600));
    build.tree.add_symlink(build.tree.locate("attributes/link"), with_mode(0777), "user", {{"trusted.on-link", "1"}});
}

void add_modes_and_times(Builder& build) {
    build.file("modes/setuid", "s", with_mode(04755));
    build.file("modes/setgid", "s", with_mode(02711, 0, 50));
    build.file("modes/none", "n", with_mode(0));
    build.directory("modes/sticky", with_mode(01777));
    build.directory("modes/setgid-dir", with_mode(02775, 0, 50));
    build.file("modes/setgid-dir/inside", "g", with_mode(0644, 1, 1));
    build.file("owners/large", "o", with_mode(0644, 4'000'000'000, 3'999'999'999));
    build.file("owners/sixteen", "o", with_mode(0644, 65536, 65535));
    build.file("times/epoch", "", with_mode(0644, 0, 0, {0, 0}));
    build.file("times/one-ns", "", with_mode(0644, 0, 0, {1, 1}));
    build.file("times/most-ns", "", with_mode(0644, 0, 0, {1'700'000'000, 999'999'999}));
    build.file("times/before", "", with_mode(0644, 0, 0, {-1, 500'000'000}));
    build.file("times/1901", "", with_mode(0644, 0, 0, {-2147483648LL, 0}));
    build.file("times/2038", "", with_mode(0644, 0, 0, {2147483648LL, 250'000'000}));
    build.file("times/2446", "", with_mode(0644, 0, 0, {15032385535LL, 0}));
}

void add_names(Builder& build, unsigned large_directory_entries) {
    build.file("names/" + std::string(255, 'n'), "long", with_mode(0644));
    build.file("names/\xc3\xa9t\xc3\xa9", "umlaut", with_mode(0644));
    build.file("names/\xe6\xbc\xa2\xe5\xad\x97", "kanji", with_mode(0644));
    build.file("names/not \xff utf-8", "latin", with_mode(0644));
    build.file("names/tab\t\"quote'\\back", "tab", with_mode(0644));
    build.file("names/ blank ", "blank", with_mode(0644));
    build.file("names/-dash", "dash", with_mode(0644));
    build.file("names/A", "upper", with_mode(0644));
    build.file("names/a", "lower", with_mode(0644));
    std::string deep = "names";
    for (int depth = 0; depth < 12; ++depth) deep += "/" + std::string(200, static_cast<char>('a' + depth));
    build.file(deep + "/end", "deep", with_mode(0644));
    for (unsigned number = 0; number < large_directory_entries; ++number)
        build.file("large/entry-" + std::to_string(number) + std::string(number % 40, '_'), "", with_mode(0644));
}

void add_contents(Builder& build) {
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 65536U, 1'000'001U, 3U << 20})
        build.file("contents/of-" + std::to_string(size), pattern(size, static_cast<unsigned>(size)), with_mode(0644));
}

}  // namespace

FileTree edge_root_tree(unsigned large_directory_entries) {
    Builder build;
    // Directories that locate() makes on the way stay at time 0; these get something to be read back.
    build.tree.set_metadata(FileTree::root(), with_mode(0755, 0, 0, {1'500'000'000, 5}));
    for (const char* name : {"links", "symlinks", "dev", "run", "sparse", "attributes", "modes", "owners", "times",
                             "names", "large", "contents"})
        build.directory(name, with_mode(0755, 11, 12, {1'400'000'000, 7}));
    build.directory("empty", with_mode(0700, 13, 14));
    build.directory("lost+found", with_mode(0700, 0, 0, {1'300'000'000, 0}));
    add_links(build);
    add_specials(build);
    add_sparse(build);
    add_attributes(build);
    add_modes_and_times(build);
    add_names(build, large_directory_entries);
    add_contents(build);
    return std::move(build.tree);
}

FileTree edge_boot_tree() {
    Builder build;
    const Timestamp even{1'600'000'000, 0};
    const Metadata plain = with_mode(0755, 0, 0, even);
    build.tree.set_metadata(FileTree::root(), plain);
    for (const char* name : {"overlays", "folder", "folder/deeper", "many", "empty folder"})
        build.directory(name, plain);
    build.file("config.txt", "arm_64bit=1\n", plain);
    build.file("UPPER.TXT", "upper", plain);
    build.file("Mixed Case Name.With.Dots", "mixed", plain);
    build.file("xen-raspberrypi4-64", pattern(100'000, 1), plain);
    build.file("Image", pattern(2'000'000, 2), plain);
    build.file("overlays/pi4-64-xen.dtbo", pattern(777, 3), plain);
    build.file("folder/deeper/" + std::string(200, 'f') + ".bin", "long", plain);
    build.file("\xc3\xa9t\xc3\xa9.txt", "accent", plain);
    build.file("\xe6\xbc\xa2\xe5\xad\x97", "kanji", plain);
    build.file("empty", "", plain);
    build.file("old", "dos", with_mode(0755, 0, 0, {315'532'800, 0}));
    for (int number = 0; number < 300; ++number)
        build.file("many/a long file name number " + std::to_string(number), std::to_string(number), plain);
    return std::move(build.tree);
}

Card edge_plan() {
    Card plan;
    plan.size = 4 * MiB + 40 * MiB + 64 * MiB;
    plan.disk_signature = 0x1234abcd;
    Partition boot;
    boot.name = "boot";
    boot.range = {4 * MiB, 44 * MiB};
    boot.mbr_type = 0x0c;
    boot.active = true;
    boot.file_system = Fat{};
    boot.fat()->label = "BOOT";
    boot.fat()->volume_id = 0xdeadbeef;
    boot.fat()->sectors_per_cluster = 1;
    boot.fat()->hidden_sectors = 4 * MiB / 512;
    boot.fat()->time = {1'600'000'000, 0};
    boot.tree = edge_boot_tree();
    plan.partitions.push_back(std::move(boot));
    Partition root;
    root.name = "root";
    root.range = {44 * MiB, 108 * MiB};
    root.mbr_type = 0x83;
    root.file_system = Ext{};
    root.ext()->label = "root";
    for (std::size_t index = 0; index < 16; ++index) {
        root.ext()->uuid[index] = static_cast<std::byte>(0x10 + index);
        root.ext()->hash_seed[index] = static_cast<std::byte>(0xa0 + index);
    }
    root.ext()->time = {1'600'000'000, 0};
    root.ext()->block_count = 64 * MiB / 4096;
    root.ext()->inode_count = 4096;
    root.ext()->journal_blocks = 1024;
    root.ext()->reserved_blocks = 100;
    root.tree = edge_root_tree();
    plan.partitions.push_back(std::move(root));
    return plan;
}

}  // namespace rpixen::test
