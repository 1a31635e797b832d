#include "artifact/examine_artifacts.hpp"

#include <algorithm>
#include <memory>

#include <rpixen/error.hpp>

#include "artifact/boot_binaries.hpp"
#include "artifact/file_kind.hpp"
#include "artifact/folder_layer.hpp"
#include "artifact/pin.hpp"
#include "artifact/refusal.hpp"
#include "base/size.hpp"
#include "devicetree/built_in_overlays.hpp"
#include "devicetree/device_tree.hpp"
#include "format/zboot.hpp"
#include "storage/reopened_file.hpp"
#include "unpack/packing.hpp"
#include "unpack/unpack.hpp"

namespace rpixen {
namespace {

using InputFilePtr = std::shared_ptr<const InputFile>;

// No artifact of the boot partition comes near it; a bomb does.
constexpr std::uint64_t most_boot_bytes = 512 * MiB;
constexpr std::uint64_t most_tree_bytes = 16 * MiB;

/// Examines the inputs one by one and keeps what is wrong with each of them.
class Examination {
  public:
    Examination(const Manifest& manifest, const Supervision& supervision)
        : manifest_(manifest), supervision_(supervision) {}

    ArtifactSet run() {
        look_at(manifest_.xen.location, [&] { take_xen(); });
        look_at(manifest_.kernel.location, [&] { take_kernel(); });
        for (const ModuleRow& row : module_rows)
            if (const auto module = manifest_.modules.find(row.key); module != manifest_.modules.end())
                look_at(module->second.location, [&] { take_module(row.kind, module->second); });
        for (const ArtifactReference& tree : manifest_.dtbs)
            look_at(tree.location, [&] { set_.dtbs.push_back(take_dtb(tree)); });
        look_at(manifest_.uboot.location, [&] { take_uboot(); });
        for (const OverlayReference& overlay : manifest_.overlays)
            look_at(overlay.location, [&] { set_.overlays.push_back(take_overlay(overlay)); });
        if (manifest_.firmware) look_at(manifest_.firmware->location, [&] { take_firmware(*manifest_.firmware); });
        for (const ExtraFile& file : manifest_.files)
            look_at(file.location, [&] {
                set_.inputs.push_back(file.resolved);
                set_.extra_files.push_back(ReopenedFile::examine(file.resolved));
            });
        for (const Guest& guest : manifest_.guests) take_guest(guest);
        refusals_.raise();
        return std::move(set_);
    }

  private:
    template <typename Work>
    void look_at(const Location& location, const Work& work) {
        supervision_.check();
        refusals_.look_at(location, work);
    }

    /// Opens a file, holds it against its pin and takes its digest.
    InputFilePtr open(const ArtifactReference& reference, Artifact& artifact) {
        set_.inputs.push_back(reference.resolved);
        artifact.path = reference.path;
        InputFilePtr file = InputFile::open_file(reference.resolved);
        if (file->size() == 0)
            refuse_kind(reference.path, "an empty file", "a file with content", "fetch or make it again");
        if (file->size() > most_boot_bytes)
            refuse_kind(reference.path, std::to_string(file->size()) + " bytes", "at most 512MiB");
        const Sha256Digest digest = digest_of(*file, supervision_);
        artifact.sha256 = hex(digest);
        if (reference.sha256) check_pin(*reference.sha256, digest, reference.path);
        artifact.content = file->content();
        artifact.packing = name_of(Packing::plain);
        return file;
    }

    /// Opens a file that must be an arm64 Image, possibly packed: once, or as a zboot kernel, or both.
    void open_image(const ArtifactReference& reference, Artifact& artifact, const std::string& allowed) {
        InputFilePtr file = open(reference, artifact);
        for (int depth = 0; depth < 3; ++depth) {
            const Bytes start = start_of(*file);
            const FileKind kind = detect_file_kind(start);
            std::uint64_t begin = 0;
            std::uint64_t end = file->size();
            std::string packing;
            if (kind == FileKind::arm64_image) {
                artifact.content = file->content();
                return;
            }
            if (kind == FileKind::zboot) {
                const auto header = parse_zboot(start);
                if (!header->fits(end)) refuse_kind(reference.path, "an EFI zboot kernel that is cut off", allowed);
                begin = header->payload_offset;
                end = begin + header->payload_size;
                Bytes payload(std::min<std::uint64_t>(end - begin, file_kind_bytes));
                pread_exactly(file->descriptor(), begin, payload, file->name());
                if (detect_packing(payload) == Packing::plain)
                    refuse_kind(reference.path, "an EFI zboot kernel packed with " + header->compression,
                                "gzip, xz, zstd, bzip2 or lz4");
                packing = std::string("zboot-") + name_of(detect_packing(payload));
            } else if (kind == FileKind::packed) {
                packing = name_of(detect_packing(start));
            } else {
                const std::string inside = artifact.packing == "none" ? "" : " (inside " + artifact.packing + " data)";
                refuse_kind(reference.path, describe(kind, start) + inside, allowed);
            }
            artifact.packing = artifact.packing == "none" ? packing : artifact.packing + "+" + packing;
            file = unpack(file, begin, end, most_boot_bytes, supervision_);
        }
        refuse_kind(reference.path, "data packed again and again", allowed);
    }

