#include "law/judgement.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace rpixen::test {
namespace {

Judgement judgement_of(const Report& report, const PlanRequest& request) {
    Judgement judgement;
    std::set<std::string> errors;
    for (const Diagnostic& diagnostic : report.diagnostics) {
        Verdict verdict{diagnostic.id, diagnostic.severity, diagnostic.message, diagnostic.found, {}};
        if (diagnostic.location.pointer.empty() && !diagnostic.location.file.empty())
            verdict.place = diagnostic.location.file + ":" + std::to_string(diagnostic.location.line);
        judgement.verdicts.push_back(std::move(verdict));
        if (diagnostic.severity == Severity::error) errors.insert(diagnostic.id);
        if (stops(diagnostic, request.allow, request.deny)) judgement.status = static_cast<int>(ErrorCode::unfit);
    }
    std::sort(judgement.verdicts.begin(), judgement.verdicts.end());
    judgement.errors.assign(errors.begin(), errors.end());
    judgement.notes = report.not_known;
    std::sort(judgement.notes.begin(), judgement.notes.end());
    return judgement;
}

Judgement failed(const Error& error) {
    Judgement judgement;
    judgement.status = static_cast<int>(error.code());
    judgement.failure = error.what();
    return judgement;
}

template <typename T>
std::vector<T> without(const std::vector<T>& all, const std::vector<T>& taken) {
    std::vector<T> rest;
    std::set_difference(all.begin(), all.end(), taken.begin(), taken.end(), std::back_inserter(rest));
    return rest;
}

}  // namespace

std::string Verdict::text() const {
    return std::string(name_of(severity)) + " " + id + ": " + message + " | found " + found + " | at " + place;
}

Judgement judge_by_check(const std::string& subject, const PlanRequest& wish) {
    CheckRequest request;
    static_cast<PlanRequest&>(request) = wish;
    request.subject = subject;
    try {
        return judgement_of(check(request), request);
    } catch (const Error& error) {
        return failed(error);
    }
}

Judgement judge_by_plan(const PlanRequest& request) {
    try {
        const Report report = plan(request);
        Judgement judgement = judgement_of(report, request);
        judgement.status = report.refusal.empty() ? 0 : static_cast<int>(ErrorCode::unfit);
        return judgement;
    } catch (const Error& error) {
        return failed(error);
    }
}

std::vector<std::string> differences(const std::string& first_name, const Judgement& first,
                                     const std::string& second_name, const Judgement& second) {
    std::vector<std::string> lines;
    if (first.failure != second.failure)
        lines.push_back("failure: " + first_name + " " + std::to_string(first.status) + ", " + second_name + " " +
                        std::to_string(second.status) + ": " + first.failure + second.failure);
    std::vector<Verdict> only_first = without(first.verdicts, second.verdicts);
    std::vector<Verdict> only_second = without(second.verdicts, first.verdicts);
    for (const Verdict& verdict : only_first) {
        const auto same = std::find_if(only_second.begin(), only_second.end(), [&](const Verdict& other) {
            return other.id == verdict.id && other.severity == verdict.severity;
        });
        if (same == only_second.end()) {
            lines.push_back("only " + first_name + " says " + verdict.text());
            continue;
        }
        lines.push_back("words of " + verdict.id + ": " + first_name + " says " + verdict.text() + "; " + second_name +
                        " says " + same->text());
        only_second.erase(same);
    }
    for (const Verdict& verdict : only_second) lines.push_back("only " + second_name + " says " + verdict.text());
    for (const std::string& note : without(first.notes, second.notes))
        lines.push_back("only " + first_name + " notes: " + note);
    for (const std::string& note : without(second.notes, first.notes))
        lines.push_back("only " + second_name + " notes: " + note);
    if (first.status != second.status)
        lines.push_back("status: " + first_name + " " + std::to_string(first.status) + ", " + second_name + " " +
                        std::to_string(second.status));
    return lines;
}

}  // namespace rpixen::test
