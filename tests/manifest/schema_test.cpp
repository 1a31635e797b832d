#include <gmock/gmock.h>

#include <cctype>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include <rpixen/manifest.hpp>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

// The schema and the parser are two statements of one contract. The field's own validator (Python's
// jsonschema) reads the schema here, and both judge the same manifests.

namespace rpixen {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// What the schema accepts of each manifest, in their order.
std::vector<bool> judged_by_schema(const std::vector<std::string>& manifests) {
    test::TemporaryFolder folder;
    const std::string schema = folder.write("schema.json", manifest_schema());
    const std::string oracle = std::string(RPIXEN_TEST_FOLDER) + "/schema_oracle.py";
    return json::parse(test::run_ok({"/usr/bin/python3", oracle, schema}, json(manifests).dump()))
        .get<std::vector<bool>>();
}

std::vector<Problem> judged_by_parser(const std::string& manifest) {
    try {
        parse_manifest(manifest, "m.json");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::manifest);
        return error.problems();
    }
    return {};
}

std::string words(const std::vector<Problem>& problems) {
    std::string all;
    for (const Problem& problem : problems) all += "  " + problem.text() + '\n';
    return all;
}

const json& full_manifest() {
    static const json manifest = json::parse(R"({
        "$schema": "manifest.schema.json", "manifest_version": 1, "name": "dom0-image", "board": "raspberrypi4-64",
        "artifacts": {
            "xen": "xen-raspberrypi4-64",
            "kernel": { "path": "Image", "sha256": "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef" },
            "initrd": "initrd.img", "xsm_policy": "xenpolicy", "dtb": "bcm2711-rpi-4-b.dtb", "uboot": "u-boot.bin",
            "firmware": "firmware",
            "rootfs": ["base.tar.zst", { "path": "modules.tar" }, "folder/"]
        },
        "overlays": ["pi4-64-xen", "overlays/my-hat.dtbo"],
        "boot": {
            "script": "checked", "apply_overlays": "boot", "bootargs": "console=hvc0", "xen_bootargs": "console=dtuart",
            "dom0_mem": "1GiB", "env": { "bootdelay": "2" },
            "addresses": { "xen": "0x200000", "kernel": 4718592, "initrd": "0x10000000", "xsm_policy": "0x11000000",
                           "dtb": "0x2600000", "overlay_scratch": "0x18000" },
            "config_txt": ["dtparam=audio=on"]
        },
        "image": {
            "size": "2GiB", "alignment": "4MiB",
            "boot_partition": { "label": "BOOT", "size": "256MiB" },
            "root_partition": { "label": "root", "size": "fill", "free": "64MiB" }
        },
        "owners": [
            { "path": "/home/pi/**", "uid": 1000, "gid": 1000, "mode": "0700" },
            { "path": "*.key", "mode": "600" }
        ],
        "files": [
            { "partition": "root", "source": "hostname", "target": "/etc/hostname", "mode": "0644", "uid": 0, "gid": 0 },
            { "partition": "boot", "source": "notes.txt", "target": "/notes.txt" }
        ],
        "guests": [
            { "name": "web", "start": "xen", "kernel": "dom0", "initrd": { "path": "guest.cpio.gz" },
              "device_tree": "passthrough.dtb", "memory": "128MiB", "vcpus": 2, "bootargs": "console=ttyAMA0",
              "console": "vpl011", "pv": "on" },
            { "name": "db-1", "start": "xl", "kernel": "Image", "initrd": "dom0", "memory": 268435456, "console": "pv",
              "disk": "guest.ext4", "autostart": true },
            { "name": "rt", "start": "xen", "kernel": "dom0", "memory": "128MiB", "direct_map": true, "console": "none",
              "static_memory": [{ "address": "0x30000000", "size": "64MiB" }, { "address": 1073741824, "size": 67108864 }] }
        ],
        "network": { "bridge": "xenbr0", "uplink": "eth0" }
    })");
    return manifest;
}

