#include "release/provenance.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"

namespace rpixen {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* in_toto_statement = "https://in-toto.io/Statement/v1";
constexpr const char* slsa_provenance = "https://slsa.dev/provenance/v1";
/// What the build's parameters mean; docs/release.md tells.
constexpr const char* build_type = "urn:rpixen-img:compose:v1";
/// SLSA asks for a builder, and only its user can name it.
constexpr const char* no_builder = "urn:rpixen-img:builder:not-named";

/// Bytes of an input that are no UTF-8 become U+FFFD.
std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json subject_of(const ReleaseFile& file) {
    return {{"name", file.name}, {"digest", {{"sha256", file.sha256}}}};
}

Json dependency_of(const ReportArtifact& artifact) {
    Json json{{"name", artifact.role}, {"uri", artifact.path}};
    if (!artifact.sha256.empty()) json["digest"] = {{artifact.is_folder ? "rpixenFolder1" : "sha256", artifact.sha256}};
    if (!artifact.version.empty()) json["annotations"] = {{"version", artifact.version}};
    return json;
}

Json list_of(const std::vector<std::string>& texts) {
    Json list = Json::array();
    for (const std::string& text : texts) list.push_back(text);
    return list;
}

/// Null where the text is no JSON, or deeper than any of ours.
Json parse(std::string_view text) {
    constexpr int deepest = 32;
    const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= deepest; };
    return Json::parse(text, shallow, false);
}

std::string string_at(const Json& json, const char* key) {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string provenance_statement(const ReleaseFacts& facts, const std::vector<ReleaseFile>& subjects,
                                 const BuildParameters& parameters) {
    Json external{{"manifest", Json::parse(facts.manifest)}, {"compress", parameters.compress}};
    if (parameters.source_date_epoch) external["SOURCE_DATE_EPOCH"] = *parameters.source_date_epoch;
    external["allow"] = list_of(parameters.allow);
    external["deny"] = list_of(parameters.deny);
    if (!facts.url.empty()) external["url"] = facts.url;

    Json statement{{"_type", in_toto_statement}, {"subject", Json::array()}, {"predicateType", slsa_provenance}};
    for (const ReleaseFile& file : subjects) statement["subject"].push_back(subject_of(file));
    Json definition{{"buildType", build_type},
                    {"externalParameters", std::move(external)},
                    {"internalParameters", {{"time", facts.card.time}}},
                    {"resolvedDependencies", Json::array()}};
    for (const ReportArtifact& artifact : facts.card.artifacts)
        definition["resolvedDependencies"].push_back(dependency_of(artifact));
    statement["predicate"] = {{"buildDefinition", std::move(definition)},
                              {"runDetails",
                               {{"builder",
                                 {{"id", parameters.builder.empty() ? no_builder : parameters.builder},
                                  {"version", {{"rpixen-img", facts.tool_version}}}}}}}};
    return text_of(statement);
}

std::string pre_authentication_encoding(std::string_view type, std::string_view body) {
    return "DSSEv1 " + std::to_string(type.size()) + " " + std::string(type) + " " + std::to_string(body.size()) + " " +
           std::string(body);
}

std::string envelope(std::string_view statement, const Signer* signer) {
    Json json{{"payload", base64(as_bytes(statement))}, {"payloadType", statement_type}, {"signatures", Json::array()}};
    if (signer) {
        const Bytes signature = signer->sign(as_bytes(pre_authentication_encoding(statement_type, statement)),
                                             "provenance");
        json["signatures"].push_back({{"sig", base64(signature)}, {"keyid", signer->key_id()}});
    }
    return text_of(json) + "\n";
}

std::optional<Envelope> parse_envelope(std::string_view line) {
    const Json json = parse(line.substr(0, line.find('\n')));
    const auto payload = parse_base64(string_at(json, "payload"));
    if (!json.is_object() || !json.contains("payload") || !json["payload"].is_string() || !payload ||
        !json.contains("signatures"))
        return std::nullopt;
    Envelope found{string_at(json, "payloadType"), std::string(as_text(*payload)), {}};
    if (!json["signatures"].is_array()) return std::nullopt;
    for (const Json& signature : json["signatures"])
        if (auto bytes = parse_base64(string_at(signature, "sig"))) found.signatures.push_back(*std::move(bytes));
    return found;
}

std::optional<std::vector<ReleaseFile>> subjects_of(std::string_view statement) {
    const Json json = parse(statement);
    if (string_at(json, "_type") != in_toto_statement || !json.contains("subject") || !json["subject"].is_array())
        return std::nullopt;
    std::vector<ReleaseFile> subjects;
    for (const Json& subject : json["subject"]) {
        if (!subject.is_object() || !subject.contains("digest")) return std::nullopt;
        subjects.push_back({string_at(subject, "name"), 0, string_at(subject["digest"], "sha256")});
    }
    return subjects;
}

}  // namespace rpixen
