#include "follow/kernel_drivers.hpp"

#include <algorithm>

#include "artifact/boot_binaries.hpp"
#include "follow/boot_files.hpp"
#include "follow/survey_root.hpp"

namespace rpixen {
namespace {

constexpr std::size_t largest_config = 4 * MiB;   // Debian's has 250 KB
constexpr std::size_t largest_builtin = 4 * MiB;  // Debian's has 20 KB

/// "kernel/fs/ext4/ext4.ko.xz" is "ext4"; empty for what is no module. '-' and '_' are one to modprobe.
std::string driver_name(std::string_view path) {
    const std::string_view file = path.substr(path.rfind('/') + 1);
    const std::size_t end = file.find(".ko");
    if (end == std::string_view::npos) return {};
    std::string name(file.substr(0, end));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

void add_modules(const FileTree& tree, NodeId folder, std::set<std::string>& modules) {
    for (const EntryId entry : tree.children(folder)) {
        const NodeId node = tree.entry_node(entry);
        if (tree.type(node) == NodeType::directory) {
            add_modules(tree, node, modules);
        } else if (std::string name = driver_name(tree.entry_name(entry)); !name.empty()) {
            modules.insert(std::move(name));
        }
    }
}

}  // namespace

void look_for_drivers(const FileTree& root, const FileTree& boot, KernelFacts& kernel) {
    if (kernel.release.empty()) return;
    if (kernel.config.empty()) {
        const std::string name = "config-" + kernel.release;
        kernel.config = parse_kernel_config(read_text(root, "/boot/" + name, largest_config));
        if (kernel.config.empty())
            kernel.config = parse_kernel_config(as_text(read_boot_file(boot, name, largest_config)));
    }
    for (const char* folder : {"/lib/modules/", "/usr/lib/modules/"}) {
        const auto modules = follow(root, folder + kernel.release);
        if (!modules || root.type(*modules) != NodeType::directory) continue;
        add_modules(root, *modules, kernel.driver_modules);
        std::string builtin = read_text(root, folder + kernel.release + "/modules.builtin", largest_builtin);
        if (builtin.empty()) return;
        std::set<std::string>& names = kernel.built_in_drivers.emplace();
        for (std::string_view rest = builtin; !rest.empty();) {
            const std::string_view line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
            if (std::string driver = driver_name(line); !driver.empty()) names.insert(std::move(driver));
        }
        return;
    }
}

}  // namespace rpixen
