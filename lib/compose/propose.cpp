#include <rpixen/propose.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <rpixen/error.hpp>

#include "artifact/boot_binaries.hpp"
#include "artifact/file_kind.hpp"
#include "artifact/foreign_kind.hpp"
#include "artifact/pin.hpp"
#include "base/host_signals.hpp"
#include "base/printable.hpp"
#include "base/size.hpp"
#include "base/text.hpp"
#include "board/board_model.hpp"
#include "devicetree/device_tree.hpp"
#include "unpack/decoder.hpp"
#include "unpack/unpack.hpp"

namespace rpixen {
namespace {

namespace fs = std::filesystem;
using InputFilePtr = std::shared_ptr<const InputFile>;

constexpr std::size_t most_files = 20'000;
constexpr int most_levels = 4;
constexpr std::uint64_t most_boot_bytes = 512 * MiB;
constexpr std::uint64_t most_uboot_bytes = 4 * MiB;

/// A role of the manifest, and where people get what it is.
struct Role {
    const char* key;
    bool required;
    const char* source;
};
constexpr Role roles[] = {
    {"xen", true,
     "Debian: xen-hypervisor-4.17-arm64 or later (boot/xen-*-arm64.efi is packed: take boot/xen-*); Yocto: xen of "
     "meta-virtualization"},
    {"kernel", true,
     "Debian: linux-image-arm64; Yocto: virtual/kernel with Xen's drivers; raspberrypi/linux with CONFIG_XEN"},
    {"initrd", false, "made by update-initramfs or dracut, where the kernel has the SD controller or ext4 as modules"},
    {"dtb", true, "the kernel's own: usr/lib/linux-image-*/broadcom/bcm2711-rpi-4-b.dtb of Debian's package"},
    {"uboot", true, "Debian: u-boot-rpi (usr/lib/u-boot/rpi_4/u-boot.bin, or rpi_arm64)"},
    {"firmware", false,
     "github.com/raspberrypi/firmware, its folder boot/; Debian: raspi-firmware; without it only emulators start the "
     "card"},
    {"rootfs", true, "mmdebstrap, a container image (docker save), Yocto's tar or ext4 of an image with Xen's tools"}};

std::string packed_with(Packing packing) {
    return packing == Packing::plain ? "" : std::string(" packed with ") + name_of(packing);
}

/// The names of a tar's members in its first bytes (POSIX ustar: name at 0, size in octal at 124).
std::vector<std::string> first_names(ByteView start) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at + 512 <= start.size();) {
        const std::string_view header = as_text(start.subspan(at, 512));
        std::string name(header.substr(0, std::min<std::size_t>(header.find('\0'), 100)));
        while (name.starts_with("./") || name.starts_with('/')) name.erase(0, name.starts_with('/') ? 1 : 2);
        std::uint64_t size = 0;
        for (const char digit : header.substr(124, 11))
            if (digit >= '0' && digit <= '7') size = size * 8 + static_cast<std::uint64_t>(digit - '0');
        if (!name.empty()) names.push_back(std::move(name));
        if (size > start.size()) break;
        at += 512 + static_cast<std::size_t>(align_up(size, 512));
    }
    return names;
}

/// Kernel modules alone, as Yocto's modules-*.tgz: a layer, but no root file system.
bool only_modules(ByteView start) {
    const std::vector<std::string> names = first_names(start);
    return !names.empty() && std::all_of(names.begin(), names.end(), [](const std::string& name) {
        return name.starts_with("lib/") || name == "lib" || name.starts_with("usr/lib/modules") || name == "usr/" ||
               name == "usr/lib/";
    });
}

class Survey {
  public:
    Survey(std::string folder, const Supervision& supervision)
        : folder_(std::move(folder)), supervision_(supervision) {}

