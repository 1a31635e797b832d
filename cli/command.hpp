#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actions.hpp"
#include "arguments.hpp"
#include "surroundings.hpp"

namespace rpixen::cli {

/// One run of one command.
struct Session {
    const Surroundings& surroundings;
    const Actions& actions;
    const Arguments& arguments;
    Supervision supervision;

    std::ostream& out() const { return surroundings.out; }
    bool json() const { return arguments.has("json"); }
    bool quiet() const { return arguments.has("quiet"); }
    bool verbose() const { return arguments.has("verbose"); }
    /// Findings for a person, on standard output or on standard error.
    std::string results(const std::string& text) const;
    std::string messages(const std::string& text) const;
};

struct Command {
    std::string_view name;
    std::string_view operands;  ///< "MANIFEST"
    std::string_view summary;   ///< one line
    std::string_view story;     ///< paragraphs
    std::string_view examples;  ///< lines
    std::size_t least_operands = 0;
    std::size_t most_operands = 0;
    std::vector<Option> options;
    int (*run)(const Session&) = nullptr;  ///< returns the exit status; throws Error
};

/// Every command, in the order of the help.
const std::vector<Command>& commands();
/// Throws Error{usage} where there is none of that name.
const Command& find_command(std::string_view name);

/// "rpixen-img help", and "rpixen-img help COMMAND", for `width` columns.
std::string help(std::size_t width);
std::string help(const Command& command, std::size_t width);
/// The table of commands as a JSON document (docs/cli.md), of which manual pages and completions are made.
std::string commands_json();

// --- What commands share
// -------------------------------------------------------------------------------------------

/// The options that every command has.
inline constexpr Option json_option{"json", '\0', {}, "print JSON, a failure too (docs/cli.md)"};
inline constexpr Option quiet_option{"quiet", 'q', {}, "print nothing but errors"};
inline constexpr Option verbose_option{"verbose", 'v', {}, "print more"};
inline constexpr Option color_option{
    "color", '\0', "WHEN", "severities in colour: auto (default), always, never", false, "auto always never"};
inline constexpr Option progress_option{
    "progress", '\0', "FORM", "progress on standard error: auto (default), none, json", false, "auto none json"};
inline constexpr Option folder_option{
    "directory", 'C', "DIR", "with the manifest '-': where its relative paths begin (.)", false, "<folder>"};
inline constexpr Option help_option{"help", 'h', {}, "print this help"};
inline constexpr Option allow_option{"allow", '\0',          "ID", "do not let this diagnostic stop the run",
                                     true,    "<diagnostic>"};
inline constexpr Option deny_option{
    "deny", '\0', "ID", "let this diagnostic stop the run, whatever its severity", true, "<diagnostic>"};

/// Fills what compose, plan and check have in common. Throws Error{usage} for an unknown diagnostic or a
/// wrong SOURCE_DATE_EPOCH.
void fill_plan_request(const Session& session, PlanRequest& request);
/// What of it is part of a card's key, beside the manifest. Throws the same.
void fill_key_request(const Session& session, PlanRequest& request);
/// The values of --allow or --deny. Throws Error{usage} where one is no diagnostic.
std::vector<std::string> diagnostic_ids(const Session& session, std::string_view option);
/// A manifest that an operand or option names: "-" is standard input, with the folder of -C. Throws Error{usage, io}.
ManifestSource manifest_source(const Session& session, const std::string& name);
/// Throws Error{usage}.
std::optional<std::int64_t> source_date_epoch(const Session& session);
/// One of a few words, or the first where the option was not given. Throws Error{usage}.
std::string choice(const Session& session, std::string_view option, std::span<const std::string_view> choices);
/// Prints what a verification found; exit status 7 where there is a difference.
template <typename Found>
int print_verification(const Session& session, const Found& found) {
    if (session.json())
        session.out() << found.json();
    else if (!session.quiet())
        session.out() << found.text();
    return found.differences.empty() ? 0 : static_cast<int>(ErrorCode::verification);
}
/// Prints the whole result while the files that belong to it have no names yet, and closes the stream: a
/// failure after that does not add to it. Throws where standard output cannot be written, also where nobody
/// reads it, so that the older files stay.
void print_before_files(const Session& session, const std::function<void()>& print);

Command compose_command();
Command plan_command();
Command inspect_command();
Command verify_command();
Command diff_command();
Command check_command();
Command explain_command();
Command boot_command();
Command diagnose_command();
Command schema_command();
Command init_command();
Command release_command();
Command matrix_command();
Command verify_release_command();
Command flash_command();

}  // namespace rpixen::cli
