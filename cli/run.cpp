#include "run.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <system_error>

#include "command.hpp"
#include "descriptor_stream.hpp"
#include "error_report.hpp"
#include "progress_json.hpp"
#include "progress_line.hpp"

#include <rpixen/report.hpp>

namespace rpixen::cli {
namespace {

constexpr std::array<std::string_view, 3> color_words{"auto", "always", "never"};
constexpr std::array<std::string_view, 3> progress_words{"auto", "none", "json"};

/// For help: as wide as the terminal, but no wider than reads well.
std::size_t columns(const Surroundings& surroundings) {
    constexpr std::size_t widest = 110;
    return surroundings.terminal_results ? std::min(surroundings.width(), widest) : widest;
}

int run_command(const Command& command, const std::vector<std::string>& words, const Surroundings& surroundings,
                const Actions& actions) {
    const Arguments arguments = parse_arguments(words, command.options);
    if (arguments.has("help")) {
        surroundings.out << help(command, columns(surroundings));
        return 0;
    }
    const std::size_t count = arguments.operands.size();
    if (count < command.least_operands)
        throw Error(ErrorCode::usage, std::string(command.name) + " needs an operand", {},
                    std::string(command.operands));
    if (count > command.most_operands)
        throw Error(ErrorCode::usage, "too many operands", arguments.operands[command.most_operands],
                    command.operands.empty() ? "none" : std::string(command.operands));
    if (arguments.has("quiet") && arguments.has("verbose"))
        throw Error(ErrorCode::usage, "--quiet and --verbose contradict each other", {}, {}, "give one of them");

    const auto one_of = [&](std::string_view option, std::span<const std::string_view> choices) {
        return choice({surroundings, actions, arguments, {}}, option, choices);
    };
    one_of("color", color_words);  // what is in colour was decided before the first error could be told
    const std::string form = one_of("progress", progress_words);
    ProgressLine line(surroundings, {arguments.has("quiet") || form == "none", arguments.has("verbose")});
    ProgressJson json(surroundings);
    ProgressSink* progress = form == "json" ? static_cast<ProgressSink*>(&json) : &line;
    // The terminal's line is taken off (by the destructor) before an error is printed on it.
    return command.run({surroundings, actions, arguments, {progress, surroundings.cancel}});
}

int dispatch(const std::vector<std::string>& arguments, const Surroundings& surroundings, const Actions& actions) {
    if (arguments.empty()) {
        surroundings.err << help(columns(surroundings));
        return static_cast<int>(ErrorCode::usage);
    }
    const std::string& first = arguments.front();
    const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
    if (first == "--version" || first == "-V") {
        surroundings.out << "rpixen-img " << actions.version() << '\n';
    } else if (first == "--help" || first == "-h") {
        surroundings.out << help(columns(surroundings));
    } else if (first == "help") {
        if (rest.size() > 1) throw Error(ErrorCode::usage, "too many operands", rest[1], "one command");
        if (!rest.empty() && rest.front() == "--json")
            surroundings.out << commands_json();
        else
            surroundings.out << (rest.empty() ? help(columns(surroundings))
                                              : help(find_command(rest.front()), columns(surroundings)));
    } else if (first.starts_with('-')) {
        throw Error(ErrorCode::usage, "an option stands before the command", first, "--help, --version and -V",
                    "write it after the command");
    } else {
        return run_command(find_command(first), rest, surroundings, actions);
    }
    return 0;
}

Surroundings::Color color_of(const std::vector<std::string>& arguments, Surroundings::Color usual) {
    constexpr std::string_view option = "--color";
    std::string_view wish;
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const std::string_view word = arguments[index];
        if (word == option && index + 1 < arguments.size()) wish = arguments[index + 1];
        if (word.starts_with("--color=")) wish = word.substr(option.size() + 1);
    }
    if (wish == "always") return Surroundings::Color::always;
    return wish == "never" ? Surroundings::Color::never : usual;
}

int report(const Error& error, bool json, const Surroundings& surroundings) {
    write_error(surroundings, error);
    if (error.code() == ErrorCode::usage)
        write_message(surroundings.err, "note", "'rpixen-img help' and 'rpixen-img help COMMAND' tell more");
    if (json && surroundings.out.good()) surroundings.out << error_json(error) << std::flush;
    return static_cast<int>(error.code());
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Surroundings& given, const Actions& actions) {
    Surroundings surroundings = given;
    surroundings.color = color_of(arguments, given.color);
    const bool json = std::find(arguments.begin(), arguments.end(), std::string_view("--json")) != arguments.end();
    try {
        try {
            const int status = dispatch(arguments, surroundings, actions);
            surroundings.out << std::flush;
            return status;
        } catch (const Error& error) {
            return report(error, json, surroundings);
        } catch (const BrokenPipe&) {
            throw;
        } catch (const std::bad_alloc&) {
            return report(Error(ErrorCode::io, "not enough memory"), json, surroundings);
        } catch (const std::system_error& system) {  // a thread that is not to be had
            return report(Error(ErrorCode::io, "the system refuses what this program needs", system.code().message(),
                                {}, "raise its limits (ulimit -a), or end other programs"),
                          json, surroundings);
        } catch (const std::exception& bug) {
            return report(Error(ErrorCode::internal, "a bug in this program", bug.what(), {},
                                "please report it with the command and its input"),
                          json, surroundings);
        }
    } catch (const Error& unwritable) {  // standard output failed while a failure was reported
        write_error(surroundings, unwritable);
        return static_cast<int>(unwritable.code());
    } catch (const BrokenPipe&) {  // the reader went away; it does not want to hear about it
        return static_cast<int>(ErrorCode::io);
    } catch (const std::bad_alloc&) {  // there is none even for a report
        surroundings.err << "rpixen-img: error: not enough memory\n" << std::flush;
        return static_cast<int>(ErrorCode::io);
    } catch (...) {
        return static_cast<int>(ErrorCode::internal);
    }
}

}  // namespace rpixen::cli
