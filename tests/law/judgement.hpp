#pragma once

#include <compare>
#include <ostream>
#include <string>
#include <vector>

#include <rpixen/compose.hpp>

namespace rpixen::test {

/// A finding as a user sees it: what it is about and how it is said, but not what to change, since the owner
/// of a manifest changes something else than the owner of an image.
struct Verdict {
    std::string id;
    Severity severity = Severity::note;
    std::string message;
    std::string found;
    std::string place;  ///< where the card has it; never a place in the manifest

    auto operator<=>(const Verdict&) const = default;
    std::string text() const;
    /// For the test framework's messages.
    friend void PrintTo(const Verdict& verdict, std::ostream* out) { *out << verdict.text(); }
};

/// What one look at a card comes to: its findings and what is not known, or the failure instead of them.
struct Judgement {
    std::vector<Verdict> verdicts;  ///< sorted
    std::vector<std::string> notes;
    std::vector<std::string> errors;  ///< ids of the findings that stop the run unless they are allowed, each once
    int status = 0;                   ///< the program's exit status (docs/exit-codes.md)
    std::string failure;              ///< of a run that ended without findings
};

/// As `check SUBJECT`, with the request's time and what it allows and denies.
Judgement judge_by_check(const std::string& subject, const PlanRequest& wish);
/// As `plan MANIFEST`.
Judgement judge_by_plan(const PlanRequest& request);

/// One line for each thing that `first` and `second` say otherwise; empty where they agree. A line begins
/// with a few words that are the same for all differences of one kind.
std::vector<std::string> differences(const std::string& first_name, const Judgement& first,
                                     const std::string& second_name, const Judgement& second);

}  // namespace rpixen::test
