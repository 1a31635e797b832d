#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The grammar of U-Boot's command line (common/cli_hush.c): commands joined by ; && || and line ends, if,
// for, while and until, words with quotes, escapes and variables.

namespace rpixen::hush {

/// A stretch of a word: text as it stands, or the name of a variable.
struct WordPart {
    std::string text;
    bool variable = false;
    bool quoted = false;  ///< an unquoted variable falls apart into words where it holds blanks
};
using Word = std::vector<WordPart>;

struct Command;
using List = std::vector<Command>;

enum class Joint : std::uint8_t { sequence, and_then, or_else };

struct Command {
    enum class Kind : std::uint8_t {
        simple,
        conditional,
        while_loop,
        until_loop,
        for_loop
    } kind = Kind::simple;
    int line = 0;                   ///< from 1
    Joint joint = Joint::sequence;  ///< how the next command of the list depends on this one
    std::vector<Word> words;        ///< simple: the command; for_loop: what is gone through
    std::string variable;           ///< for_loop
    List condition;                 ///< conditional, while_loop, until_loop
    List body;
    List otherwise;  ///< conditional: else; an elif is a conditional in here
};

struct Parsed {
    List list;
    std::vector<std::string> errors;  ///< "line 4: a quote is never closed"
};

/// Never throws; what cannot be read is in `errors` and left out of the list.
Parsed parse(std::string_view text);

/// The word as it was written, roughly: for messages.
std::string show(const Word& word);
std::string show(const Command& command);

}  // namespace rpixen::hush
