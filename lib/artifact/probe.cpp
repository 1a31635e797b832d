#include "artifact/probe.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <future>

#include <rpixen/error.hpp>

#include "artifact/boot_binaries.hpp"
#include "artifact/ext_image.hpp"
#include "artifact/file_kind.hpp"
#include "artifact/folder_layer.hpp"
#include "artifact/foreign_kind.hpp"
#include "artifact/image_files.hpp"
#include "artifact/image_layer.hpp"
#include "artifact/pin.hpp"
#include "artifact/tar_layer.hpp"
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

[[noreturn]] void refuse_kind(const std::string& path, const std::string& found, const std::string& allowed,
                              const std::string& change = "name the right file") {
    throw Error(ErrorCode::artifact, path + " is of the wrong kind", found, allowed, change);
}

Bytes start_of(const InputFile& file) {
    Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), file_kind_bytes)));
    pread_exactly(file.descriptor(), 0, start, file.name());
    return start;
}

constexpr const char*
    root_kinds = "a tar (plain, gzip, xz, zstd, bzip2, lz4), a folder, an ext4 image or a container image";

/// Names what holds a root file system in a form that is not read here, with what to do.
void refuse_foreign_kind(const std::string& path, const InputFile& file) {
    Bytes start(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), foreign_kind_bytes)));
    pread_exactly(file.descriptor(), 0, start, file.name());
    if (const auto foreign = detect_foreign_kind(start)) refuse_kind(path, foreign->name, root_kinds, foreign->change);
}