TEST(Schema, IsTheDraftThatEditorsRead) {
    const json schema = json::parse(manifest_schema());
    EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

TEST(Schema, DescribesEveryKey) {
    const json schema = json::parse(manifest_schema());
    const std::function<void(const json&, const std::string&)> walk = [&](const json& node, const std::string& place) {
        if (!node.is_structured()) return;
        for (const auto& [key, value] : node.items()) {
            if (key == "if" || key == "then") continue;  // conditions on keys that are described elsewhere
            if (key == "properties")
                for (const auto& [name, property] : value.items()) {
                    const bool described = property.contains("description") ||
                                           (property.contains("$ref") &&
                                            schema.at(json::json_pointer(property["$ref"].get<std::string>().substr(1)))
                                                .contains("description"));
                    EXPECT_TRUE(described) << place << '/' << name;
                }
            walk(value, place + '/' + key);
        }
    };
    walk(schema, "");
}

/// A manifest's part that is an object with fixed keys: its pointer in full_manifest() and its place in the
/// schema.
struct ObjectPlace {
    std::string manifest;
    std::string schema;
};
const std::vector<ObjectPlace>& object_places() {
    static const std::vector<ObjectPlace> places{
        {"", ""},
        {"/artifacts", "/properties/artifacts"},
        {"/artifacts/kernel", "/$defs/artifact/anyOf/1"},
        {"/artifacts/rootfs/1", "/$defs/artifact/anyOf/1"},
        {"/boot", "/properties/boot"},
        {"/boot/addresses", "/properties/boot/properties/addresses"},
        {"/image", "/properties/image"},
        {"/image/boot_partition", "/properties/image/properties/boot_partition"},
        {"/image/root_partition", "/properties/image/properties/root_partition"},
        {"/owners/0", "/properties/owners/items"},
        {"/files/0", "/properties/files/items"},
        {"/guests/0", "/properties/guests/items"},
        {"/guests/2/static_memory/0", "/properties/guests/items/properties/static_memory/anyOf/1/items"},
        {"/network", "/properties/network"},
    };
    return places;
}

TEST(Schema, HasTheParsersKeysAndNoOthers) {
    const json schema = json::parse(manifest_schema());
    for (const ObjectPlace& place : object_places()) {
        json manifest = full_manifest();
        manifest[json::json_pointer(place.manifest)]["no such key"] = 1;
        const auto problems = judged_by_parser(manifest.dump());
        ASSERT_EQ(problems.size(), 1U) << place.manifest << '\n' << words(problems);
        EXPECT_EQ(problems[0].location.pointer, place.manifest + "/no such key");
        std::set<std::string> of_parser;
        std::istringstream list(problems[0].allowed);
        for (std::string word; std::getline(list >> std::ws, word, ',');) of_parser.insert(word);
        std::set<std::string> of_schema;
        const json& object = schema.at(json::json_pointer(place.schema));
        for (const auto& [name, property] : object["properties"].items()) of_schema.insert(name);
        EXPECT_EQ(of_parser, of_schema) << place.manifest;
        EXPECT_EQ(object["additionalProperties"], false) << place.manifest;
    }
}

/// The rows that docs/manifest.md must have for these properties.
void add_rows(const ordered_json& schema, const ordered_json& object, const std::string& prefix,
              std::vector<std::string>& rows) {
    const auto required = object.value("required", std::vector<std::string>());
    for (const auto& [name, property] : object["properties"].items()) {
        ordered_json whole = property;
        if (property.contains("$ref"))
            for (const auto& [key, value] :
                 schema.at(ordered_json::json_pointer(property["$ref"].get<std::string>().substr(1))).items())
                if (!whole.contains(key)) whole[key] = value;
        std::string standard;
        if (std::find(required.begin(), required.end(), name) != required.end())
            standard = "required";
        else if (whole.contains("default") && !(whole["default"].is_structured() && whole["default"].empty()))
            standard = '`' + whole["default"].dump() + '`';
        rows.push_back("| `" + prefix + name + "` | " + standard + " | " + whole["description"].get<std::string>() +
                       " |\n");
        if (whole.contains("properties")) add_rows(schema, whole, prefix + name + '.', rows);
        if (whole.contains("items") && whole["items"].contains("properties"))
            add_rows(schema, whole["items"], prefix + name + "[].", rows);
    }
}

TEST(Schema, IsWhatTheReferenceSays) {
    const ordered_json schema = ordered_json::parse(manifest_schema());
    std::vector<std::string> rows;
    add_rows(schema, schema, "", rows);
    EXPECT_GT(rows.size(), 40U);
    std::string table = "| key | default | meaning |\n|---|---|---|\n";
    for (const std::string& row : rows) table += row;
    const std::string reference = test::read_file(std::string(RPIXEN_TEST_FOLDER) + "/../../docs/manifest.md");
    EXPECT_NE(reference.find(table + '\n'), std::string::npos) << "the table of docs/manifest.md has to be\n" << table;
}

TEST(Schema, StatesTheParsersDefaults) {
    const json schema = json::parse(manifest_schema());
    json manifest = json::parse(R"({"manifest_version": 1, "artifacts": {"xen": "a", "kernel": "b", "dtb": "c",
                                                                         "uboot": "d", "rootfs": "e"}})");
    const Manifest silent = parse_manifest(manifest.dump(), "m.json");
    // The same manifest with every default of the schema written out.
    for (const auto& [key, property] : schema["properties"].items())
        if (property.contains("default")) manifest[key] = property["default"];
    for (const std::string section : {"boot", "image"})
        for (const auto& [key, property] : schema["properties"][section]["properties"].items())
            if (property.contains("default")) manifest[section][key] = property["default"];
    for (const std::string partition : {"boot_partition", "root_partition"})
        for (const auto& [key, property] : schema["properties"]["image"]["properties"][partition]["properties"].items())
            manifest["image"][partition][key] = property.at("default");
    const Manifest written = parse_manifest(manifest.dump(), "m.json");
    EXPECT_EQ(written.name, silent.name);
    EXPECT_EQ(written.board, silent.board);
    ASSERT_EQ(written.overlays.size(), silent.overlays.size());
    EXPECT_EQ(written.overlays[0].name, silent.overlays[0].name);
    EXPECT_EQ(written.script, silent.script);
    EXPECT_EQ(written.apply_overlays, silent.apply_overlays);
    EXPECT_EQ(written.bootargs, silent.bootargs);
    EXPECT_EQ(written.xen_bootargs, silent.xen_bootargs);
    EXPECT_EQ(written.dom0_mem, silent.dom0_mem);
    EXPECT_EQ(written.env, silent.env);
    EXPECT_EQ(written.addresses, silent.addresses);
    EXPECT_EQ(written.config_txt, silent.config_txt);
    EXPECT_EQ(written.image_size.kind, silent.image_size.kind);
    EXPECT_EQ(written.alignment, silent.alignment);
    EXPECT_EQ(written.boot_label, silent.boot_label);
    EXPECT_EQ(written.boot_size, silent.boot_size);
    EXPECT_EQ(written.root_label, silent.root_label);
    EXPECT_EQ(written.root_size.kind, silent.root_size.kind);
    EXPECT_EQ(written.root_free, silent.root_free);
    EXPECT_TRUE(written.files.empty());
}