    std::vector<FoundInput> run() {
        std::error_code error;
        if (!fs::is_directory(folder_, error))
            throw Error(ErrorCode::artifact, folder_ + " is no folder", error ? error.message() : "a file",
                        "a folder with prebuilt parts");
        walk(folder_, "", 0);
        std::sort(found_.begin(), found_.end(),
                  [](const FoundInput& a, const FoundInput& b) { return a.path < b.path; });
        return std::move(found_);
    }

  private:
    void walk(const std::string& path, const std::string& inside, int level) {
        std::error_code error;
        std::vector<fs::directory_entry> entries;
        for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) entries.push_back(entry);
        // The shortest name of a file first: Yocto's links come before what they lead to.
        std::sort(entries.begin(), entries.end(), [](const fs::directory_entry& a, const fs::directory_entry& b) {
            const std::string &one = a.path().native(), &other = b.path().native();
            return std::pair(one.size(), one) < std::pair(other.size(), other);
        });
        if (std::any_of(entries.begin(), entries.end(),
                        [](const auto& entry) { return entry.path().filename() == "start4.elf"; })) {
            add(inside.empty() ? "." : inside, "firmware", "the Raspberry Pi's firmware (start4.elf)");
            if (!inside.empty()) return;
        }
        for (const fs::directory_entry& entry : entries) {
            supervision_.check();
            const std::string name = inside.empty() ? entry.path().filename().native()
                                                    : inside + "/" + entry.path().filename().native();
            if (entry.is_directory(error)) {
                if (level < most_levels && !entry.is_symlink(error)) walk(entry.path().native(), name, level + 1);
            } else if (entry.is_regular_file(error) && count_++ < most_files) {
                if (seen_.insert(fs::canonical(entry.path(), error).native()).second)
                    look_at(entry.path().native(), name);
            }
        }
    }

    void add(const std::string& path, const std::string& role, const std::string& what) {
        found_.push_back({path, role, what, false});
    }

    /// A file that cannot be read, or is damaged, is told and left out.
    void look_at(const std::string& path, const std::string& name) {
        try {
            const InputFilePtr file = InputFile::open_file(path);
            const Bytes start = start_of(*file);
            const Packing packing = detect_packing(start);
            if (packing == Packing::plain) return tell(name, file, start, Packing::plain);
            Decoder decoder(file, 0, file->size(), false);
            const ByteView inside = decoder.some(Decoder::largest_block);
            tell(name, file, inside, packing);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::cancelled) throw;
            add(name, "", error.problems().front().message);
        }
    }

    void tell(const std::string& name, const InputFilePtr& file, ByteView start, Packing packing) {
        const FileKind kind = detect_file_kind(start.first(std::min(start.size(), file_kind_bytes)));
        switch (kind) {
            case FileKind::arm64_image:
            case FileKind::zboot:
                return tell_image(name, file, kind, packing);
            case FileKind::device_tree:
                return tell_tree(name, file, packing);
            case FileKind::tar:
                if (only_modules(start)) return add(name, "modules", "a tar of kernel modules" + packed_with(packing));
                return add(name, "rootfs", "a tar" + packed_with(packing));
            case FileKind::ext_file_system:
                if (packing != Packing::plain)
                    return add(name, "", "an ext4 image" + packed_with(packing) + ": unpack it");
                return add(name, "prebuilt", "an ext4 image");
            case FileKind::cpio:
                return add(name, "initrd", "an initial RAM disk (cpio" + packed_with(packing) + ")");
            case FileKind::xsm_policy:
                return add(name, "xsm_policy", "a Xen security policy");
            case FileKind::unknown:
                return tell_unknown(name, file, start, packing);
            default:
                return add(name, "",
                           describe(kind, start.first(std::min(start.size(), file_kind_bytes))) + packed_with(packing));
        }
    }

    void tell_image(const std::string& name, InputFilePtr file, FileKind kind, Packing packing) {
        if (kind == FileKind::zboot) return add(name, "kernel", "a Linux kernel (EFI zboot)");
        if (packing != Packing::plain) file = unpack(file, 0, file->size(), most_boot_bytes, supervision_);
        XenArtifact xen;
        xen.content = file->content();
        examine_xen(xen);
        if (!xen.banner.empty()) return add(name, "xen", xen.banner + packed_with(packing));
        KernelArtifact kernel;
        kernel.content = file->content();
        examine_kernel(kernel);
        if (!kernel.banner.empty()) return add(name, "kernel", "Linux " + kernel.release + packed_with(packing));
        if (packing == Packing::plain && is_uboot(name, file)) return;
        add(name, "", "an arm64 program that is neither Xen nor Linux");
    }

    bool is_uboot(const std::string& name, const InputFilePtr& file) {
        if (file->size() > most_uboot_bytes) return false;
        UBootArtifact uboot;
        uboot.content = file->content();
        examine_uboot(uboot);
        if (uboot.banner.empty()) return false;
        add(name, "uboot", uboot.banner.substr(0, uboot.banner.find(" (")));
        return true;
    }

    void tell_tree(const std::string& name, const InputFilePtr& file, Packing packing) {
        if (packing != Packing::plain || file->size() > 16 * MiB)
            return add(name, "", "a device tree" + packed_with(packing));
        const DeviceTree tree = DeviceTree::parse(read_all(file->content()), name);
        if (tree.is_overlay()) return add(name, "", "a device tree overlay (name it under \"overlays\")");
        const BoardModel* board = board_of_tree(tree.compatible());
        if (!board) return add(name, "", "a device tree of another board");
        add(name, board == &raspberry_pi_4b() ? "dtb" : "dtb-of-family",
            "the device tree of a " + std::string(board->name));
    }

    void tell_unknown(const std::string& name, const InputFilePtr& file, ByteView start, Packing packing) {
        if (packing == Packing::plain && is_uboot(name, file)) return;
        if (const auto foreign = detect_foreign_kind(
                packing == Packing::plain ? ByteView(start_of(*file, foreign_kind_bytes)) : start))
            return add(name, "", foreign->name + packed_with(packing));
        if (start.size() >= 512 && start[510] == std::byte{0x55} && start[511] == std::byte{0xaa})
            return add(name, "", "a card image or a FAT" + packed_with(packing));
    }

    std::string folder_;
    const Supervision& supervision_;
    std::vector<FoundInput> found_;
    std::set<std::string> seen_;  ///< files by their real paths
    std::size_t count_ = 0;
};

