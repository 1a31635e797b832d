#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The script language of GRUB 2 (docs/grub.texi, "Shell-like scripting"; grub-core/script), as far as grub.cfg
// files need it.

namespace rpixen {

inline constexpr char grub_mark = '\x03';         ///< before and behind a variable's name that splits into words
inline constexpr char grub_quoted_mark = '\x04';  ///< the same inside double quotes

struct GrubWord {
    std::string text;     ///< with the names of variables between marks
    bool quoted = false;  ///< some of it: it is a word even where it expands to nothing
};

struct GrubCommand;
using GrubList = std::vector<GrubCommand>;

struct GrubCommand {
    int line = 0;
    std::vector<GrubWord> words;
    GrubList body;                                        ///< of menuentry, submenu and function
    std::vector<std::pair<GrubList, GrubList>> branches;  ///< of if: condition, body
    GrubList otherwise;
};

/// Ends for every text: what closes nothing is passed over, what nests too deep is left out.
GrubList parse_grub_script(std::string_view text);

}  // namespace rpixen
