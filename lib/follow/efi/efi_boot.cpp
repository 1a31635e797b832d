#include "follow/efi/efi_boot.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "follow/boot_files.hpp"
#include "follow/boot_order.hpp"
#include "follow/efi/grub_config.hpp"
#include "follow/efi/xen_config.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t largest_config = 1 * MiB;
constexpr int deepest = 4;  // of chainloaders

/// "EFI/BOOT/" of "EFI/BOOT/BOOTAA64.EFI"; empty for the root.
std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);  // npos + 1 is 0
}

std::optional<std::string> read(const CardFiles& card, unsigned partition, const std::string& path) {
    const auto content = find_card_file(card, partition, path);
    if (!content) return std::nullopt;
    Bytes bytes(static_cast<std::size_t>(std::min(content->size, largest_config)));
    if (!bytes.empty() && content->source) content->open()->read(0, bytes);
    return std::string(as_text(bytes));
}

std::string with_slashes(std::string path) {
    std::replace(path.begin(), path.end(), '\\', '/');
    return path;
}

std::string without_slash(const std::string& written) {
    const std::string path = with_slashes(written);
    return path.starts_with('/') ? path.substr(1) : path;
}

class Follower {
  public:
    Follower(const CardFiles& card, Kernels& kernels, unsigned partition, std::string file)
        : card_(card), kernels_(kernels), partition_(partition), file_(std::move(file)) {
        boot_.program = file_;
    }

    EfiBoot run() && {
        program(0);
        return std::move(boot_);
    }

  private:
    void program(int depth) {
        const Content content = *find_card_file(card_, partition_, file_);
        const XenFacts xen = survey_xen(file_, content);
        if (xen.kind == ImageKind::arm64 && xen.major > 0) return xen_program(content);
        if (const KernelFacts kernel = kernels_.survey(file_, content); !kernel.release.empty()) {
            boot_.modules[ModuleKind::kernel] = {file_, content, {}};
            return;
        }
        grub(depth);
    }

    /// Relative to the program's folder, or to the partition's root where it begins with a slash.
    std::optional<EfiFile> beside(const std::string& name, const std::string& arguments = {}) {
        if (name.empty()) return std::nullopt;
        std::string path = with_slashes(name);
        path = path.starts_with('/') ? path.substr(1) : folder_of(file_) + path;
        if (const auto content = find_card_file(card_, partition_, path)) return EfiFile{path, *content, arguments};
        boot_.missing.push_back(path + " (" + boot_.config + ")");
        return std::nullopt;
    }

    void xen_program(const Content& content) {
        const std::string folder = folder_of(file_);
        std::optional<std::string> text;
        for (const std::string& name : xen_config_names(file_)) {
            text = read(card_, partition_, folder + name);
            if (!text) continue;
            boot_.config = folder + name;
            break;
        }
        if (!text) {
            boot_.missing.push_back(folder + xen_config_names(file_).front() + " (" + file_ + " is Xen)");
            return;
        }
        const XenConfig config = parse_xen_config(*text);
        boot_.entry = config.section;
        boot_.xen = EfiFile{file_, content, config.options};
        if (config.kernel.empty()) boot_.missing.push_back("kernel= (" + boot_.config + ")");
        keep(ModuleKind::kernel, beside(config.kernel, config.kernel_arguments));
        keep(ModuleKind::initrd, beside(config.ramdisk));
        keep(ModuleKind::xsm_policy, beside(config.xsm));
        boot_.tree = beside(config.tree);
    }

    void keep(ModuleKind kind, std::optional<EfiFile> file) {
        if (file) boot_.modules[kind] = std::move(*file);
    }

    std::optional<EfiFile> load(const GrubFile& file) {
        const std::string path = without_slash(file.path);
        if (const auto content = find_card_file(card_, file.partition, path))
            return EfiFile{path, *content, file.arguments};
        boot_.missing.push_back(path + " (" + boot_.config + " line " + std::to_string(file.line) + ")");
        return std::nullopt;
    }