/// Of several candidates: the shortest name, then the first in the alphabet; a tar or folder rather than an image.
FoundInput* choose(std::vector<FoundInput>& found, const std::string& role) {
    FoundInput* best = nullptr;
    const auto rank = [](const FoundInput& input) { return std::pair(input.path.size(), input.path); };
    for (FoundInput& input : found)
        if (input.role == role && (!best || rank(input) < rank(*best))) best = &input;
    return !best && role == "rootfs" ? choose(found, "prebuilt") : best;
}

/// A path in the manifest.
std::string path_from(const std::string& manifest_folder, const std::string& path) {
    const fs::path base = fs::absolute(manifest_folder.empty() ? "." : manifest_folder).lexically_normal();
    return fs::absolute(path).lexically_normal().lexically_relative(base).generic_string();
}

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') result += '\\';
        result += letter;
    }
    return result + '"';
}

/// For a comment, which ends with its line.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char letter) { return static_cast<unsigned char>(letter) < 0x20; }, ' ');
    return text;
}

std::string reference(const ProposeRequest& request, const FoundInput& input, const Supervision& supervision) {
    const std::string path = request.folder + "/" + input.path;
    const std::string named = quoted(path_from(request.manifest_folder, path));
    if (input.role == "firmware") return named;
    return "{ \"path\": " + named + ",\n      \"sha256\": \"" +
           hex(digest_of(*InputFile::open_file(path), supervision)) + "\" }";
}