    void take_xen() {
        open_image(manifest_.xen, set_.xen, "Xen for arm64, raw or packed");
        examine_xen(set_.xen);
        if (!set_.xen.banner.empty()) return;
        KernelArtifact kernel;
        kernel.content = set_.xen.content;
        examine_kernel(kernel);
        if (!kernel.banner.empty())
            refuse_kind(set_.xen.path, "a Linux kernel (" + kernel.release + ")", "Xen for arm64",
                        "exchange \"xen\" and \"kernel\" if they were mixed up");
    }

    void take_kernel() {
        open_image(manifest_.kernel, set_.kernel, "an arm64 Linux kernel: Image, raw or packed, or EFI zboot");
        examine_kernel(set_.kernel);
        if (!set_.kernel.banner.empty()) return;
        XenArtifact xen;
        xen.content = set_.kernel.content;
        examine_xen(xen);
        if (!xen.banner.empty())
            refuse_kind(set_.kernel.path, xen.banner, "an arm64 Linux kernel",
                        "exchange \"xen\" and \"kernel\" if they were mixed up");
    }

    void take_module(ModuleKind kind, const ArtifactReference& reference) {
        set_.modules[kind] = kind == ModuleKind::initrd ? take_initrd(reference) : take_xsm_policy(reference);
    }

    Artifact take_initrd(const ArtifactReference& reference) {
        Artifact artifact;
        const Bytes start = start_of(*open(reference, artifact));
        const FileKind kind = detect_file_kind(start);
        // Linux takes more than is told apart here (file system images, lzma and lzo data), so only what it
        // cannot be is refused.
        switch (kind) {
            case FileKind::unknown:
            case FileKind::packed:
            case FileKind::cpio:
            case FileKind::ext_file_system:
                break;
            default:
                refuse_kind(reference.path, describe(kind, start),
                            "an initial RAM disk: a cpio archive, packed or not");
        }
        return artifact;
    }

    Artifact take_xsm_policy(const ArtifactReference& reference) {
        Artifact artifact;
        const Bytes start = start_of(*open(reference, artifact));
        const FileKind kind = detect_file_kind(start);
        if (kind != FileKind::xsm_policy)
            refuse_kind(reference.path, describe(kind, start), "a Xen security policy (xenpolicy)");
        return artifact;
    }

    /// Reads a device tree blob, whole or overlay.
    DeviceTree read_tree(const InputFile& file, const std::string& path, const std::string& allowed) {
        const Bytes start = start_of(file);
        const FileKind kind = detect_file_kind(start);
        if (kind != FileKind::device_tree) refuse_kind(path, describe(kind, start), allowed);
        if (file.size() > most_tree_bytes)
            refuse_kind(path, "a device tree blob of " + format_size(file.size()), "at most 16MiB");
        return DeviceTree::parse(read_all(file.content()), path);
    }

    Artifact take_dtb(const ArtifactReference& reference) {
        Artifact artifact;
        const InputFilePtr file = open(reference, artifact);
        const std::string allowed = "the board's device tree blob (bcm2711-rpi-4-b.dtb)";
        if (read_tree(*file, artifact.path, allowed).is_overlay())
            refuse_kind(artifact.path, "a device tree overlay", allowed, "name overlays under \"overlays\"");
        return artifact;
    }

    Artifact take_overlay(const OverlayReference& reference) {
        if (reference.resolved.empty()) {
            const std::optional<ByteView> built_in = built_in_overlay(reference.name);
            if (!built_in) throw Error(ErrorCode::internal, "no overlay is built in as " + reference.name);
            Artifact artifact;
            artifact.path = reference.name;
            artifact.content = memory_content(Bytes(built_in->begin(), built_in->end()), reference.name + ".dtbo");
            artifact.packing = name_of(Packing::plain);
            artifact.sha256 = hex(sha256(*built_in));
            return artifact;
        }
        ArtifactReference input;
        input.path = input.resolved = reference.resolved;
        Artifact artifact;
        const InputFilePtr file = open(input, artifact);
        const std::string allowed = "a device tree overlay (.dtbo)";
        if (!read_tree(*file, artifact.path, allowed).is_overlay())
            refuse_kind(artifact.path, "a whole device tree", allowed, "name the board's tree as artifact \"dtb\"");
        return artifact;
    }

