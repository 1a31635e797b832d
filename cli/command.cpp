#include "command.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <rpixen/error.hpp>
#include <rpixen/spelling.hpp>

#include "descriptor_stream.hpp"
#include "style.hpp"

namespace rpixen::cli {
namespace {

std::string listed(std::span<const std::string_view> words) {
    std::string list;
    for (const std::string_view word : words) list.append(list.empty() ? "" : ", ").append(word);
    return list;
}

}  // namespace

const std::vector<Command>& commands() {
    static const std::vector<Command> all = [] {
        std::vector<Command> list{
            compose_command(),        plan_command(),    check_command(),  explain_command(), boot_command(),
            diagnose_command(),       inspect_command(), verify_command(), diff_command(),    release_command(),
            verify_release_command(), flash_command(),   matrix_command(), schema_command(),  init_command()};
        for (Command& command : list)
            for (const Option& option :
                 {json_option, quiet_option, verbose_option, color_option, progress_option, help_option})
                command.options.push_back(option);
        return list;
    }();
    return all;
}

const Command& find_command(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Command& command : commands()) {
        if (command.name == name) return command;
        names.push_back(command.name);
    }
    throw Error(ErrorCode::usage, "unknown command", std::string(name), listed(names), did_you_mean(name, names));
}

std::vector<std::string> diagnostic_ids(const Session& session, std::string_view option) {
    std::vector<std::string> ids = session.arguments.values(option);
    std::vector<std::string_view> known;
    for (const DiagnosticRule& rule : session.actions.rules()) known.push_back(rule.id);
    for (const std::string& id : ids) {
        if (std::find(known.begin(), known.end(), id) != known.end()) continue;
        std::string change = did_you_mean(id, known);
        if (change.empty()) change = "'rpixen-img explain' lists them";
        throw Error(ErrorCode::usage, "no diagnostic has this id", "--" + std::string(option) + ' ' + id, {}, change);
    }
    return ids;
}

std::optional<std::int64_t> source_date_epoch(const Session& session) {
    const auto& text = session.surroundings.source_date_epoch;
    if (!text) return std::nullopt;
    std::int64_t seconds = 0;
    const char* end = text->data() + text->size();
    const auto result = std::from_chars(text->data(), end, seconds);
    // A script image's time ends in 2106, FAT's in 2107; that is far, and a wrong unit (milliseconds) is not.
    constexpr std::int64_t last = 0xffffffff;  // 2106-02-07T06:28:15Z
    if (result.ec != std::errc{} || result.ptr != end || seconds < 0 || seconds > last)
        throw Error(ErrorCode::usage, "the environment's SOURCE_DATE_EPOCH is no time", *text,
                    "seconds since 1970, up to " + std::to_string(last), "correct or unset it");
    return seconds;
}

ManifestSource manifest_source(const Session& session, const std::string& name) {
    const auto folder = session.arguments.value("directory");
    if (name != "-") {
        if (folder)
            throw Error(ErrorCode::usage, "the manifest's own folder is where its paths begin", "-C " + *folder,
                        "-C with the manifest '-'", "leave -C out, or give the manifest on standard input");
        return name;
    }
    constexpr std::size_t most = 16 * 1024 * 1024;
    std::string text;
    std::array<char, 65536> part{};
    std::istream* in = session.surroundings.in;
    while (in && (in->read(part.data(), part.size()), in->gcount() > 0)) {
        text.append(part.data(), static_cast<std::size_t>(in->gcount()));
        if (session.surroundings.cancel) session.surroundings.cancel->check();
        if (text.size() > most)
            throw Error(ErrorCode::manifest, "standard input is too large for a manifest", {}, "at most 16MiB",
                        "give the manifest, not an artifact");
    }
    return ManifestSource::of_text(std::move(text), folder.value_or(""), "standard input");
}

std::string Session::results(const std::string& text) const {
    return surroundings.colors_results() ? colored(text) : text;
}

std::string Session::messages(const std::string& text) const {
    return surroundings.colors_messages() ? colored(text) : text;
}

void fill_key_request(const Session& session, PlanRequest& request) {
    request.source_date_epoch = source_date_epoch(session);
    request.allow = diagnostic_ids(session, "allow");
}

void fill_plan_request(const Session& session, PlanRequest& request) {
    request.manifest = manifest_source(session, session.arguments.operands.at(0));
    request.digest_inputs = session.json();
    fill_key_request(session, request);
    request.deny = diagnostic_ids(session, "deny");
}

std::string choice(const Session& session, std::string_view option, std::span<const std::string_view> choices) {
    const auto given = session.arguments.value(option);
    if (!given) return std::string(choices.front());
    if (std::find(choices.begin(), choices.end(), *given) == choices.end())
        throw Error(ErrorCode::usage, "not a value of --" + std::string(option), *given, listed(choices),
                    did_you_mean(*given, choices));
    return *given;
}

void print_before_files(const Session& session, const std::function<void()>& print) {
    try {
        print();
        session.out() << std::flush;
    } catch (const BrokenPipe&) {
        throw Error(ErrorCode::io, "cannot write to standard output", "its reader has gone", {},
                    "let it read to the end, or give --quiet");
    }
    session.out().setstate(std::ios::eofbit);
}

}  // namespace rpixen::cli