TEST(Schema, ExamplesAreAccepted) {
    const json schema = json::parse(manifest_schema());
    const auto accepted = [](const json& manifest) {
        const auto problems = judged_by_parser(manifest.dump());
        EXPECT_TRUE(problems.empty()) << words(problems);
    };
    for (const auto& [section, pointer] :
         std::map<std::string, std::string>{{"", "/properties"},
                                            {"/artifacts", "/properties/artifacts/properties"},
                                            {"/boot", "/properties/boot/properties"},
                                            {"/image", "/properties/image/properties"}}) {
        for (const auto& [key, property] : schema.at(json::json_pointer(pointer)).items())
            for (const json& example : property.value("examples", json::array())) {
                json manifest = full_manifest();
                manifest[json::json_pointer(section + '/' + key)] = example;
                accepted(manifest);
            }
    }
}

/// What is put in the place of every value in turn.
std::vector<json> substitutes() {
    std::vector<json> values = json::parse(R"([
        null, true, -1, 0, 1, 512, 4096, 1048576, 4194304, 4194304.5, 1e3, 33554432, 268435456, 4294967294, 4294967295,
        4294967296, 2199023255552, 2199023256576, 18446744073709551615, -9223372036854775808, 1e300,
        "", "x", "X", "boot", "root", "auto", "fill", "none", "checked", "compose", "raspberrypi4-64", "raspberrypi5",
        "0644", "644", "04755", "12345", "0888", "0o644", "64", "+644",
        "4MiB", "4 MiB", "4mib", "4MB", "4M", "MiB", "1.5GiB", "-4MiB", "+4MiB", "0x4MiB", "04MiB", "4MiB ", "4TiB", "4096",
        "0x480000", "0X480000", "480000", "0x", "0xg", "0x100000000", "0x00000000480000", " 0x480000",
        "/", "/a", "//a", "/a/", "/a/../b", "/a/./b", "/..", "/.", "/...", "/.a", "a/b", "/a:b", "/a?b", "/a\nb", "/\u0000",
        "pi4-64-xen", "pi4-64-xen.dtbo", "a/b.dtbo", "/abs/b.dtbo", ".dtbo", "a/.dtbo", "sp ace.dtbo", "a\n/b.dtbo", "x.dtb",
        "line\nbreak", "trailing\n", "tab\there", "nul\u0000", "del\u007f", "\u00e9", "\u20ac\u20ac", "-x", ".x", "a b",
        "xen", "xl", "dom0", "pv", "vpl011", "on", "off", "Domain-0", "eth0", "xenbr0", "WEB", "it's", "back\\slash", "an-interface.16",
        "an-interface.15", "a-name-of-thirty-two-characters-x", "a-name-of-32-characters-and-no-mo",
        "ABCDEFGHIJK", "ABCDEFGHIJKL", " ABC", "ABC ", "A B", "abc", "A*B", "sixteen-bytes-ok", "seventeen-bytes-no",
        "dtparam=audio=on",
        [], {}, ["x"], [1], [null], [[]], ["pi4-64-xen"], ["a.dtbo", "b.dtbo"], [{"path": "x"}], [{"path": 1}],
        {"path": "x"}, {"path": ""}, {"path": "x", "sha256": "00"}, {"sha256": "00"}, {"x": "y"}, {"x": 1}, {"x": "a\nb"},
        {"bad name": "x"}, {"": "x"}, {"a=b": "x"}, {"1x": "y"}, {"-x": "y"}, {"eth1addr": "x"}, {"ethaddr": "x"},
        {"ethaddr2": "x"}, {"usbethaddr": "x"}, {"fdt_addr": "x"}, {"fdt_addr_r": "x"}, {"serial#": "x"}, {"bootargs": "x"},
        {"boot_xen": "x"}
    ])")
                                   .get<std::vector<json>>();
    values.emplace_back(std::string(64, 'a'));
    values.emplace_back(std::string(65, 'a'));
    values.emplace_back(std::string(64, 'F'));
    values.emplace_back(std::string(63, 'f') + 'g');
    values.emplace_back(std::string(1023, 'a'));
    values.emplace_back(std::string(1024, 'a'));
    values.emplace_back('/' + std::string(255, 'a') + "/b");
    values.emplace_back('/' + std::string(256, 'a') + "/b");
    std::string accents;
    for (int count = 0; count < 64; ++count) accents += "\xC3\xA9";
    values.emplace_back(accents);
    return values;
}

