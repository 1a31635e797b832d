#include <nlohmann/json.hpp>

#include <rpixen/compose.hpp>
#include <rpixen/diff.hpp>
#include <rpixen/flash.hpp>
#include <rpixen/matrix.hpp>
#include <rpixen/propose.hpp>
#include <rpixen/release.hpp>
#include <rpixen/report.hpp>

namespace rpixen {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Diagnostic& diagnostic) {
    Json json{{"id", diagnostic.id},           {"severity", name_of(diagnostic.severity)},
              {"message", diagnostic.message}, {"found", diagnostic.found},
              {"allowed", diagnostic.allowed}, {"why", diagnostic.why},
              {"change", diagnostic.change}};
    if (!diagnostic.location.file.empty()) json["file"] = diagnostic.location.file;
    if (!diagnostic.location.pointer.empty()) json["pointer"] = diagnostic.location.pointer;
    if (diagnostic.location.line > 0) {
        json["line"] = diagnostic.location.line;
        json["column"] = diagnostic.location.column;
    }
    return json;
}

Json json_of(const ReportFile& file) {
    Json json{{"path", file.path}, {"type", file.type}, {"size", file.size},  {"mode", file.mode},
              {"uid", file.uid},   {"gid", file.gid},   {"mtime", file.mtime}};
    if (file.type == "symlink") json["target"] = file.target;
    if (file.type.ends_with("device")) {
        json["major"] = file.major;
        json["minor"] = file.minor;
    }
    return json;
}

Json json_of(const ReportPartition& partition) {
    Json json{{"number", partition.number},
              {"name", partition.name},
              {"type", partition.type},
              {"active", partition.active},
              {"offset", partition.offset},
              {"size", partition.size},
              {"file_system", partition.file_system},
              {"label", partition.label},
              {"uuid", partition.uuid},
              {"used", partition.used},
              {"entries", partition.entries}};
    json["files"] = Json::array();
    for (const ReportFile& file : partition.files) json["files"].push_back(json_of(file));
    return json;
}

Json json_of(const ReportRegion& region) {
    return {{"name", region.name},     {"kind", region.kind},         {"begin", region.begin},   {"end", region.end},
            {"pinned", region.pinned}, {"moved_by", region.moved_by}, {"wanted", region.wanted}, {"role", region.role}};
}

Json json_of(const std::vector<ValueDifference>& values) {
    Json list = Json::array();
    for (const ValueDifference& value : values) list.push_back({{"what", value.what}, {"a", value.a}, {"b", value.b}});
    return list;
}

Json json_of(const RegionDifference& difference) {
    return {{"change", name_of(difference.change)},
            {"a", difference.change == Change::added ? Json(nullptr) : json_of(difference.a)},
            {"b", difference.change == Change::removed ? Json(nullptr) : json_of(difference.b)}};
}

Json json_of(const TextDifference& difference) {
    Json lines = Json::array();
    for (const LineDifference& line : difference.lines)
        lines.push_back({{"change", name_of(line.change)}, {"line", line.line}, {"text", line.text}});
    return {{"name", difference.name}, {"lines", lines}};
}

Json json_of(const std::vector<Diagnostic>& diagnostics) {
    Json list = Json::array();
    for (const Diagnostic& diagnostic : diagnostics) list.push_back(json_of(diagnostic));
    return list;
}

Json json_of(const Problem& problem) {
    return {{"message", problem.message + (problem.rule.empty() ? "" : " [" + problem.rule + "]")},
            {"found", problem.found},
            {"allowed", problem.allowed},
            {"change", problem.change},
            {"rule", problem.rule},
            {"system_error", problem.system_error}};
}

Json json_of(const DiagnosticRule& rule) {
    return {{"id", rule.id},        {"severity", name_of(rule.severity)},
            {"rule", rule.rule},    {"title", rule.title},
            {"why", rule.why},      {"story", rule.story},
            {"source", rule.source}};
}

Json json_of(const FlashDisk& disk) {
    return {{"path", disk.path},           {"model", disk.model},           {"size", disk.size},
            {"removable", disk.removable}, {"candidate", disk.candidate()}, {"refusal", disk.refusal}};
}

