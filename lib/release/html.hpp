#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

// The little HTML that a page is made of. Whatever is named `text` is escaped here; `html` is taken as it is.

namespace rpixen {

/// By name what stands in a template for `{{name}}`, as HTML.
using Slots = std::map<std::string_view, std::string>;

/// Puts the slots into a template, in one pass: what comes in is not looked at again. Throws Error{internal} where the
/// template names a slot that there is not, or has none of a name.
std::string fill_template(std::string_view html, const Slots& slots);

/// <tag class="kind">html</tag>; without a class where `kind` is empty.
std::string element(std::string_view tag, std::string_view html, std::string_view kind = {});
/// <p>text</p>
std::string paragraph(std::string_view text, std::string_view kind = {});
/// The paragraphs of a text, which empty lines part.
std::string paragraphs(std::string_view text);
/// What opens on a click.
std::string details(std::string_view summary_text, std::string_view html);
/// A text of several lines, in a box that scrolls.
std::string listing(std::string_view text);
/// A link to what a publisher's address and a file's name give: `base` is followed where it is http(s), else the
/// link is to the file beside the page.
std::string file_link(std::string_view base, std::string_view name);

struct Column {
    std::string_view name;
    std::string_view kind = {};  ///< "right", "digest" or ""
};
/// A row's cells are text, one for each column. With `kind` "stack" rows become blocks on a phone.
std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
                  std::string_view kind = {});

/// A name as one word of a POSIX shell, not yet escaped for HTML.
std::string shell_word(std::string_view name);

}  // namespace rpixen