/// What dom0 did not take, of one of these roles; null where nothing is left.
const FoundInput* left_over(const std::vector<FoundInput>& found, std::initializer_list<std::string_view> names) {
    const auto input = std::find_if(found.begin(), found.end(), [&](const FoundInput& each) {
        return !each.taken && std::find(names.begin(), names.end(), each.role) != names.end();
    });
    return input == found.end() ? nullptr : &*input;
}

/// A guest of what dom0 left over and what it has, as lines that mean something without their slashes.
std::string guests_of(const ProposeRequest& request, const std::vector<FoundInput>& found) {
    const auto taken = [&](std::string_view role) {
        return std::any_of(found.begin(), found.end(),
                           [&](const FoundInput& input) { return input.taken && input.role == role; });
    };
    if (!taken("kernel")) return {};
    const auto path = [&](const FoundInput& input) {
        return quoted(path_from(request.manifest_folder, request.folder + "/" + input.path));
    };
    const FoundInput* kernel = left_over(found, {"kernel"});
    const FoundInput* initrd = left_over(found, {"initrd"});
    const FoundInput* disk = left_over(found, {"rootfs", "prebuilt"});
    std::string text =
        "  // A virtual machine beside dom0, of what is above and what was not taken for it (docs/guests.md); without "
        "slashes it counts.\n"
        "  //, \"guests\": [\n"
        "  //   { \"name\": \"guest\", \"start\": \"" +
        std::string(disk ? "xl" : "xen") +
        "\", \"memory\": \"128MiB\",\n  //     \"kernel\": " + (kernel ? path(*kernel) : "\"dom0\"");
    if (initrd)
        text += ", \"initrd\": " + path(*initrd);
    else if (!disk && taken("initrd"))
        text += ", \"initrd\": \"dom0\"";
    if (disk) text += ", \"disk\": " + path(*disk);
    return text + " }\n  // ]\n";
}

}  // namespace

Proposal propose_manifest(const ProposeRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    Proposal proposal;
    proposal.found = Survey(request.folder, supervision).run();
    std::string text = "// Made of what " + one_line(request.folder) +
                       " holds. Every key: rpixen-manifest(5), or rpixen-img schema.\n"
                       "{\n  \"manifest_version\": 1,\n  \"artifacts\": {\n";
    std::size_t members = 0;
    for (const Role& role : roles)
        if (choose(proposal.found, role.key)) ++members;
    for (const Role& role : roles) {
        FoundInput* const input = choose(proposal.found, role.key);
        if (!input) {
            if (role.required) proposal.missing.emplace_back(role.key);
            text += std::string("    // ") + (role.required ? "MISSING: " : "none: ") + role.key + "; " + role.source +
                    "\n";
            continue;
        }
        input->taken = true;
        input->role = role.key;
        for (const FoundInput& other : proposal.found)
            if (other.role == role.key && &other != input)
                text += "    // not taken: " + one_line(other.path) + ", " + one_line(other.what) + "\n";
        text += "    // " + one_line(input->what) + "\n    \"" + role.key +
                "\": " + reference(request, *input, supervision) + (--members > 0 ? ",\n" : "\n");
    }
    text += "  }\n" + guests_of(request, proposal.found) + "}\n";
    proposal.manifest = std::move(text);
    return proposal;
}

std::string Proposal::text() const {
    std::string all;
    std::size_t width = 0;
    for (const FoundInput& input : found) width = std::max(width, input.path.size());
    for (const FoundInput& input : found)
        all += std::string(input.taken ? "  + " : "    ") + input.path +
               std::string(width - input.path.size() + 2, ' ') + input.what + "\n";
    for (const std::string& role : missing) {
        const Role* row = std::find_if(std::begin(roles), std::end(roles),
                                       [&](const Role& each) { return each.key == role; });
        all += "missing: " + role + "; " + row->source + "\n";
    }
    return printable_text(all);
}

}  // namespace rpixen