Json json_of(const std::vector<ReportArtifact>& artifacts) {
    Json list = Json::array();
    for (const ReportArtifact& artifact : artifacts)
        list.push_back({{"role", artifact.role},
                        {"path", artifact.path},
                        {"sha256", artifact.sha256},
                        {"version", artifact.version},
                        {"size", artifact.size},
                        {"packing", artifact.packing},
                        {"is_folder", artifact.is_folder},
                        {"name", artifact.name}});
    return list;
}

Json json_of(const std::vector<Difference>& differences) {
    Json list = Json::array();
    for (const Difference& difference : differences)
        list.push_back({{"partition", difference.partition},
                        {"path", difference.path},
                        {"what", difference.what},
                        {"expected", difference.expected},
                        {"found", difference.found}});
    return list;
}

/// Names on a disk are bytes; what is no UTF-8 is shown with U+FFFD.
std::string dumped(const Json& json) {
    return json.dump(2, ' ', false, nlohmann::detail::error_handler_t::replace) + "\n";
}

}  // namespace

std::string error_json(const Error& error) {
    Json json{{"code", name_of(error.code())},
              {"exit", static_cast<int>(error.code())},
              {"context", error.context()},
              {"problems", Json::array()}};
    for (const Problem& problem : error.problems()) {
        Json& entry = json["problems"].emplace_back(json_of(problem));
        entry["file"] = problem.location.file;
        entry["pointer"] = problem.location.pointer;
        entry["line"] = problem.location.line;
        entry["column"] = problem.location.column;
    }
    return dumped({{"error", json}});
}

