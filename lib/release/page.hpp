#pragma once

#include <string>

#include "release/release_facts.hpp"

namespace rpixen {

/// NAME.html: a page for people, with everything in it (no request, no script): what the card is, how to verify and
/// flash it, its layout and memory, the findings with their stories, what it is made of. The template is
/// page.html and page.css beside this file. What comes from inputs is escaped, whatever bytes it has.
std::string release_page(const ReleaseFacts& facts);

}  // namespace rpixen