    /// What is dom0's was examined already; where that failed the run ends anyway.
    void take_guest(const Guest& guest) {
        GuestArtifacts artifacts;
        look_at(guest.kernel.artifact.location, [&] {
            artifacts.kernel = guest.kernel.of_dom0 ? set_.kernel : take_guest_kernel(guest.kernel.artifact);
        });
        if (guest.initrd)
            look_at(guest.initrd->artifact.location, [&] {
                artifacts.modules[GuestModuleKind::initrd] = guest.initrd->of_dom0
                                                                 ? set_.modules[ModuleKind::initrd]
                                                                 : take_initrd(guest.initrd->artifact);
            });
        if (guest.device_tree)
            look_at(guest.device_tree->location,
                    [&] { artifacts.modules[GuestModuleKind::device_tree] = take_guest_tree(*guest.device_tree); });
        set_.guests.push_back(std::move(artifacts));
    }

    /// Any system that is an arm64 Image: Linux, Zephyr, Xen's own test programs.
    KernelArtifact take_guest_kernel(const ArtifactReference& reference) {
        KernelArtifact kernel;
        open_image(reference, kernel, "a guest's kernel: an arm64 Image, raw or packed, or EFI zboot");
        examine_kernel(kernel);
        return kernel;
    }

    Artifact take_guest_tree(const ArtifactReference& reference) {
        Artifact artifact;
        const InputFilePtr file = open(reference, artifact);
        const std::string allowed = "a guest's partial device tree blob, with a node /passthrough";
        const DeviceTree tree = read_tree(*file, artifact.path, allowed);
        if (tree.is_overlay()) refuse_kind(artifact.path, "a device tree overlay", allowed);
        if (!tree.has("/passthrough"))
            refuse_kind(artifact.path, "a device tree without /passthrough", allowed,
                        "put the guest's devices below /passthrough (Xen, docs/misc/arm/passthrough-noiommu.txt)");
        return artifact;
    }

    void take_uboot() {
        const InputFilePtr file = open(manifest_.uboot, set_.uboot);
        const Bytes start = start_of(*file);
        const FileKind kind = detect_file_kind(start);
        const std::string allowed = "U-Boot for the Raspberry Pi 4 as a raw binary (u-boot.bin)";
        if (kind != FileKind::unknown && kind != FileKind::arm64_image)
            refuse_kind(set_.uboot.path, describe(kind, start), allowed,
                        kind == FileKind::elf ? "take u-boot.bin, not the ELF file beside it" : "");
        if (file->size() > 32 * MiB) refuse_kind(set_.uboot.path, format_size(file->size()), allowed);
        examine_uboot(set_.uboot);
        if (set_.uboot.banner.empty())
            refuse_kind(set_.uboot.path, describe(kind, start) + " without U-Boot's version text", allowed);
    }

    void take_firmware(const ArtifactReference& reference) {
        check_folder_has_no_pin(reference);
        set_.firmware = list_folder(reference.resolved, supervision_);
        check_firmware(reference);
        set_.has_firmware = true;
        set_.inputs.push_back(reference.resolved);
        for (const FirmwareFile& file : set_.firmware) set_.inputs.push_back(reference.resolved + "/" + file.path);
    }

    /// A clone of raspberrypi/firmware has the files in boot/, where the board does not look for them.
    void check_firmware(const ArtifactReference& reference) const {
        constexpr std::string_view loader = "start4.elf";
        const FirmwareFile* below = nullptr;
        for (const FirmwareFile& file : set_.firmware) {
            if (file.path == loader) return;
            if (!below && file.path.ends_with("/" + std::string(loader))) below = &file;
        }
        if (!below) return;  // the rules tell what is missing
        const std::string folder = below->path.substr(0, below->path.size() - loader.size() - 1);
        throw Error(ErrorCode::artifact, reference.path + " is not the folder with the firmware itself",
                    "start4.elf in " + folder + "/", "start4.elf in the folder",
                    "name " + reference.path + "/" + folder);
    }

    const Manifest& manifest_;
    const Supervision& supervision_;
    ArtifactSet set_;
    Refusals refusals_;
};

}  // namespace

ArtifactSet examine_artifacts(const Manifest& manifest, const Supervision& supervision) {
    return Examination(manifest, supervision).run();
}

}  // namespace rpixen