std::string progress_json(const PhaseStart& phase, std::uint64_t done) {
    const Json json{{"phase", name_of(phase.phase)},
                    {"subject", std::string(phase.subject)},
                    {"done", done},
                    {"total", phase.total},
                    {"share", phase.share}};
    return Json{{"progress", json}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string rule_json(const DiagnosticRule& rule) {
    return dumped(json_of(rule));
}

std::string rules_json(std::span<const DiagnosticRule> rules) {
    Json json = Json::array();
    for (const DiagnosticRule& rule : rules) json.push_back(json_of(rule));
    return dumped(json);
}

std::string Report::json() const {
    Json json{{"report_version", 1}, {"name", name},   {"output", output},
              {"size", size},        {"table", table}, {"disk_signature", disk_signature},
              {"time", time}};
    json["partitions"] = Json::array();
    for (const ReportPartition& partition : partitions) json["partitions"].push_back(json_of(partition));
    json["memory"] = Json::array();
    for (const ReportRegion& region : memory) json["memory"].push_back(json_of(region));
    json["facts"] = facts;
    json["script"] = script;
    json["config_txt"] = config_txt;
    json["diagnostics"] = json_of(diagnostics);
    json["notes"] = notes;
    json["not_followed"] = not_followed;
    json["boards"] = Json::array();
    for (const ReportBoard& board : boards)
        json["boards"].push_back({{"memory", board.memory},
                                  {"dom0_mem", board.dom0_mem},
                                  {"ceiling", board.ceiling},
                                  {"guests", board.guests},
                                  {"starts", board.starts},
                                  {"xl_guests", board.xl_guests},
                                  {"xl_starts", board.xl_starts}});
    json["domains"] = Json::array();
    for (const ReportDomain& domain : domains)
        json["domains"].push_back({{"name", domain.name},
                                   {"started_by", domain.started_by},
                                   {"memory", domain.memory},
                                   {"page_tables", domain.page_tables},
                                   {"vcpus", domain.vcpus},
                                   {"static_memory", domain.static_memory}});
    json["refusal"] = Json::array();
    for (const Problem& problem : refusal) json["refusal"].push_back(json_of(problem));
    json["inputs"] = Json::array();
    for (const auto& [path, sha256] : inputs) {
        Json input{{"path", path}};
        if (!sha256.empty()) input["sha256"] = sha256;
        json["inputs"].push_back(input);
    }
    json["artifacts"] = json_of(artifacts);
    json["extents"] = Json::array();
    for (const ReportExtent& extent : extents) json["extents"].push_back({extent.begin, extent.end});
    json["manifest_sha256"] = manifest_sha256;
    json["image_sha256"] = image_sha256;
    return dumped(json);
}

std::string CardInputs::json() const {
    return dumped({{"key", key}, {"artifacts", json_of(artifacts)}, {"files", files}});
}

std::string MatrixTasks::json() const {
    Json json{{"folder", folder}, {"axes", axes}, {"excluded", excluded}, {"tasks", Json::array()}};
    for (const MatrixTask& task : tasks) {
        Json& entry = json["tasks"].emplace_back(
            Json{{"name", task.name}, {"manifest", task.manifest}, {"key", task.key}, {"values", Json::object()}});
        for (std::size_t axis = 0; axis < axes.size(); ++axis) entry["values"][axes[axis]] = task.values[axis];
    }
    return dumped(json);
}

std::string Proposal::json() const {
    Json json{{"manifest", manifest}, {"found", Json::array()}, {"missing", missing}};
    for (const FoundInput& input : found)
        json["found"].push_back(
            {{"path", input.path}, {"role", input.role}, {"what", input.what}, {"taken", input.taken}});
    return dumped(json);
}

std::string Verification::json() const {
    Json json{{"files", files}, {"bytes", bytes}, {"notes", notes}};
    json["differences"] = json_of(differences);
    return dumped(json);
}

std::string FlashDisks::json() const {
    Json json{{"disks", Json::array()}};
    for (const FlashDisk& disk : disks) json["disks"].push_back(json_of(disk));
    return dumped(json);
}

std::string FlashResult::json() const {
    Json json{{"disk", json_of(disk)}, {"image_size", image_size}, {"mapped", mapped}, {"known_by", known_by},
              {"written", written},    {"verified", verified},     {"notes", notes}};
    json["diagnostics"] = Json::array();
    for (const Diagnostic& diagnostic : diagnostics) json["diagnostics"].push_back(json_of(diagnostic));
    return dumped(json);
}

std::string CardDifferences::json() const {
    Json json{{"a", a},        {"b", b}, {"equal", equal()}, {"card", json_of(card)}, {"left_out", left_out},
              {"notes", notes}};
    json["partitions"] = Json::array();
    for (const PartitionDifference& each : partitions)
        json["partitions"].push_back(
            {{"number", each.number}, {"change", name_of(each.change)}, {"values", json_of(each.values)}});
    json["files"] = Json::array();
    for (const FileDifference& each : files)
        json["files"].push_back({{"partition", each.partition},
                                 {"path", each.path},
                                 {"change", name_of(each.change)},
                                 {"type", each.type},
                                 {"values", json_of(each.values)}});
    json["memory"] = Json::array();
    for (const RegionDifference& each : memory) json["memory"].push_back(json_of(each));
    json["texts"] = Json::array();
    for (const TextDifference& each : texts) json["texts"].push_back(json_of(each));
    json["findings"] = {{"gone", json_of(findings_gone)}, {"added", json_of(findings_added)}};
    return dumped(json);
}

std::string Release::json() const {
    Json list = Json::array();
    for (const ReleaseFile& file : files)
        list.push_back({{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}});
    return dumped({{"folder", folder},
                   {"files", std::move(list)},
                   {"image", image},
                   {"image_size", image_size},
                   {"image_sha256", image_sha256},
                   {"mapped", mapped},
                   {"packages", packages},
                   {"signed", is_signed},
                   {"key_id", key_id}});
}

std::string ReleaseVerification::json() const {
    return dumped(
        {{"holds", differences.empty()}, {"differences", json_of(differences)}, {"proven", proven}, {"notes", notes}});
}

std::string Diagnosis::json() const {
    Json json{{"ok", reading.ok},
              {"reached", name_of(reading.reached)},
              {"failed", reading.failed ? Json(name_of(*reading.failed)) : Json(nullptr)},
              {"cause", reading.cause},
              {"evidence", reading.evidence},
              {"line", reading.line},
              {"rule", reading.rules.empty() ? "" : reading.rules.front()},
              {"rules", reading.rules},
              {"change", reading.change},
              {"boot", reading.boot},
              {"boots", reading.boots}};
    json["stages"] = Json::array();
    for (const StageLine& stage : reading.stages)
        json["stages"].push_back({{"stage", name_of(stage.stage)}, {"line", stage.line}});
    json["log"] = log;
    json["image"] = image.empty() ? Json(nullptr) : Json(image);
    json["confirmed"] = confirmed;
    json["diagnostics"] = json_of(findings);
    json["not_followed"] = not_followed;
    return dumped(json);
}

}  // namespace rpixen