std::vector<std::string> pointers_of(const json& value, const std::string& pointer = {}) {
    std::vector<std::string> all{pointer};
    if (!value.is_structured()) return all;
    const json flat = value;
    for (const auto& [key, inner] : flat.items()) {
        std::string token;
        for (const char letter : key) token += letter == '~' ? "~0" : letter == '/' ? "~1" : std::string(1, letter);
        for (std::string& deeper : pointers_of(inner, pointer + '/' + token)) all.push_back(std::move(deeper));
    }
    return all;
}

/// A manifest that only the parser refuses: for one of the rules that a schema cannot state. docs/manifest.md
/// lists them
/// ("What the schema cannot say"); each is known by words of its message.
bool is_beyond_schema(const std::vector<Problem>& problems) {
    static const std::vector<std::string> messages{
        "size out of range",   // of a size with a unit
        "size not aligned",    // of a size with a unit
        "not a power of two",  // of an alignment with a unit
        "two overlays of one name",
        "two files have this target",
        "there is nothing to fill",
        "dom0's memory is given twice",
        "an address for something that is not on this card",
        "contradicts what config.txt has to say",
        "not a plain integer",         // 1.0 is an integer to JSON Schema
        "names of at most 255 bytes",  // the schema counts characters
        "two guests have this name",
        "static memory reaches beyond 4 GiB",
        "not the guest's \"memory\" in sum",
        "middle of a page",
        "dom0 has no initrd that a guest could have too",
        "the bridge cannot be its own uplink",
    };
    return std::all_of(problems.begin(), problems.end(), [](const Problem& problem) {
        return std::any_of(messages.begin(), messages.end(), [&](const std::string& message) {
            return problem.text().find(message) != std::string::npos;
        });
    });
}

