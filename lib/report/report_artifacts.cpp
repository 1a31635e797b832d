#include <algorithm>
#include <map>

#include "artifact/boot_binaries.hpp"
#include "artifact/named_inputs.hpp"
#include "base/text.hpp"
#include "boot/board_trees.hpp"
#include "boot/names.hpp"
#include "report/report_of.hpp"

namespace rpixen {
namespace {

/// What was examined, in the order in which named_inputs() has its kind.
class Examined {
  public:
    Examined(const Manifest& manifest, const ArtifactSet& set) {
        add("xen", set.xen, boot_name::xen, set.xen.banner);
        add("kernel", set.kernel, row_of(ModuleKind::kernel).file, set.kernel.release);
        for (const auto& [kind, module] : set.modules) add(row_of(kind).key, module, row_of(kind).file);
        const std::vector<BoardTree> trees = read_board_trees(manifest, set);
        for (std::size_t tree = 0; tree < set.dtbs.size(); ++tree) add("dtb", set.dtbs[tree], trees[tree].file);
        add("uboot", set.uboot, boot_name::uboot, set.uboot.banner);
        for (const Artifact& overlay : set.overlays) {
            // Built-in ones are no inputs.
            if (!overlay.path.ends_with(".dtbo")) continue;
            add("overlay", overlay, "overlays/" + overlay.path.substr(overlay.path.rfind('/') + 1));
        }
        add_guests(manifest, set);
    }

    /// In the order of named_inputs() for each role.
    void add_guests(const Manifest& manifest, const ArtifactSet& set) {
        for (std::size_t index = 0; index < set.guests.size(); ++index) {
            const Guest& guest = manifest.guests[index];
            const GuestArtifacts& parts = set.guests[index];
            if (!guest.kernel.of_dom0)
                add("guest_kernel", parts.kernel, guest_file(guest, GuestModuleKind::kernel), parts.kernel.release);
            for (const auto& [kind, module] : parts.modules)
                if (kind != GuestModuleKind::initrd || !guest.initrd->of_dom0)
                    add(std::string("guest_") + row_of(kind).key, module, guest_file(guest, kind));
            if (guest.disk)
                artifacts_["guest_disk"].push_back(
                    {"guest_disk", guest.disk->path, "", "", 0, "", "/" + guest_disk_file(guest)});
        }
    }

    /// Null where this role has no further one.
    const ReportArtifact* next(const std::string& role) {
        const std::vector<ReportArtifact>& known = artifacts_[role];
        const std::size_t index = taken_[role]++;
        return index < known.size() ? &known[index] : nullptr;
    }

  private:
    void add(const std::string& role, const Artifact& artifact, const std::string& name,
             const std::string& version = {}) {
        artifacts_[role].push_back(
            {role, artifact.path, artifact.sha256.value_or(""), version, 0, artifact.packing, "/" + name, false});
    }

    std::map<std::string, std::vector<ReportArtifact>> artifacts_;
    std::map<std::string, std::size_t> taken_;
};

/// The day of its build, as the firmware has no other number; empty where it is not told.
std::string version_of(const std::vector<FirmwareFile>& firmware) {
    const auto start = std::find_if(firmware.begin(), firmware.end(),
                                    [](const FirmwareFile& file) { return same_name(file.path, "start4.elf"); });
    return start == firmware.end() ? std::string() : firmware_build_date(start->content);
}

}  // namespace

std::vector<ReportArtifact> artifacts_of(const Manifest& manifest, const ArtifactSet& artifacts,
                                         const std::map<std::string, std::string>& digests) {
    Examined examined(manifest, artifacts);
    std::vector<ReportArtifact> list;
    std::size_t file = 0;
    for (const NamedInput& input : named_inputs(manifest)) {
        ReportArtifact artifact;
        if (const ReportArtifact* known = examined.next(input.role)) artifact = *known;
        artifact.role = input.role;
        artifact.path = input.path;
        if (const auto digest = digests.find(input.resolved); digest != digests.end()) artifact.sha256 = digest->second;
        if (input.role == "firmware") artifact.version = version_of(artifacts.firmware);
        if (input.role == "file") artifact.name = manifest.files[file++].target;
        artifact.size = file_size(input.resolved);
        artifact.is_folder = is_folder(input.resolved);
        list.push_back(std::move(artifact));
    }
    return list;
}

}  // namespace rpixen
