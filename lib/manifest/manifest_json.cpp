#include <cstdio>

#include <nlohmann/json.hpp>

#include <rpixen/manifest.hpp>

#include "base/size.hpp"

// The way back of parse_manifest(): what has its default is left out, so that a manifest keeps its meaning and its
// digest where a later version has more keys.

namespace rpixen {
namespace {

using Json = nlohmann::ordered_json;

/// "0644"
std::string octal(std::uint16_t mode) {
    char text[8];
    std::snprintf(text, sizeof(text), "%04o", mode);
    return text;
}

void put_unless_empty(Json& json, const char* key, Json value) {
    if (!value.empty()) json[key] = std::move(value);
}

Json json_of(const ArtifactReference& reference) {
    if (!reference.sha256) return reference.path;
    return {{"path", reference.path}, {"sha256", *reference.sha256}};
}

/// One alone, or a list.
Json json_of(const std::vector<ArtifactReference>& references) {
    if (references.size() == 1) return json_of(references.front());
    Json list = Json::array();
    for (const ArtifactReference& reference : references) list.push_back(json_of(reference));
    return list;
}

Json artifacts_of(const Manifest& manifest) {
    Json artifacts{{"xen", json_of(manifest.xen)}, {"kernel", json_of(manifest.kernel)}};
    for (const auto& [key, module] : manifest.modules) artifacts[key] = json_of(module);
    artifacts["dtb"] = json_of(manifest.dtbs);
    artifacts["uboot"] = json_of(manifest.uboot);
    if (manifest.firmware) artifacts["firmware"] = json_of(*manifest.firmware);
    artifacts["rootfs"] = json_of(manifest.rootfs);
    return artifacts;
}

Json overlays_of(const Manifest& manifest) {
    Json overlays = Json::array();
    for (const OverlayReference& overlay : manifest.overlays)
        overlays.push_back(overlay.path.empty() ? overlay.name : overlay.path);
    return overlays;
}

Json boot_of(const Manifest& manifest) {
    const Manifest usual;
    Json boot = Json::object();
    if (manifest.script != usual.script) boot["script"] = "classic";
    if (manifest.apply_overlays != usual.apply_overlays) boot["apply_overlays"] = "boot";
    if (manifest.bootargs != usual.bootargs) boot["bootargs"] = manifest.bootargs;
    if (manifest.xen_bootargs != usual.xen_bootargs) boot["xen_bootargs"] = manifest.xen_bootargs;
    if (manifest.dom0_mem != usual.dom0_mem && !manifest.dom0_mem.empty()) boot["dom0_mem"] = manifest.dom0_mem;
    Json env = Json::object();
    for (const auto& [name, value] : manifest.env) env[name] = value;
    put_unless_empty(boot, "env", std::move(env));
    Json addresses = Json::object();
    for (const auto& [name, address] : manifest.addresses) addresses[name] = format_address(address);
    put_unless_empty(boot, "addresses", std::move(addresses));
    if (!manifest.config_txt.empty()) boot["config_txt"] = manifest.config_txt;
    return boot;
}

Json image_of(const Manifest& manifest) {
    const Manifest usual;
    Json image = Json::object();
    if (manifest.image_size.kind == SizeWish::Kind::exact) image["size"] = manifest.image_size.bytes;
    if (manifest.alignment != usual.alignment) image["alignment"] = manifest.alignment;
    Json boot = Json::object();
    if (manifest.boot_label != usual.boot_label) boot["label"] = manifest.boot_label;
    if (manifest.boot_size != usual.boot_size) boot["size"] = manifest.boot_size;
    put_unless_empty(image, "boot_partition", std::move(boot));
    Json root = Json::object();
    if (manifest.root_label != usual.root_label) root["label"] = manifest.root_label;
    if (manifest.root_size.kind == SizeWish::Kind::fill) root["size"] = "fill";
    if (manifest.root_size.kind == SizeWish::Kind::exact) root["size"] = manifest.root_size.bytes;
    if (manifest.root_free != usual.root_free) root["free"] = manifest.root_free;
    put_unless_empty(image, "root_partition", std::move(root));
    return image;
}

Json owners_of(const Manifest& manifest) {
    Json owners = Json::array();
    for (const OwnerRow& row : manifest.owners) {
        Json& entry = owners.emplace_back(Json{{"path", row.path}});
        if (row.uid) entry["uid"] = *row.uid;
        if (row.gid) entry["gid"] = *row.gid;
        if (row.mode) entry["mode"] = octal(*row.mode);
    }
    return owners;
}

Json files_of(const Manifest& manifest) {
    Json files = Json::array();
    for (const ExtraFile& file : manifest.files) {
        const bool on_root = file.partition == ExtraFile::Partition::root;
        Json& entry = files.emplace_back(
            Json{{"partition", on_root ? "root" : "boot"}, {"source", file.source}, {"target", file.target}});
        if (file.mode) entry["mode"] = octal(*file.mode);
        if (on_root && file.uid != 0) entry["uid"] = file.uid;
        if (on_root && file.gid != 0) entry["gid"] = file.gid;
    }
    return files;
}

Json json_of(const GuestFile& file) {
    return file.of_dom0 ? Json("dom0") : json_of(file.artifact);
}

Json static_memory_of(const std::vector<MemoryBank>& banks) {
    if (banks.empty()) return "auto";
    Json list = Json::array();
    for (const MemoryBank& bank : banks)
        list.push_back({{"address", format_address(bank.address)}, {"size", format_size(bank.size)}});
    return list;
}

Json guests_of(const Manifest& manifest) {
    static constexpr const char* consoles[] = {"vpl011", "pv", "none"};
    Json guests = Json::array();
    for (const Guest& guest : manifest.guests) {
        Json& entry = guests.emplace_back(Json{{"name", guest.name},
                                               {"start", guest.start == GuestStart::xen ? "xen" : "xl"},
                                               {"kernel", json_of(guest.kernel)}});
        if (guest.initrd) entry["initrd"] = json_of(*guest.initrd);
        if (guest.device_tree) entry["device_tree"] = json_of(*guest.device_tree);
        entry["memory"] = format_size(guest.memory);
        if (guest.vcpus != 1) entry["vcpus"] = guest.vcpus;
        if (guest.bootargs) entry["bootargs"] = *guest.bootargs;
        if (guest.console != guest.usual_console())
            entry["console"] = consoles[static_cast<std::size_t>(guest.console)];
        if (guest.pv) entry["pv"] = "on";
        if (guest.static_memory) entry["static_memory"] = static_memory_of(*guest.static_memory);
        if (guest.direct_map) entry["direct_map"] = true;
        if (guest.disk) entry["disk"] = json_of(*guest.disk);
        if (!guest.autostart) entry["autostart"] = false;
    }
    return guests;
}

Json network_of(const Network& network) {
    Json entry{{"bridge", network.bridge}};
    if (network.uplink) entry["uplink"] = *network.uplink;
    return entry;
}

}  // namespace

std::string manifest_json(const Manifest& manifest) {
    const Manifest usual;
    Json json{{"manifest_version", 1}};
    if (manifest.name != usual.name) json["name"] = manifest.name;
    if (manifest.board != usual.board) json["board"] = manifest.board;
    json["artifacts"] = artifacts_of(manifest);
    json["overlays"] = overlays_of(manifest);
    put_unless_empty(json, "boot", boot_of(manifest));
    put_unless_empty(json, "image", image_of(manifest));
    put_unless_empty(json, "owners", owners_of(manifest));
    put_unless_empty(json, "files", files_of(manifest));
    put_unless_empty(json, "guests", guests_of(manifest));
    if (manifest.network) json["network"] = network_of(*manifest.network);
    try {
        return json.dump(2) + "\n";
    } catch (const Json::type_error& error) {
        throw Error(ErrorCode::manifest, "a text of this manifest is no UTF-8", error.what(), "UTF-8");
    }
}

}  // namespace rpixen