bool is_folder(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Runs the probes one by one and keeps what each of them finds wrong.
class Probe {
  public:
    Probe(const Manifest& manifest, ContentStore& store, const Supervision& supervision)
        : manifest_(manifest), store_(store), supervision_(supervision) {}

    ArtifactSet run() {
        // Hashing and searching the boot artifacts takes as long as a good part of the root file system.
        std::future<void> boot = std::async(std::launch::async, [this] { probe_boot_artifacts(); });
        try {
            probe_root();
        } catch (...) {
            boot.wait();
            throw;
        }
        boot.get();
        std::vector<Problem> problems = std::move(boot_.problems);
        problems.insert(problems.end(), root_.problems.begin(), root_.problems.end());
        if (!problems.empty()) throw Error(ErrorCode::artifact, std::move(problems));
        set_.inputs = std::move(boot_.inputs);
        set_.inputs.insert(set_.inputs.end(), root_.inputs.begin(), root_.inputs.end());
        set_.notes = layers_.notes();
        return std::move(set_);
    }

  private:
    /// What one of the two threads found.
    struct Findings {
        std::vector<std::string> inputs;
        std::vector<Problem> problems;
    };
    /// Ends the long work on the root file system of a run that has failed already.
    struct Abandoned {};

    void probe_boot_artifacts() {
        try {
            examine(boot_, manifest_.xen.location, [&] { probe_xen(); });
            examine(boot_, manifest_.kernel.location, [&] { probe_kernel(); });
            for (const ModuleRow& row : module_rows)
                if (const auto module = manifest_.modules.find(row.key); module != manifest_.modules.end())
                    examine(boot_, module->second.location, [&] { probe_module(row.kind, module->second); });
            for (const ArtifactReference& tree : manifest_.dtbs)
                examine(boot_, tree.location, [&] { set_.dtbs.push_back(probe_dtb(tree)); });
            examine(boot_, manifest_.uboot.location, [&] { probe_uboot(); });
            for (const OverlayReference& overlay : manifest_.overlays)
                examine(boot_, overlay.location, [&] { set_.overlays.push_back(probe_overlay(overlay)); });
            if (manifest_.firmware)
                examine(boot_, manifest_.firmware->location, [&] { probe_firmware(*manifest_.firmware); });
            for (const ExtraFile& file : manifest_.files)
                examine(boot_, file.location, [&] {
                    boot_.inputs.push_back(file.resolved);
                    set_.extra_files.push_back(ReopenedFile::examine(file.resolved));
                });
        } catch (...) {
            boot_failed_ = true;
            throw;
        }
    }

    /// Ends the work on the root file system of a run that has failed already.
    void watch() const {
        if (boot_failed_) throw Abandoned{};
    }

    void probe_root() {
        for (std::size_t layer = 0; layer < manifest_.rootfs.size(); ++layer)
            examine(root_, manifest_.rootfs[layer].location, [&] { probe_layer(layer); });
        if (root_.problems.empty()) examine(root_, manifest_.rootfs[0].location, [&] { layers_.finish(); });
    }

    template <typename Work>
    void examine(Findings& findings, const Location& location, const Work& work) {
        supervision_.check();
        try {
            work();
        } catch (const Error& error) {
            if (error.code() != ErrorCode::artifact) throw;
            for (Problem problem : error.problems()) {
                if (problem.location == Location{}) problem.location = location;
                findings.problems.push_back(std::move(problem));
            }
            if (&findings == &boot_) boot_failed_ = true;
        } catch (const Abandoned&) {
        }
    }

    /// Opens a file, holds it against its pin and takes its digest.
    InputFilePtr open(const ArtifactReference& reference, Artifact& artifact) {
        boot_.inputs.push_back(reference.resolved);
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

    void probe_xen() {
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

    void probe_kernel() {
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

    void probe_module(ModuleKind kind, const ArtifactReference& reference) {
        if (kind == ModuleKind::initrd)
            probe_initrd(reference);
        else
            probe_xsm_policy(reference);
    }

    void probe_initrd(const ArtifactReference& reference) {
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
        set_.modules[ModuleKind::initrd] = std::move(artifact);
    }

    void probe_xsm_policy(const ArtifactReference& reference) {
        Artifact artifact;
        const Bytes start = start_of(*open(reference, artifact));
        const FileKind kind = detect_file_kind(start);
        if (kind != FileKind::xsm_policy)
            refuse_kind(reference.path, describe(kind, start), "a Xen security policy (xenpolicy)");
        set_.modules[ModuleKind::xsm_policy] = std::move(artifact);
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

    Artifact probe_dtb(const ArtifactReference& reference) {
        Artifact artifact;
        const InputFilePtr file = open(reference, artifact);
        const std::string allowed = "the board's device tree blob (bcm2711-rpi-4-b.dtb)";
        if (read_tree(*file, artifact.path, allowed).is_overlay())
            refuse_kind(artifact.path, "a device tree overlay", allowed, "name overlays under \"overlays\"");
        return artifact;
    }

    Artifact probe_overlay(const OverlayReference& reference) {
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

    void probe_uboot() {
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

    void probe_firmware(const ArtifactReference& reference) {
        if (reference.sha256)
            throw Error(ErrorCode::artifact, "a folder has no digest", "sha256 for " + reference.path,
                        "sha256 for files only");
        set_.firmware = list_folder(reference.resolved, supervision_);
        check_firmware(reference);
        set_.has_firmware = true;
        boot_.inputs.push_back(reference.resolved);
        for (const FirmwareFile& file : set_.firmware) boot_.inputs.push_back(reference.resolved + "/" + file.path);
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

    void add_container_image(const ArtifactReference& reference, ImageFiles& image) {
        if (!root_.problems.empty()) return;
        watch();
        layers_.begin(reference.path, true);
        add_image(layers_, image, reference.path, store_, supervision_, [this] { watch(); });
        layers_.end();
    }

    void probe_layer(std::size_t index) {
        const ArtifactReference& reference = manifest_.rootfs[index];
        root_.inputs.push_back(reference.resolved);
        if (is_folder(reference.resolved)) {
            if (reference.sha256)
                throw Error(ErrorCode::artifact, "a folder has no digest", "sha256 for " + reference.path,
                            "sha256 for files only");
            if (const auto image = image_in_folder(reference.resolved)) return add_container_image(reference, *image);
            layers_.begin(reference.path);
            add_folder(layers_, reference.resolved, supervision_);
            layers_.end();
            return;
        }
        const InputFilePtr file = InputFile::open_file(reference.resolved);
        const Bytes start = start_of(*file);
        const FileKind kind = detect_file_kind(start);
        const bool packed = kind == FileKind::packed;
        if (packed || kind == FileKind::tar) {
            if (const auto image = image_in_tar(file, packed, supervision_, [this] { watch(); })) {
                if (reference.sha256) check_pin(*reference.sha256, digest_of(*file, supervision_), reference.path);
                return add_container_image(reference, *image);
            }
        }
        if (packed || (kind == FileKind::tar && store_.in_place())) {
            // Takes long and writes: not for a run that has failed already.
            if (!root_.problems.empty()) return;
            watch();
            layers_.begin(reference.path);
            pour_tar(layers_, TarFile(file), store_, reference.sha256, supervision_, [this] { watch(); });
            layers_.end();
            return;
        }
        if (reference.sha256) check_pin(*reference.sha256, digest_of(*file, supervision_), reference.path);
        if (kind == FileKind::tar) {
            TarFile tar(file);
            tar.end_is_certain = reference.sha256.has_value();
            layers_.begin(reference.path);
            add_tar(layers_, tar, supervision_);
            layers_.end();
        } else if (kind == FileKind::ext_file_system) {
            if (manifest_.rootfs.size() != 1)
                refuse_kind(reference.path, "a prebuilt file system among several layers", "tars and folders",
                            "give the prebuilt image alone");
            check_ext_image(*file);
            set_.prebuilt_root = file->content();
            if (!store_.in_place() || !root_.problems.empty()) return;
            watch();
            supervision_.begin("copying", file->size());
            set_.prebuilt_root = store_.place_image(*set_.prebuilt_root, supervision_, [this] { watch(); });
        } else {
            refuse_foreign_kind(reference.path, *file);
            refuse_kind(reference.path, describe(kind, start), root_kinds);
        }
    }

    const Manifest& manifest_;
    ContentStore& store_;
    const Supervision& supervision_;
    ArtifactSet set_;
    Layers layers_{set_.root};
    Findings boot_;
    Findings root_;
    std::atomic<bool> boot_failed_{false};
};

}  // namespace

ArtifactSet probe_artifacts(const Manifest& manifest, ContentStore& store, const Supervision& supervision) {
    return Probe(manifest, store, supervision).run();
}

}  // namespace rpixen
