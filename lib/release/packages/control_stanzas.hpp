#pragma once

#include <functional>
#include <string_view>

namespace rpixen {

/// The fields of a package's control data (deb-control(5), opkg's is alike) that matter here; empty where they are
/// missing. All are one line.
struct ControlStanza {
    std::string_view package;
    std::string_view status;
    std::string_view version;
    std::string_view architecture;
    std::string_view source;
    std::string_view maintainer;
    std::string_view licence;
    bool damaged = false;  ///< a line of it is no field, or the file ends inside of it
};

/// Calls `take` for every stanza of a text: fields of the form "Name: value", names without regard to case, the lines
/// of a value that begin with a space left out, stanzas parted by empty lines. The views lie in the text.
void for_each_stanza(std::string_view text, const std::function<void(const ControlStanza&)>& take);

}  // namespace rpixen
