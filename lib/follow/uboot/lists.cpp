#include <algorithm>
#include <utility>

#include "follow/uboot/shell.hpp"

// How U-Boot's shell goes through a list of steps (common/cli_hush.c run_list_real, run_pipe_real), word for
// word as it does it: `a && b || c` does not run c where a fails, a script's status is 0 unless it cannot be
// read, and a command with a variable is read twice.

namespace rpixen {
namespace {

using hush::Joint;
using hush::Mode;

constexpr unsigned most_steps = 10000;
constexpr unsigned most_moves = 200000;
constexpr int deepest_run = 40;
constexpr std::size_t most_objects = 256;  // in memory: each is held against each
constexpr std::size_t largest_command = 1 * MiB;
constexpr std::size_t most_values = 4096;  // of a for
constexpr std::size_t largest_message = 1024;
constexpr std::uint64_t most_work = 64 * MiB;

bool is_loop(Mode mode) {
    return mode == Mode::while_ || mode == Mode::until || mode == Mode::for_;
}

bool is_load(std::string_view name) {
    return name == "load" || name == "fatload" || name == "ext4load" || name == "ext2load" || name == "fsload" ||
           name == "imxtract" || name == "tftpboot" || name == "tftp" || name == "usbboot";
}

bool reads_only(const std::string& word) {
    return word.starts_with("pr") || word.starts_with("li") || word.starts_with("he") || word.starts_with("g") ||
           word.starts_with("ch");
}

/// A for without its in, or the other way round.
bool has_broken_for(const hush::List& steps) {
    for (std::size_t index = 0; index < steps.size(); ++index) {
        const Mode mode = steps[index].mode;
        if (mode != Mode::for_ && mode != Mode::in) continue;
        if (index + 1 == steps.size()) return true;
        const hush::Step& next = steps[index + 1];
        if (mode == Mode::in && next.mode == Mode::in && !next.words.empty()) return true;
        if (mode == Mode::for_ && next.mode != Mode::in) return true;
    }
    return false;
}

}  // namespace

bool Shell::over(bool met, const std::string& bound, const std::string& place) {
    if (met && !overrun_) {
        unfollowed("more than " + bound, place);
        overrun_ = true;
    }
    return overrun_;
}

bool Shell::work(std::uint64_t bytes) {
    run_.work += bytes;
    return !over(run_.work > most_work, std::to_string(most_work / MiB) + " MiB of work", place_);
}

int Shell::text(const UBootScriptText& script, const std::string& place, hush::Reading reading) {
    if (script.text.empty()) return 0;
    if (depth_ >= deepest_run) {
        unfollowed("run, nested too deeply", place);
        return 1;
    }
    if (!work(script.text.size())) return 1;
    const hush::Parsed parsed = hush::parse(script.text, reading);
    const std::string behind = place.empty() ? "" : " (" + place + ")";
    for (const std::string& error : parsed.errors) once(run_.syntax_errors, error + behind);
    for (const int line : parsed.carriage_returns) once(run_.carriage_returns, "line " + std::to_string(line) + behind);
    ++depth_;
    const std::string before = std::exchange(place_, place);
    int status = 1;
    for (const hush::Line& line : parsed.lines) {
        for (unsigned number = 0; number < line.complaints; ++number) say("syntax error");
        if (!line.runs) continue;
        status = list(line.list);
        if (ended() || leaving_) break;
    }
    if (leaving_)
        status = *std::exchange(leaving_, std::nullopt);
    else if (parsed.broken || status != 0)
        status = 1;
    place_ = before;
    --depth_;
    return status;
}

int Shell::list(const hush::List& steps) {
    if (has_broken_for(steps)) {
        say("syntax error");
        once(run_.syntax_errors, "line " + std::to_string(steps.front().line) + ": for without in");
        return 1;
    }
    bool in_loop = false;
    std::size_t loop = 0;  // where it begins
    bool repeats = false;
    bool restore = false;
    std::optional<Mode> skipped;
    bool skips = true;
    int status = 0;
    int condition = 0;
    int next_condition = 0;
    std::optional<Words> values;
    std::size_t next_value = 0;
    for (std::size_t index = 0; index < steps.size(); index = restore ? loop : index + 1) {
        const hush::Step& here = steps[index];
        const Mode mode = here.mode;
        if (over(++moves_ > most_moves, std::to_string(most_moves) + " steps", where(here))) return 1;
        if (is_loop(mode)) {
            restore = false;
            if (!in_loop) {
                repeats = false;
                in_loop = true;
                loop = index;
            }
        }
        if (skipped == mode && skips) {
            if (here.joint == Joint::sequence) skips = false;
            continue;
        }
        skips = true;
        skipped.reset();
        if (mode == Mode::then || mode == Mode::else_) condition = next_condition;
        if (mode == Mode::then && condition != 0) continue;
        if (mode == Mode::else_ && condition == 0) continue;
        if (mode == Mode::elif && condition == 0) break;
        std::string assignment;
        if (mode == Mode::for_ && !here.empty()) {
            if (!values) {
                if (index + 1 >= steps.size() || steps[index + 1].words.empty()) continue;
                values = for_values(steps[index + 1]);
                next_value = 0;
                repeats = true;
            }
            if (next_value == values->size()) {
                values.reset();
                repeats = false;
                continue;
            }
            assignment = here.words[0].text + "=" + (*values)[next_value++];
        }
        if (mode == Mode::in || (mode == Mode::do_ && !repeats)) continue;
        if (mode == Mode::done) {
            if (repeats)
                restore = in_loop;
            else
                in_loop = false;
        }
        if (here.empty()) continue;
        const bool guards = here.joint == Joint::or_else || mode == Mode::if_ || mode == Mode::elif ||
                            mode == Mode::while_ || mode == Mode::until;
        guarded_ += guards ? 1 : 0;
        if (assignment.empty()) {
            status = step(here);
        } else if (hush::is_assignment(assignment)) {
            set_local(assignment);
            status = 0;
        } else {
            status = command({assignment}, here);
        }
        guarded_ -= guards ? 1 : 0;
        if (ended() || leaving_) return status;
        last_ = newer(202304) ? status : status == 0 ? 0 : 1;
        if (mode == Mode::if_ || mode == Mode::elif) next_condition = status;
        if (mode == Mode::while_) repeats = last_ == 0;
        if (mode == Mode::until) repeats = last_ != 0;
        if ((status == 0 && here.joint == Joint::or_else) || (status != 0 && here.joint == Joint::and_then))
            skipped = mode;
    }
    return status;
}

int Shell::step(const hush::Step& step) {
    return step.group.empty() ? simple(step) : list(step.group);
}

/// ${name}, ${name:-default}, ${name:=default}, ${name:+other}, $?
std::optional<std::string> Shell::lookup(const std::string& whole) {
    if (whole == "$?") return std::to_string(last_);
    const std::size_t colon = whole.find(':');
    const std::string name = whole.substr(0, colon);
    const char kind = colon == std::string::npos || colon + 1 >= whole.size() ? '\0' : whole[colon + 1];
    const std::string other = kind == '-' || kind == '=' || kind == '+' ? whole.substr(colon + 2) : "";
    if (name == "fdt_addr") run_.uses_fdt_addr = true;
    std::optional<std::string> found;
    if (const auto variable = run_.environment.find(name); variable != run_.environment.end())
        found = variable->second;
    else if (const auto local = locals_.find(name); local != locals_.end())
        found = local->second;
    if (found && !found->empty()) return kind == '+' ? std::string() : found;
    if (kind == '=') set_local(name + "=" + other);
    return kind == '-' || kind == '=' || kind == '+' ? std::optional(other) : std::nullopt;
}

/// insert_var_value_sub()
std::string Shell::expand(const std::string& text, bool protect) {
    std::string result;
    std::size_t place = 0;
    bool any = false;
    while (!overrun_) {
        const std::size_t begin = text.find(hush::variable_mark, place);
        const std::size_t end = begin == std::string::npos ? begin : text.find(hush::variable_mark, begin + 1);
        if (end == std::string::npos) break;
        any = true;
        result.append(text, place, begin - place);
        if (const auto found = lookup(text.substr(begin + 1, end - begin - 1))) {
            if (protect) result += hush::value_mark;
            result += *found;
            if (protect) result += hush::value_mark;
        }
        place = end + 1;
        over(result.size() > largest_command, "1 MiB in a command", place_);
    }
    result.append(text, place, std::string::npos);
    if (any) std::replace(result.begin(), result.end(), '\n', ' ');
    work(result.size());
    return result;
}

/// make_list_in(): cut at every blank, quoted or not.
Words Shell::for_values(const hush::Step& step) {
    Words values;
    for (const hush::Word& word : step.words) {
        const std::string text = expand(word.text);
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find(' ', begin), text.size());
            if (end > begin) values.push_back(text.substr(begin, end - begin));
            begin = end + 1;
            if (over(values.size() > most_values, "4096 words in a for", where(step))) return {};
        }
    }
    return values;
}

