#include <algorithm>
#include <array>

#include "rules/rules.hpp"

namespace rpixen {
namespace {

const std::vector<Rule>& all_rules() {
    static const std::vector<Rule> rules = [] {
        std::vector<Rule> all;
        for (const auto chapter :
             {xen_rules(), kernel_rules(), placement_rules(), device_tree_rules(), module_rules(), overlay_rules(),
              memory_rules(), script_rules(), uboot_rules(), firmware_rules(), disk_rules(), root_rules(),
              guest_rules(), static_memory_rules(), xl_guest_rules(), efi_rules()})
            all.insert(all.end(), chapter.begin(), chapter.end());
        std::sort(all.begin(), all.end(), [](const Rule& a, const Rule& b) { return a.known.id < b.known.id; });
        return all;
    }();
    return rules;
}

}  // namespace

const char* name_of(Severity severity) noexcept {
    switch (severity) {
        case Severity::note:
            return "note";
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    return "error";
}

std::span<const DiagnosticRule> diagnostic_rules() {
    static const std::vector<DiagnosticRule> known = [] {
        std::vector<DiagnosticRule> all;
        for (const Rule& rule : all_rules()) all.push_back(rule.known);
        return all;
    }();
    return known;
}

const DiagnosticRule* find_diagnostic_rule(std::string_view id) {
    const auto rules = diagnostic_rules();
    const auto place = std::lower_bound(
        rules.begin(), rules.end(), id,
        [](const DiagnosticRule& rule, std::string_view wanted) { return rule.id < wanted; });
    return place != rules.end() && place->id == id ? &*place : nullptr;
}

std::vector<Diagnostic> judge(const BootScenario& scenario) {
    std::vector<Diagnostic> diagnostics;
    for (const Rule& rule : all_rules())
        for (Finding& finding : rule.check(scenario))
            diagnostics.push_back({std::string(rule.known.id), rule.known.severity, std::move(finding.message),
                                   std::move(finding.found), std::move(finding.allowed), std::string(rule.known.why),
                                   std::move(finding.change), std::move(finding.location)});
    std::stable_sort(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& a, const Diagnostic& b) { return a.severity > b.severity; });
    return diagnostics;
}

std::string describe_size(std::uint64_t bytes) {
    std::string digits = std::to_string(bytes);
    for (std::size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
    return digits + " bytes (" + format_address(bytes) + ")";
}

std::string describe_range(const Range& range) {
    return format_address(range.begin) + "-" + format_address(range.end);
}

std::string describe_list(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t index = 0; index < words.size(); ++index) {
        if (index > 0) text += index + 1 == words.size() ? " and " : ", ";
        text += words[index];
    }
    return text;
}

Range range_at(std::uint64_t address, std::uint64_t size) {
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - address;
    return {address, address + std::min(size, room)};
}

std::vector<std::string> split_command_line(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false;
    for (const char letter : text) {
        if (letter == '"') quoted = !quoted;
        if ((letter == ' ' || letter == '\t' || letter == '\n') && !quoted) {
            if (!word.empty()) words.push_back(std::move(word));
            word.clear();
        } else {
            word += letter;
        }
    }
    if (!word.empty()) words.push_back(std::move(word));
    return words;
}

std::optional<std::string> command_line_value(std::string_view text, std::string_view name) {
    std::optional<std::string> value;
    for (const std::string& word : split_command_line(text)) {
        const std::string_view view(word);
        if (view == name) value = "";
        if (view.size() > name.size() && view.substr(0, name.size()) == name && view[name.size()] == '=')
            value = std::string(view.substr(name.size() + 1));
    }
    return value;
}

}  // namespace rpixen
