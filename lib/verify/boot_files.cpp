#include "verify/boot_files.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "devicetree/device_tree.hpp"
#include "format/crc32.hpp"
#include "format/uboot_image.hpp"
#include "verify/recorded_digests.hpp"

namespace rpixen {
namespace {

constexpr const char* script_name = "/boot.scr";
constexpr std::uint64_t most_bytes = 16 * MiB;

/// Which file of the boot partition a module is (Linux and Xen: docs/misc/arm/device-tree/booting.txt).
struct ModuleKind {
    std::string_view compatible;
    std::string_view file;
};
constexpr std::array<ModuleKind, 5> module_kinds{{{"xen,linux-zimage", "/Image"},
                                                  {"multiboot,kernel", "/Image"},
                                                  {"xen,linux-initrd", "/initrd.img"},
                                                  {"multiboot,ramdisk", "/initrd.img"},
                                                  {"xen,xsm-policy", "/xenpolicy"}}};

/// Nothing where the file is missing or cannot be read.
std::optional<Bytes> read_file(const FileTree& tree, std::string_view path) {
    const auto node = tree.find(path);
    if (!node || tree.type(*node) != NodeType::file || tree.size(*node) > most_bytes) return std::nullopt;
    const Content content = tree.content(*node);
    if (content.size > 0 && recorded_digest(content)) return std::nullopt;
    return content.size > 0 ? read_all(content) : Bytes{};
}

class BootFiles {
  public:
    BootFiles(const FileTree& tree, const std::string& partition) : tree_(tree), partition_(partition) {}

    std::vector<Difference> check() {
        const std::optional<Bytes> script = read_file(tree_, script_name);
        if (script) check_script(*script);
        for (const EntryId entry : tree_.children(FileTree::root())) {
            const std::string path = "/" + std::string(tree_.entry_name(entry));
            if (!path.ends_with(".dtb")) continue;
            if (const std::optional<Bytes> blob = read_file(tree_, path))
                check_tree(*blob, path, script ? std::string(as_text(*script)) : std::string());
        }
        return std::move(differences_);
    }

  private:
    void add(const std::string& path, const std::string& what, const std::string& expected,
             const std::string& found) {
        differences_.push_back({partition_, path, what, expected, found});
    }

    void check_script(const Bytes& bytes) {
        const auto image = parse_uboot_image(bytes);
        if (!image) return add(script_name, "header", "a U-Boot script image", "something else");
        if (!image->header_crc_matches) add(script_name, "header checksum", "right", "wrong");
        const ByteView data = ByteView(bytes).subspan(UbootImage::header_size);
        if (image->data_size > data.size())
            return add(script_name, "data size", "at most " + std::to_string(data.size()),
                       std::to_string(image->data_size));
        if (crc32(data.first(image->data_size)) != image->data_crc)
            add(script_name, "data checksum", "right", "wrong");
    }

    void check_tree(const Bytes& blob, const std::string& path, const std::string& script) {
        std::optional<DeviceTree> parsed;
        try {
            parsed = DeviceTree::parse(blob, path);
        } catch (const Error& error) {
            return add(path, "device tree", "a valid one", error.what());
        }
        for (const std::string& child : parsed->children("/chosen"))
            check_module(*parsed, "/chosen/" + child, path, script);
    }

    void check_module(const DeviceTree& tree, const std::string& node, const std::string& path,
                      const std::string& script) {
        const auto compatible = tree.property(node, "compatible");
        if (!compatible) return;
        const std::string_view list = as_text(*compatible);
        const auto kind =
            std::find_if(module_kinds.begin(), module_kinds.end(), [&](const ModuleKind& candidate) {
                return list.find(candidate.compatible) != std::string_view::npos;
            });
        if (kind == module_kinds.end()) return;
        const auto file = tree_.find(kind->file);
        if (!file) return add(path, "module " + node, "the file " + std::string(kind->file), "no such file");

        const std::uint32_t address_cells = tree.cell("/chosen", "#address-cells").value_or(2);
        const std::uint32_t size_cells = tree.cell("/chosen", "#size-cells").value_or(1);
        const std::vector<std::uint32_t> reg = tree.cells(node, "reg");
        if (address_cells > 2 || size_cells > 2 || reg.size() != address_cells + size_cells)
            return add(path, "module " + node, "one address and one size in reg",
                       std::to_string(reg.size()) + " cells");
        const auto number = [&](std::size_t from, std::size_t count) {
            std::uint64_t value = 0;
            for (std::size_t index = from; index < from + count; ++index) value = value << 32 | reg[index];
            return value;
        };
        const std::uint64_t size = number(address_cells, size_cells);
        if (size != tree_.size(*file))
            add(path, "module size " + node,
                std::to_string(tree_.size(*file)) + " (" + std::string(kind->file) + ")",
                std::to_string(size));
        const std::string address = format_address(number(0, address_cells));
        if (!script.empty() && script.find(address) == std::string::npos)
            add(path, "module address " + node, "an address that " + std::string(script_name) + " loads to",
                address);
    }

    const FileTree& tree_;
    const std::string& partition_;
    std::vector<Difference> differences_;
};

}  // namespace

std::vector<Difference> check_boot_files(const FileTree& tree, const std::string& partition) {
    return BootFiles(tree, partition).check();
}

}  // namespace rpixen