int Shell::simple(const hush::Step& step) {
    std::size_t first = 0;
    while (first < step.words.size() && hush::is_assignment(step.words[first].text)) ++first;
    unsigned left = step.variables;
    for (std::size_t index = 0; index < first; ++index) {
        const std::string& word = step.words[index].text;
        if (word.find(hush::variable_mark) != std::string::npos) --left;
        set_local(expand(word));
    }
    if (first == step.words.size()) return 0;
    if (left > 0) return again(step, first);
    Words words;
    for (std::size_t index = first; index < step.words.size(); ++index) words.push_back(step.words[index].text);
    if (words[0].find(';') != std::string::npos) {
        say("Unknown command '" + words[0] + "' - try 'help' or use 'run' command");
        return 1;
    }
    return command(words, step);
}

/// Puts the words together and reads them a second time (make_string()).
int Shell::again(const hush::Step& step, std::size_t first) {
    const auto no_eval = locals_.find("HUSH_NO_EVAL");
    const bool protect = no_eval != locals_.end() && !no_eval->second.empty() && no_eval->second[0] != '0';
    std::string text;
    for (std::size_t index = first; index < step.words.size(); ++index) {
        const hush::Word& word = step.words[index];
        if (index > first) text += ' ';
        if (word.quoted) text += '\'';
        text += expand(word.text, protect);
        if (word.quoted) text += '\'';
        if (over(text.size() > largest_command, "1 MiB in a command", where(step))) return 1;
    }
    const hush::Parsed parsed = hush::parse(text + "\n", hush::Reading::again);
    for (const hush::Line& line : parsed.lines) {
        for (unsigned number = 0; number < line.complaints; ++number) {
            say("syntax error");
            once(run_.syntax_errors, "a quote is never closed once the variables are put in: " + hush::show(step) +
                                         " (" + where(step) + ")");
        }
        if (!line.runs) continue;
        for (const hush::Step& part : line.list) {
            if (part.empty()) continue;
            // Reserved words and joints mean nothing here, so there is one command at most.
            std::size_t begin = 0;
            while (begin < part.words.size() && hush::is_assignment(part.words[begin].text))
                set_local(part.words[begin++].text);
            Words words;
            for (std::size_t index = begin; index < part.words.size(); ++index) words.push_back(part.words[index].text);
            if (words.empty()) {
                last_ = 0;  // assignments only
            } else if (words[0].find(';') != std::string::npos) {
                say("Unknown command '" + words[0] + "' - try 'help' or use 'run' command");
                last_ = 1;
            } else {
                const int status = command(words, step);
                if (leaving_) return status;
                last_ = newer(202304) ? status : status == 0 ? 0 : 1;
            }
        }
    }
    return last_;
}

int Shell::command(const Words& words, const hush::Step& written) {
    if (over(run_.steps.size() >= most_steps, std::to_string(most_steps) + " commands", where(written))) return 1;
    if (over(run_.memory.objects.size() >= most_objects, std::to_string(most_objects) + " files in memory",
             where(written)))
        return 1;
    Words full = words;
    if (const std::string_view name = full_command(words[0]); !name.empty())
        full[0] = std::string(name) + words[0].substr(std::min(words[0].find('.'), words[0].size()));
    std::string text;
    for (const std::string& word : full)
        if (text.size() < largest_message) text += (text.empty() ? "" : " ") + word.substr(0, largest_message);
    const bool significant = is_load(full[0]) || (full[0] == "fdt" && full.size() > 1 && !reads_only(full[1]));
    const std::size_t index = run_.steps.size();
    run_.steps.push_back({visible(text), where(written), true, significant});
    int status = 1;
    if (significant && significant_++ == start_.fail_step) {
        if (full[0] == "fdt" && full[1].starts_with("ap")) run_.memory.destroy_working();
    } else {
        status = dispatch(full, written);
    }
    run_.steps[index].succeeded = status == 0;
    return status;
}

}  // namespace rpixen
