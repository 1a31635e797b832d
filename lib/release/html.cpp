#include "release/html.hpp"

#include <algorithm>
#include <set>

#include <rpixen/error.hpp>

#include "base/markup.hpp"
#include "base/text.hpp"

namespace rpixen {
namespace {

bool is_alphanumeric(char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

/// RFC 3986: all but the unreserved characters as %XX.
std::string percent_encoded(std::string_view name) {
    std::string text;
    for (const char letter : name) {
        if (is_alphanumeric(letter) || std::string_view("-._~").find(letter) != std::string_view::npos)
            text += letter;
        else
            text += "%" + upper_case(hex_number(static_cast<unsigned char>(letter), 2));
    }
    return text;
}

}  // namespace

std::string fill_template(std::string_view html, const Slots& slots) {
    std::string page;
    std::set<std::string_view> used;
    while (true) {
        const std::size_t begin = html.find("{{");
        page += html.substr(0, begin);
        if (begin == std::string_view::npos) break;
        const std::size_t end = html.find("}}", begin);
        if (end == std::string_view::npos) throw Error(ErrorCode::internal, "a template's slot has no end");
        const std::string_view name = html.substr(begin + 2, end - begin - 2);
        const auto slot = slots.find(name);
        if (slot == slots.end())
            throw Error(ErrorCode::internal, "a template names a slot that there is not", std::string(name));
        page += slot->second;
        used.insert(name);
        html.remove_prefix(end + 2);
    }
    for (const auto& [name, value] : slots)
        if (!used.contains(name))
            throw Error(ErrorCode::internal, "no slot of a template has this name", std::string(name));
    return page;
}

std::string element(std::string_view tag, std::string_view html, std::string_view kind) {
    std::string text = "<";
    text += tag;
    if (!kind.empty()) text.append(" class=\"").append(kind).append("\"");
    return text.append(">").append(html).append("</").append(tag).append(">");
}

std::string paragraph(std::string_view text, std::string_view kind) {
    return element("p", escape_markup(text), kind) + "\n";
}

std::string paragraphs(std::string_view text) {
    std::string html;
    while (!text.empty()) {
        const std::size_t end = text.find("\n\n");
        if (const std::string_view part = trimmed(text.substr(0, end)); !part.empty()) html += paragraph(part);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 2);
    }
    return html;
}

std::string details(std::string_view summary_text, std::string_view html) {
    return element("details", element("summary", escape_markup(summary_text)) + "\n" + std::string(html)) + "\n";
}

std::string listing(std::string_view text) {
    return "<pre tabindex=\"0\"><code>" + escape_markup(text) + "</code></pre>\n";
}

std::string file_link(std::string_view base, std::string_view name) {
    const bool web = base.starts_with("https://") || base.starts_with("http://");
    return "<a href=\"" + (web ? escape_markup(base) : std::string()) + percent_encoded(name) + "\">" +
           escape_markup(name) + "</a>";
}

std::string table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
                  std::string_view kind) {
    const auto opened = [](const char* tag, const Column& column) {
        return std::string("<") + tag +
               (column.kind.empty() ? std::string() : " class=\"" + std::string(column.kind) + "\"");
    };
    std::string html = kind.empty() ? "<table>\n<thead><tr>"
                                    : "<table class=\"" + std::string(kind) + "\">\n<thead><tr>";
    for (const Column& column : columns)
        html += opened("th", column) + " scope=\"col\">" + escape_markup(column.name) + "</th>";
    html += "</tr></thead>\n<tbody>\n";
    for (const std::vector<std::string>& row : rows) {
        html += "<tr>";
        for (std::size_t index = 0; index < columns.size(); ++index) {
            html += opened("td", columns[index]);
            if (!kind.empty()) html += " data-label=\"" + escape_markup(columns[index].name) + "\"";
            html += ">" + escape_markup(row.at(index)) + "</td>";
        }
        html += "</tr>\n";
    }
    return html + "</tbody>\n</table>\n";
}

std::string shell_word(std::string_view name) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char letter) {
        return is_alphanumeric(letter) || std::string_view("-._+,:@%/").find(letter) != std::string_view::npos;
    });
    if (plain) return std::string(name);
    std::string word = "'";
    for (const char letter : name) {
        if (letter == '\'')
            word += "'\\''";
        else
            word += letter;
    }
    return word + "'";
}

}  // namespace rpixen
