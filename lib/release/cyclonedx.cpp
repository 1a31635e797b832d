#include "release/cyclonedx.hpp"

#include <nlohmann/json.hpp>

#include "release/components.hpp"
#include "release/image_uuid.hpp"
#include "release/licence.hpp"
#include "release/release_time.hpp"

namespace rpixen {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* image_reference = "image";

Json hashes_of(const std::string& sha256) {
    return Json::array({{{"alg", "SHA-256"}, {"content", sha256}}});
}

Json licences_of(const std::string& licence) {
    if (const auto expression = licence_expression(licence)) return Json::array({{{"expression", *expression}}});
    return Json::array({{{"license", {{"name", licence}}}}});
}

Json component_json(const Component& component) {
    Json json{{"type", component.type}, {"bom-ref", component.id}};
    if (!component.supplier.empty()) json["supplier"] = {{"name", component.supplier}};
    if (!component.publisher.empty()) json["publisher"] = component.publisher;
    json["name"] = component.name;
    if (!component.version.empty()) json["version"] = component.version;
    if (!component.sha256.empty()) json["hashes"] = hashes_of(component.sha256);
    if (!component.licence.empty()) json["licenses"] = licences_of(component.licence);
    if (!component.cpe.empty()) json["cpe"] = component.cpe;
    if (!component.purl.empty()) json["purl"] = component.purl;
    Json properties = Json::array();
    for (const auto& [name, value] : component.properties)
        properties.push_back({{"name", "rpixen:" + name}, {"value", value}});
    if (!properties.empty()) json["properties"] = std::move(properties);
    return json;
}

Json metadata_of(const ReleaseFacts& facts) {
    const Json tool{{"type", "application"}, {"name", "rpixen-img"}, {"version", facts.tool_version}};
    const Json image{{"type", "operating-system"},
                     {"bom-ref", image_reference},
                     {"name", facts.name},
                     {"hashes", hashes_of(facts.image.sha256)}};
    return {{"timestamp", rfc3339_time(facts.card.time)},
            {"tools", {{"components", Json::array({tool})}}},
            {"component", image}};
}

/// The image holds its inputs and the root's distribution, and that its packages.
Json dependencies_of(const Components& components) {
    Json of_image = Json::array();
    for (const Component& artifact : components.artifacts) of_image.push_back(artifact.id);
    of_image.push_back(components.distribution.id);
    Json of_distribution = Json::array();
    for (const Component& package : components.packages) of_distribution.push_back(package.id);
    return Json::array({{{"ref", image_reference}, {"dependsOn", of_image}},
                        {{"ref", components.distribution.id}, {"dependsOn", of_distribution}}});
}

}  // namespace

std::string cyclonedx_json(const ReleaseFacts& facts) {
    const Components components = components_of(facts);
    Json list = Json::array();
    for (const Component& artifact : components.artifacts) list.push_back(component_json(artifact));
    list.push_back(component_json(components.distribution));
    for (const Component& package : components.packages) list.push_back(component_json(package));
    Json document{{"bomFormat", "CycloneDX"},
                  {"specVersion", "1.6"},
                  {"serialNumber", "urn:uuid:" + image_uuid(facts, "cyclonedx")},
                  {"version", 1},
                  {"metadata", metadata_of(facts)},
                  {"components", std::move(list)},
                  {"dependencies", dependencies_of(components)}};
    if (!facts.package_notes.empty()) {
        document["compositions"] = Json::array(
            {{{"aggregate", "incomplete"}, {"assemblies", Json::array({components.distribution.id})}}});
        Json& properties = document["properties"] = Json::array();
        for (const std::string& note : facts.package_notes)
            properties.push_back({{"name", "rpixen:not-read"}, {"value", note}});
    }
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rpixen
