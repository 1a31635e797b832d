#include "command.hpp"

#include <rpixen/report.hpp>
#include <rpixen/spelling.hpp>

namespace rpixen::cli {
namespace {

const DiagnosticRule& find_rule(std::span<const DiagnosticRule> rules, const std::string& id) {
    std::vector<std::string_view> ids;
    for (const DiagnosticRule& rule : rules) {
        if (rule.id == id || rule.rule == id) return rule;
        ids.push_back(rule.id);
    }
    const std::string question = did_you_mean(id, ids);
    throw Error(ErrorCode::usage, "no diagnostic has this id", id, {},
                question.empty() ? "'rpixen-img explain' lists them" : question);
}

std::string rule_text(const DiagnosticRule& rule) {
    std::string text;
    text.append(rule.id).append(" (").append(name_of(rule.severity)).append("): ").append(rule.title);
    text.append("\n\n").append(rule.why).append("\n\n").append(rule.story);
    if (!text.ends_with('\n')) text += '\n';
    return text.append("\nSource: ").append(rule.source).append("\n");
}

int run(const Session& session) {
    const auto rules = session.actions.rules();
    if (!session.arguments.operands.empty()) {
        const DiagnosticRule& rule = find_rule(rules, session.arguments.operands.front());
        session.out() << (session.json() ? rule_json(rule) : rule_text(rule));
        return 0;
    }
    if (session.json()) {
        session.out() << rules_json(rules);
        return 0;
    }
    std::string text;
    std::size_t width = 0;
    for (const DiagnosticRule& rule : rules) width = std::max(width, rule.id.size());
    for (const DiagnosticRule& rule : rules) {
        const std::string severity = name_of(rule.severity);
        text.append(rule.id).append(width - rule.id.size() + 2, ' ').append(severity);
        text.append(9 - severity.size(), ' ').append(rule.title).append("\n");
    }
    session.out() << text;
    return 0;
}

}  // namespace

Command explain_command() {
    return {
        .name = "explain",
        .operands = "[ID]",
        .summary = "tell the long story of a diagnostic; without ID, list them",
        .story =
            "What the rule is, why it is so, what a user sees on a real board, and the source that states "
            "it.\n",
        .examples =
            "  rpixen-img explain\n"
            "  rpixen-img explain dom0-reg-too-small\n",
        .least_operands = 0,
        .most_operands = 1,
        .options = {},
        .run = run,
    };
}

}  // namespace rpixen::cli
