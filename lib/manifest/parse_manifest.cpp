#include <array>
#include <utility>

#include "manifest/sections.hpp"
#include "manifest/text_rules.hpp"

namespace rpixen {
namespace {

void collect_locations(const JsonValue& value, std::map<std::string, Location>& locations) {
    locations.emplace(value.location.pointer, value.location);
    for (const JsonValue& element : value.elements) collect_locations(element, locations);
    for (const JsonMember& member : value.members) collect_locations(member.value, locations);
}

}  // namespace

std::string resolve(const std::string& folder, const std::string& path) {
    if (path.starts_with('/') || folder.empty()) return path;
    return folder + (folder.ends_with('/') ? "" : "/") + path;
}

std::string folder_of_manifest(const std::string& file) {
    // With its slash, so that a manifest in "/" has "/".
    return file.substr(0, file.rfind('/') + 1);
}

Location Manifest::locate(const std::string& pointer) const {
    // A key that the file does not have stands where the object stands that would hold it.
    for (std::string place = pointer;; place.erase(place.rfind('/'))) {
        if (const auto known = locations.find(place); known != locations.end())
            return {file, pointer, known->second.line, known->second.column};
        if (place.find('/') == std::string::npos) return {file, pointer, 0, 0};
    }
}

Manifest parse_manifest(std::string_view text, const std::string& file) {
    return parse_manifest(text, file, folder_of_manifest(file));
}

Manifest parse_manifest(std::string_view text, const std::string& file, const std::string& folder) {
    return parse_manifest(text, file, folder, 0);
}

Manifest parse_manifest(std::string_view text, const std::string& file, const std::string& folder,
                        std::uint64_t card_size) {
    return manifest_of(read_json(text, file), file, folder, card_size);
}

Manifest manifest_of(JsonDocument document, const std::string& file, const std::string& folder,
                     std::uint64_t card_size) {
    Problems problems;
    problems.add(std::move(document.problems));

    Manifest manifest;
    manifest.file = file;
    manifest.folder = folder;
    manifest.image_size.bytes = card_size;  // what there is to fill where the image has no size of its own
    collect_locations(document.root, manifest.locations);

    ObjectReader top(document.root, problems);
    if (const JsonValue* value = top.optional("$schema")) read_text(*value, problems);
    if (const JsonValue* value = top.required("manifest_version")) read_integer(*value, 1, 1, problems);
    if (const JsonValue* value = top.optional("name"))
        manifest.name = read_text(*value, problems, text_rules::release_name).value_or(manifest.name);
    if (const JsonValue* value = top.optional("board")) {
        static constexpr std::array<std::string_view, 1> boards{"raspberrypi4-64"};
        manifest.board = boards[read_choice(*value, boards, problems).value_or(0)];
    }
    using Section = void (*)(const JsonValue&, Problems&, Manifest&);
    if (const JsonValue* value = top.required("artifacts")) read_artifacts(*value, problems, manifest);
    manifest.overlays.push_back({"pi4-64-xen", {}, {}, manifest.locate("/overlays")});
    for (const auto& [key, read] : std::initializer_list<std::pair<const char*, Section>>{{"overlays", read_overlays},
                                                                                          {"boot", read_boot},
                                                                                          {"image", read_image},
                                                                                          {"owners", read_owners},
                                                                                          {"files", read_files},
                                                                                          {"guests", read_guests},
                                                                                          {"network", read_network}})
        if (const JsonValue* value = top.optional(key)) read(*value, problems, manifest);
    top.finish();

    if (manifest.image_size.kind == SizeWish::Kind::automatic) manifest.image_size.bytes = 0;
    problems.throw_any();
    return manifest;
}

}  // namespace rpixen