    /// Where GRUB's own image may say that its configuration is: beside it, or in a distribution's place, on
    /// any partition.
    std::optional<std::pair<unsigned, std::string>> find_grub_config() const {
        std::vector<std::string> names{folder_of(file_) + "grub.cfg", "grub/grub.cfg", "boot/grub/grub.cfg",
                                       "boot/grub2/grub.cfg", "grub2/grub.cfg"};
        for (const char* vendor : {"debian", "ubuntu", "opensuse", "fedora", "xen", "grub"})
            names.push_back("EFI/" + std::string(vendor) + "/grub.cfg");
        std::vector<unsigned> partitions{partition_};
        for (const auto& [number, tree] : card_.trees)
            if (number != partition_) partitions.push_back(number);
        for (const unsigned number : partitions)
            for (const std::string& name : names)
                if (find_card_file(card_, number, name)) return std::pair(number, name);
        return std::nullopt;
    }

    void grub(int depth) {
        const auto config = find_grub_config();
        if (!config) {
            boot_.unfollowed.push_back("what " + file_ + " starts: no grub.cfg was found, and it is no Xen");
            return;
        }
        boot_.config = config->second;
        GrubDisk disk;
        disk.partition = config->first;
        disk.read = [this](unsigned number, const std::string& path) {
            return read(card_, number, without_slash(path));
        };
        disk.exists = [this](unsigned number, const std::string& path) {
            return find_card_file(card_, number, without_slash(path)).has_value();
        };
        disk.search = [this](const std::string& by, const std::string& what) { return search(by, what); };
        const std::string text = read(card_, config->first, config->second).value_or("");
        const std::string folder = "/" + folder_of(config->second);
        const GrubBoot grub = follow_grub(text, folder == "/" ? folder : folder.substr(0, folder.size() - 1), disk);
        boot_.entry = grub.entry;
        boot_.other_with_xen = grub.other_with_xen;
        for (const std::string& what : grub.unfollowed) boot_.unfollowed.push_back(boot_.config + ": " + what);
        if (grub.tree) boot_.tree = load(*grub.tree);
        if (grub.xen) {
            boot_.xen = load(*grub.xen);
            // The first module is the kernel, the second the ramdisk, and the rows stand in this order
            // (grub-core/loader/arm64/xen_boot.c).
            const std::size_t known = std::min(grub.modules.size(), module_rows.size());
            for (std::size_t index = 0; index < known; ++index)
                keep(module_rows[index].kind, load(grub.modules[index]));
        } else if (grub.kernel) {
            keep(ModuleKind::kernel, load(*grub.kernel));
            if (grub.initrd) keep(ModuleKind::initrd, load(*grub.initrd));
        } else if (grub.chainloader) {
            chain(*grub.chainloader, depth);
        } else {
            boot_.unfollowed.push_back(boot_.config + ": no entry that starts something was found");
        }
    }

    void chain(const GrubFile& next, int depth) {
        const std::string path = without_slash(next.path);
        if (depth >= deepest || !find_card_file(card_, next.partition, path)) {
            boot_.missing.push_back(path + " (" + boot_.config + " line " + std::to_string(next.line) + ")");
            return;
        }
        file_ = path;
        partition_ = next.partition;
        const std::string via = boot_.config;
        // A GRUB that starts another one would find this grub.cfg again.
        if (const XenFacts xen = survey_xen(file_, *find_card_file(card_, partition_, file_)); xen.major == 0) {
            boot_.unfollowed.push_back(via + ": what " + file_ + " does");
            return;
        }
        program(depth + 1);
    }

    std::optional<unsigned> search(const std::string& by, const std::string& what) const {
        if (by == "file") {
            for (const auto& [number, tree] : card_.trees)
                if (find_card_file(card_, number, without_slash(what))) return number;
            return std::nullopt;
        }
        for (const PartitionFacts& part : card_.disk.partitions)
            if (!what.empty() && (by == "label" ? part.label == what : same_name(part.file_system_uuid, what)))
                return part.number;
        return std::nullopt;
    }

    const CardFiles& card_;
    Kernels& kernels_;
    unsigned partition_;
    std::string file_;
    EfiBoot boot_;
};

}  // namespace

EfiBoot follow_efi(const CardFiles& card, Kernels& kernels, unsigned partition, const std::string& file) {
    return Follower(card, kernels, partition, file).run();
}

}  // namespace rpixen
