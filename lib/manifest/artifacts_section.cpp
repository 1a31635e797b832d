#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "board/module.hpp"
#include "manifest/sections.hpp"
#include "manifest/text_rules.hpp"

namespace rpixen {
namespace {

constexpr std::array<std::string_view, 1> built_in_overlays{"pi4-64-xen"};

/// One artifact, or a list of at least one.
std::vector<ArtifactReference> read_references(const JsonValue& value, Problems& problems, const std::string& folder,
                                               std::string_view none, std::string_view allowed) {
    if (value.type != JsonValue::Type::array) return {read_reference(value, problems, folder)};
    if (value.elements.empty()) problems.add(value, std::string(none), std::string(allowed));
    std::vector<ArtifactReference> references;
    for (const JsonValue& element : value.elements) references.push_back(read_reference(element, problems, folder));
    return references;
}

}  // namespace

ArtifactReference read_reference(const JsonValue& value, Problems& problems, const std::string& folder) {
    ArtifactReference reference;
    reference.location = value.location;
    if (value.type == JsonValue::Type::object) {
        ObjectReader object(value, problems);
        if (const JsonValue* path = object.required("path"))
            reference.path = read_text(*path, problems, text_rules::path).value_or("");
        if (const JsonValue* digest = object.optional("sha256")) {
            reference.sha256 = read_text(*digest, problems, text_rules::sha256);
            if (reference.sha256) reference.sha256 = lower_case(*reference.sha256);
        }
        object.finish();
    } else if (value.type == JsonValue::Type::string) {
        reference.path = read_text(value, problems, text_rules::path).value_or("");
    } else {
        problems.add(value, "wrong type", "a path, or an object with \"path\" and \"sha256\"");
    }
    reference.resolved = resolve(folder, reference.path);
    return reference;
}

void read_artifacts(const JsonValue& value, Problems& problems, Manifest& manifest) {
    ObjectReader object(value, problems);
    const auto required = [&](std::string_view key, ArtifactReference& reference) {
        if (const JsonValue* path = object.required(key)) reference = read_reference(*path, problems, manifest.folder);
    };
    const auto optional = [&](std::string_view key, std::optional<ArtifactReference>& reference) {
        if (const JsonValue* path = object.optional(key)) reference = read_reference(*path, problems, manifest.folder);
    };
    required("xen", manifest.xen);
    required("kernel", manifest.kernel);
    for (const ModuleRow& row : module_rows)
        if (row.kind != ModuleKind::kernel)
            if (const JsonValue* path = object.optional(row.key))
                manifest.modules[row.key] = read_reference(*path, problems, manifest.folder);
    if (const JsonValue* trees = object.required("dtb"))
        manifest.dtbs = read_references(*trees, problems, manifest.folder, "no device tree",
                                        "a device tree, or one for each board");
    required("uboot", manifest.uboot);
    optional("firmware", manifest.firmware);
    if (const JsonValue* rootfs = object.required("rootfs"))
        manifest.rootfs = read_references(*rootfs, problems, manifest.folder, "no root file system",
                                          "at least one layer");
    object.finish();
}

void read_overlays(const JsonValue& value, Problems& problems, Manifest& manifest) {
    manifest.overlays.clear();
    for (const JsonValue& element : read_array(value, problems)) {
        OverlayReference overlay;
        overlay.location = element.location;
        const bool text = element.type == JsonValue::Type::string;
        const bool file = text && (element.text.find('/') != std::string::npos || element.text.ends_with(".dtbo"));
        if (file || !text) {
            const auto path = read_text(element, problems, text_rules::overlay_path);
            if (!path) continue;
            overlay.path = *path;
            overlay.resolved = resolve(manifest.folder, *path);
            overlay.name = path->substr(path->rfind('/') + 1);
            overlay.name.erase(overlay.name.size() - std::string_view(".dtbo").size());
        } else {
            const auto choice = read_choice(element, built_in_overlays, problems,
                                            "the path of a .dtbo, made of letters, digits, '.', '_', '+' and '-'");
            if (!choice) continue;
            overlay.name = built_in_overlays[*choice];
        }
        const bool repeated = std::any_of(
            manifest.overlays.begin(), manifest.overlays.end(),
            [&](const OverlayReference& other) { return same_name(other.name, overlay.name); });
        if (repeated)
            problems.add(element, "two overlays of one name", "names that differ, also without regard to case",
                         "both would be overlays/" + overlay.name + ".dtbo: remove or rename one");
        manifest.overlays.push_back(std::move(overlay));
    }
}

}  // namespace rpixen
