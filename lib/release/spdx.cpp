#include "release/spdx.hpp"

#include <array>
#include <map>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "release/components.hpp"
#include "release/image_uuid.hpp"
#include "release/licence.hpp"
#include "release/package_url.hpp"
#include "release/release_time.hpp"

namespace rpixen {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* unknown = "NOASSERTION";

/// SPDX's word for a component's type.
const char* purpose_of(std::string_view type) {
    constexpr std::array<std::pair<std::string_view, const char*>, 4> purposes{
        {{"operating-system", "OPERATING_SYSTEM"}, {"firmware", "FIRMWARE"}, {"library", "LIBRARY"}, {"file", "FILE"}}};
    for (const auto& [word, purpose] : purposes)
        if (word == type) return purpose;
    return "OTHER";
}

class Document {
  public:
    explicit Document(const ReleaseFacts& facts) : facts_(facts) {}

    std::string text() {
        add_image();
        const Components components = components_of(facts_);
        for (const Component& artifact : components.artifacts) contain("Image", artifact);
        contain("Image", components.distribution);
        for (const Component& package : components.packages) contain(components.distribution.id, package);
        Json document = head();
        document["packages"] = std::move(packages_);
        if (!licences_.empty()) {
            document["hasExtractedLicensingInfos"] = Json::array();
            for (const auto& [id, licence] : licences_)
                document["hasExtractedLicensingInfos"].push_back({{"licenseId", id}, {"extractedText", licence}});
        }
        document["relationships"] = std::move(relationships_);
        return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    }

  private:
    Json head() const {
        Json document{{"spdxVersion", "SPDX-2.3"},
                      {"dataLicense", "CC0-1.0"},
                      {"SPDXID", "SPDXRef-DOCUMENT"},
                      {"name", facts_.name},
                      {"documentNamespace",
                       "https://spdx.org/spdxdocs/" + percent_encoded(facts_.name) + "-" + image_uuid(facts_, "spdx")},
                      {"creationInfo",
                       {{"created", rfc3339_time(facts_.card.time)},
                        {"creators", Json::array({"Tool: rpixen-img-" + facts_.tool_version})}}}};
        if (!facts_.package_notes.empty()) {
            std::string comment = "The list of packages may be incomplete.";
            for (const std::string& note : facts_.package_notes) comment += "\n" + note;
            document["comment"] = comment;
        }
        return document;
    }

    void add_image() {
        const bool packed = facts_.download.name != facts_.image.name;
        add_file("Image", facts_.image, "OPERATING_SYSTEM", !packed);
        relate("DOCUMENT", "DESCRIBES", "Image");
        if (!packed) return;
        add_file("Download", facts_.download, "ARCHIVE", true);
        relate("Image", "EXPANDED_FROM_ARCHIVE", "Download");
    }

    void add_file(const char* id, const ReleaseFile& file, const char* purpose, bool downloaded) {
        const std::string place = downloaded && !facts_.url.empty() ? facts_.url + percent_encoded(file.name) : unknown;
        Json package = package_of(id, file.name, place, file.sha256);
        package["packageFileName"] = file.name;
        package["licenseDeclared"] = unknown;
        package["primaryPackagePurpose"] = purpose;
        packages_.push_back(std::move(package));
    }

    /// What every package has to say of itself.
    static Json package_of(const std::string& id, const std::string& name, const std::string& place,
                           const std::string& sha256) {
        Json package{{"SPDXID", "SPDXRef-" + id}, {"name", name},        {"downloadLocation", place},
                     {"filesAnalyzed", false},    {"supplier", unknown}, {"licenseConcluded", unknown},
                     {"copyrightText", unknown}};
        if (!sha256.empty()) package["checksums"] = Json::array({{{"algorithm", "SHA256"}, {"checksumValue", sha256}}});
        return package;
    }

    void contain(const std::string& whole, const Component& part) {
        Json package = package_of(part.id, part.name, unknown, part.sha256);
        if (!part.version.empty()) package["versionInfo"] = part.version;
        if (!part.supplier.empty()) package["supplier"] = "Organization: " + part.supplier;
        package["licenseDeclared"] = licence_of(part);
        package["primaryPackagePurpose"] = purpose_of(part.type);
        Json references = Json::array();
        const auto refer = [&](const char* category, const char* type, const std::string& locator) {
            if (!locator.empty())
                references.push_back(
                    {{"referenceCategory", category}, {"referenceType", type}, {"referenceLocator", locator}});
        };
        refer("SECURITY", "cpe23Type", part.cpe);
        refer("PACKAGE-MANAGER", "purl", part.purl);
        if (!references.empty()) package["externalRefs"] = std::move(references);
        if (const std::string comment = comment_of(part); !comment.empty()) package["comment"] = comment;
        packages_.push_back(std::move(package));
        relate(whole, "CONTAINS", part.id);
    }

    static std::string comment_of(const Component& component) {
        std::string comment;
        const auto add = [&](const std::string& name, const std::string& value) {
            if (!value.empty()) comment += (comment.empty() ? "" : "\n") + name + ": " + value;
        };
        add("maintainer", component.publisher);
        for (const auto& [name, value] : component.properties) add(name, value);
        return comment;
    }

    /// An expression, or a reference to what the package database says in words of its own.
    std::string licence_of(const Component& component) {
        if (component.licence.empty()) return unknown;
        if (const auto expression = licence_expression(component.licence)) return *expression;
        const std::string id = "LicenseRef-" + hex(ByteView(sha256(as_bytes(component.licence))).first(8));
        licences_.emplace(id, component.licence);
        return id;
    }

    void relate(const std::string& from, const char* how, const std::string& to) {
        relationships_.push_back(
            {{"spdxElementId", "SPDXRef-" + from}, {"relationshipType", how}, {"relatedSpdxElement", "SPDXRef-" + to}});
    }

    const ReleaseFacts& facts_;
    Json packages_ = Json::array();
    Json relationships_ = Json::array();
    std::map<std::string, std::string> licences_;  ///< by the reference's name
};

}  // namespace

std::string spdx_json(const ReleaseFacts& facts) {
    return Document(facts).text();
}

}  // namespace rpixen
