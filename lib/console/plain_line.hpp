#pragma once

#include <string>
#include <string_view>

namespace rpixen {

/// A line of a console without escape sequences (ECMA-48), other control characters and trailing blanks: what a
/// person saw.
std::string plain_line(std::string_view raw);

/// What the board itself said in a line that plain_line() made: without the time stamps of those who recorded it, a
/// mail's quotes, noise before the first letter, an entity of HTML, what is left of a colour whose escape character was
/// lost, and the time stamp of the kernel.
std::string spoken(std::string_view line);

}  // namespace rpixen
