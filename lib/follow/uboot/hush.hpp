#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The grammar of U-Boot's command line, its old hush (common/cli_hush.c), with its habits: quotes are gone
// before a command runs, so a command that holds a variable is put together anew and read a second time;
// reserved words mark steps of a flat list, and what is skipped after && and || goes by those marks.

namespace rpixen::hush {

/// Stands before and behind the name of a variable in a word.
inline constexpr char variable_mark = '\x03';
/// Stands before and behind a value that is not read again (HUSH_NO_EVAL).
inline constexpr char value_mark = '\x04';

/// A word without its quotes and backslashes.
struct Word {
    std::string text;     ///< names of variables between variable_mark
    bool quoted = false;  ///< a quote stood somewhere in it
};

enum class Joint : std::uint8_t { sequence, and_then, or_else };

/// The reserved word that a step belongs to.
enum class Mode : std::uint8_t {
    none,
    if_,
    then,
    elif,
    else_,
    fi,
    for_,
    while_,
    until,
    do_,
    done,
    in,
    broken,  ///< behind a reserved word in the wrong place
};

struct Step;
using List = std::vector<Step>;

/// A command, or what stands from `if` to `fi`, from `for` to `done`.
struct Step {
    int line = 0;  ///< from 1
    Mode mode = Mode::none;
    Joint joint = Joint::sequence;  ///< how the next step depends on this one
    std::vector<Word> words;
    unsigned variables = 0;  ///< in the words
    List group;

    bool empty() const { return words.empty() && group.empty(); }
};

/// A command line, which may go over several lines of text.
struct Line {
    List list;
    unsigned complaints = 0;  ///< how often U-Boot says "syntax error" before it runs the list
    bool runs = true;         ///< false: the list is not run
};

enum class Reading : std::uint8_t {
    lines,  ///< a script: a list for each line
    whole,  ///< `run`: one list, line ends are like ;
    again,  ///< the second time: ; & | $ and reserved words mean nothing, only the first line counts
};

struct Parsed {
    std::vector<Line> lines;
    bool broken = false;  ///< after the lines U-Boot reads what lies at address 0 (seen: v2023.01, v2025.01)
    std::vector<std::string> errors;    ///< "line 4: a quote is never closed"
    std::vector<int> carriage_returns;  ///< lines that end in one, which is an ordinary letter
};

/// Never throws.
Parsed parse(std::string_view text, Reading reading = Reading::lines);

/// `name=value`, which sets a variable of the shell.
bool is_assignment(std::string_view word);

/// The names of the variables in a word.
std::vector<std::string> variables(const Word& word);

/// The words as they were written, roughly: for messages.
std::string show(const Step& step);

}  // namespace rpixen::hush