TEST(Schema, AndParserJudgeEveryChangeOfAFullManifestAlike) {
    std::vector<std::string> manifests{full_manifest().dump()};
    const std::vector<json> values = substitutes();
    for (const std::string& pointer : pointers_of(full_manifest())) {
        for (const json& value : values) {
            json changed = full_manifest();
            changed[json::json_pointer(pointer)] = value;
            manifests.push_back(changed.dump());
        }
        if (pointer.empty()) continue;
        const json::json_pointer place(pointer);
        json without = full_manifest();
        json& parent = without[place.parent_pointer()];
        if (parent.is_object())
            parent.erase(place.back());
        else
            parent.erase(std::stoul(place.back()));
        manifests.push_back(without.dump());
    }
    for (const ObjectPlace& place : object_places()) {
        for (const char* key : {"unknown", "Path", "sizes", "boot-partition", ""}) {
            json changed = full_manifest();
            changed[json::json_pointer(place.manifest)][key] = "x";
            manifests.push_back(changed.dump());
        }
    }
    for (const auto& [guest, key, value] :
         std::initializer_list<std::tuple<std::size_t, const char*, json>>{{0, "disk", "guest.ext4"},
                                                                           {0, "autostart", true},
                                                                           {0, "console", "pv"},
                                                                           {1, "pv", "on"},
                                                                           {1, "device_tree", "passthrough.dtb"},
                                                                           {1, "console", "vpl011"},
                                                                           {1, "name", "Web"},
                                                                           {1, "static_memory", "auto"},
                                                                           {1, "direct_map", true},
                                                                           {0, "direct_map", true},
                                                                           {0, "static_memory", "auto"},
                                                                           {0, "static_memory", json::array()},
                                                                           {2, "static_memory", "auto"}}) {
        json changed = full_manifest();
        changed["guests"][guest][key] = value;
        manifests.push_back(changed.dump());
        changed["guests"][guest].erase("pv");
        manifests.push_back(changed.dump());
    }
    for (const char* key : {"mode", "uid", "gid"}) {
        json changed = full_manifest();
        changed["files"][1][key] = key == std::string("mode") ? json("0644") : json(0);
        manifests.push_back(changed.dump());
    }

    const std::vector<bool> accepted = judged_by_schema(manifests);
    ASSERT_EQ(accepted.size(), manifests.size());
    EXPECT_TRUE(accepted[0]);
    std::size_t both_accept = 0;
    std::size_t both_refuse = 0;
    std::size_t beyond = 0;
    for (std::size_t index = 0; index < manifests.size(); ++index) {
        const std::vector<Problem> problems = judged_by_parser(manifests[index]);
        if (accepted[index] == problems.empty()) {
            ++(accepted[index] ? both_accept : both_refuse);
        } else {
            ++beyond;
            EXPECT_TRUE(accepted[index] && is_beyond_schema(problems))
                << manifests[index] << "\n schema: " << accepted[index] << ", parser:\n"
                << words(problems);
        }
    }
    // The table must be able to see both kinds.
    EXPECT_GT(both_accept, 200U);
    EXPECT_GT(both_refuse, 2000U);
    EXPECT_GT(beyond, 20U);
}

TEST(Schema, TheOracleSeesASchemaThatIsTooWide) {
    test::TemporaryFolder folder;
    json schema = json::parse(manifest_schema());
    schema["additionalProperties"] = true;
    const std::string path = folder.write("schema.json", schema.dump());
    json manifest = full_manifest();
    manifest["unknown"] = 1;
    const std::string oracle = std::string(RPIXEN_TEST_FOLDER) + "/schema_oracle.py";
    const std::string input = json::array({manifest.dump()}).dump();
    EXPECT_EQ(test::run_ok({"/usr/bin/python3", oracle, path}, input), "[true]");
    EXPECT_EQ(judged_by_schema({manifest.dump()}), std::vector<bool>{false});
    EXPECT_FALSE(judged_by_parser(manifest.dump()).empty());
}

}  // namespace
}  // namespace rpixen
