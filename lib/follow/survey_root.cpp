#include "follow/survey_root.hpp"

#include <algorithm>

#include "artifact/file_kind.hpp"
#include "artifact/foreign_kind.hpp"
#include "base/bytes.hpp"
#include "base/printable.hpp"
#include "follow/xl_config.hpp"

namespace rpixen {
namespace {

constexpr std::size_t largest_text = 256 * KiB;

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = std::min(text.find(separator), text.size());
        parts.emplace_back(text.substr(0, end));
        if (end == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

/// The first words of the lines that are no comments.
std::vector<std::vector<std::string>> lines_of_words(const std::string& text) {
    std::vector<std::vector<std::string>> lines;
    for (const std::string& line : split(text, '\n')) {
        std::vector<std::string> words;
        for (std::string_view rest = line; !rest.empty();) {
            const std::size_t begin = rest.find_first_not_of(" \t\r");
            if (begin == std::string_view::npos) break;
            rest.remove_prefix(begin);
            const std::size_t end = std::min(rest.find_first_of(" \t\r"), rest.size());
            words.emplace_back(rest.substr(0, end));
            rest.remove_prefix(end);
        }
        if (!words.empty() && words[0][0] != '#') lines.push_back(std::move(words));
    }
    return lines;
}

bool exists(const FileTree& tree, std::string_view path) {
    return follow(tree, path).has_value();
}

std::vector<std::string> names_in(const FileTree& tree, std::string_view folder) {
    std::vector<std::string> names;
    const auto node = follow(tree, folder);
    if (!node || tree.type(*node) != NodeType::directory) return names;
    for (const EntryId entry : tree.children(*node)) names.emplace_back(tree.entry_name(entry));
    return names;
}

std::optional<bool> getty_on_hvc0(const FileTree& tree) {
    if (exists(tree, "/etc/inittab")) {
        const std::string text = read_text(tree, "/etc/inittab", largest_text);
        for (const std::string& line : split(text, '\n'))
            if (!line.starts_with('#') && line.find("hvc0") != std::string::npos) return true;
        // busybox: a line without a terminal is for the console, which is hvc0 by console=.
        for (const std::string& line : split(text, '\n'))
            if (!line.starts_with('#') &&
                (line.starts_with("::askfirst:") || line.starts_with("::respawn:") || line.starts_with("console::")))
                return true;
        return false;
    }
    const bool systemd = exists(tree, "/lib/systemd/systemd") || exists(tree, "/usr/lib/systemd/systemd");
    if (!systemd) return std::nullopt;
    // systemd-getty-generator starts one on the console= of the command line by itself; a masked unit stops
    // it.
    for (const char* folder : {"/etc/systemd/system", "/lib/systemd/system"}) {
        const auto node = follow(tree, folder);
        if (!node || tree.type(*node) != NodeType::directory) continue;
        for (const char* unit : {"serial-getty@hvc0.service", "serial-getty@.service"})
            if (const auto entry = tree.child(*node, unit);
                entry && tree.type(*entry) == NodeType::symlink && tree.symlink_target(*entry) == "/dev/null")
                return false;
    }
    return true;
}

std::optional<std::uint16_t> elf_machine(const FileTree& tree, NodeId node) {
    if (tree.type(node) != NodeType::file) return std::nullopt;
    const Bytes header = start_of(tree, node, 20);
    if (header.size() < 20 || as_text(ByteView(header).first(4)) != "\177ELF") return std::nullopt;
    const bool little = header[5] == std::byte{1};
    return little ? load_le<std::uint16_t>(&header[18]) : load_be<std::uint16_t>(&header[18]);
}

/// "4.17" from /usr/lib/xen-4.17, or libxenlight's file name.
std::string tools_version(const FileTree& tree) {
    for (const std::string& name : names_in(tree, "/usr/lib"))
        if (name.starts_with("xen-") && name.find_first_not_of("0123456789.", 4) == std::string::npos &&
            name.size() > 4)
            return name.substr(4);
    for (const char* folder : {"/usr/lib", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib"})
        for (const std::string& name : names_in(tree, folder)) {
            constexpr std::string_view begin = "libxenlight.so.";
            if (name.starts_with(begin) && name.find('.', begin.size()) != std::string::npos) {
                const std::string version = name.substr(begin.size());
                const std::size_t second = version.find('.', version.find('.') + 1);
                return version.substr(0, second);
            }
        }
    return {};
}

/// Its only entry; nothing where there are more. mke2fs adds the other one.
std::optional<EntryId> only_entry(const FileTree& tree) {
    std::optional<EntryId> only;
    for (const EntryId entry : tree.children(FileTree::root())) {
        if (tree.entry_name(entry) == "lost+found") continue;
        if (only) return std::nullopt;
        only = entry;
    }
    return only;
}

/// Of a root without an init: what was packed once too often.
void look_at_only_entry(const FileTree& tree, RootFacts& facts) {
    const auto entry = only_entry(tree);
    if (!entry) return;
    const NodeId node = tree.entry_node(*entry);
    const std::string name = printable(tree.entry_name(*entry));
    if (tree.type(node) == NodeType::directory && name != "usr") {  // which has most of these names too
        const auto names = {"bin", "sbin", "lib", "usr", "etc", "var"};
        if (std::count_if(names.begin(), names.end(), [&](const char* part) { return tree.child(node, part); }) >= 2)
            facts.below = name;
    } else if (tree.type(node) == NodeType::file) {
        const Bytes start = start_of(tree, node, foreign_kind_bytes);
        const FileKind kind = detect_file_kind(ByteView(start).first(std::min(start.size(), file_kind_bytes)));
        const auto foreign = detect_foreign_kind(start);
        if (kind != FileKind::tar && kind != FileKind::ext_file_system && !foreign) return;
        facts.inside = name;
        facts.inside_kind = foreign ? foreign->name : describe(kind, start);
    }
}

/// Debian's folder has the version in its name, Yocto's is libexec.
bool has_init_dom0less(const FileTree& tree) {
    std::vector<std::string> folders{"/usr/lib/xen/bin", "/usr/libexec/xen/bin", "/usr/local/lib/xen/bin", "/usr/sbin"};
    for (const std::string& name : names_in(tree, "/usr/lib"))
        if (name.starts_with("xen-")) folders.push_back("/usr/lib/" + name + "/bin");
    return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
        const auto names = names_in(tree, folder);
        return std::find(names.begin(), names.end(), "init-dom0less") != names.end();
    });
}

/// Whether something makes /var/log/xen before xl runs: Xen's own start scripts and units, tmpfiles.d, Yocto's
/// volatiles.
bool makes_log_folder(const FileTree& tree) {
    for (const char* script : {"/etc/init.d/xencommons", "/etc/init.d/xen"})
        if (exists(tree, script)) return true;
    for (const char* folder : {"/lib/systemd/system", "/usr/lib/systemd/system", "/etc/systemd/system",
                               "/usr/lib/tmpfiles.d", "/etc/tmpfiles.d", "/etc/default/volatiles"})
        for (const std::string& name : names_in(tree, folder))
            if (name.find("xen") != std::string::npos) return true;
    return false;
}

/// What xl needs and no program names: the folder of its log, and the library that glibc loads when a thread is
/// cancelled.
std::vector<std::string> missing_for_xl(const FileTree& tree) {
    std::vector<std::string> missing;
    // A /var/log that is made at boot cannot be looked into.
    if (exists(tree, "/var/log") && !exists(tree, "/var/log/xen") && !makes_log_folder(tree))
        missing.emplace_back("/var/log/xen");
    const auto folders = {"/lib",   "/usr/lib",   "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                          "/lib64", "/usr/lib64", "/usr/local/lib"};
    const bool glibc = exists(tree, "/lib/ld-linux-aarch64.so.1");
    if (glibc && std::none_of(folders.begin(), folders.end(),
                              [&](const char* folder) { return exists(tree, std::string(folder) + "/libgcc_s.so.1"); }))
        missing.emplace_back("libgcc_s.so.1");
    return missing;
}

}  // namespace

RootFacts survey_root(const FileTree& tree) {
    RootFacts facts;
    facts.getty_on_hvc0 = getty_on_hvc0(tree);
    facts.init_present = false;
    for (const char* path : {"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"}) {
        const auto node = follow(tree, path);
        if (!node) continue;
        facts.init_present = true;
        facts.init_machine = elf_machine(tree, *node);
        if (!facts.init_machine) {
            // A script: its interpreter tells.
            if (const auto shell = follow(tree, "/bin/sh")) facts.init_machine = elf_machine(tree, *shell);
        }
        break;
    }
    if (!facts.init_present) look_at_only_entry(tree, facts);
    for (const char* folder : {"/lib/modules", "/usr/lib/modules"}) {
        facts.module_releases = names_in(tree, folder);
        if (!facts.module_releases.empty()) break;
    }
    bool xl = false;
    bool store = false;
    for (const char* folder : {"/usr/sbin", "/usr/bin", "/usr/local/sbin"})
        for (const std::string& name : names_in(tree, folder)) {
            xl = xl || name == "xl";
            store = store || name == "xenstored" || name == "oxenstored";
        }
    // Debian keeps them in a folder of the version, behind a wrapper.
    for (const std::string& name : names_in(tree, "/usr/lib"))
        if (name.starts_with("xen-")) {
            const auto tools = names_in(tree, "/usr/lib/" + name + "/bin");
            xl = xl || std::find(tools.begin(), tools.end(), "xl") != tools.end();
            store = store || std::find(tools.begin(), tools.end(), "xenstored") != tools.end() ||
                    std::find(tools.begin(), tools.end(), "oxenstored") != tools.end();
        }
    facts.xen_tools = xl && store;
    if (xl) facts.xl_lacks = missing_for_xl(tree);
    facts.init_dom0less = has_init_dom0less(tree);
    facts.xl_guests = survey_xl_guests(tree);
    facts.xen_tools_version = tools_version(tree);
    for (const auto& words : lines_of_words(read_text(tree, "/etc/fstab", largest_text)))
        if (words.size() > 1 && words[1] == "/") facts.fstab_root = words[0];
    return facts;
}

}  // namespace rpixen
