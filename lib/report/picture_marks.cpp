#include "report/picture_marks.hpp"

#include <algorithm>
#include <cmath>

#include "base/markup.hpp"
#include "base/readable.hpp"
#include "base/size.hpp"
#include "base/utf8.hpp"

namespace rpixen {

std::string number(double value) {
    return fixed(value, 1);
}

std::string rectangle(const std::string& kind, double x, double y, double w, double h, double round) {
    return "<rect class=\"" + kind + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(w) +
           "\" height=\"" + number(h) + (round > 0 ? "\" rx=\"" + number(round) : "") + "\"/>\n";
}

std::string words(const std::string& kind, double x, double y, const std::string& text, const char* anchor) {
    return "<text class=\"" + kind + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
           "\">" + escape_markup(text) + "</text>\n";
}

std::string cut(const std::string& text, double room, double letter) {
    const auto most = static_cast<std::size_t>(std::max(room / letter, 1.0));
    std::size_t end = 0;
    for (std::size_t count = 0; end < text.size(); ++count) {
        if (count + 1 == most && end + 1 < text.size()) return text.substr(0, end) + "\xe2\x80\xa6";
        end += std::max<std::size_t>(utf8_length(std::string_view(text).substr(end)), 1);
    }
    return text;
}

std::string stroke(const std::string& path) {
    return "<path class=\"line\" d=\"" + path + "\"/>\n";
}

std::string size_text(std::uint64_t bytes) {
    if (bytes < 10 * KiB) return std::to_string(bytes) + " B";
    const bool small = bytes < MiB;
    const double value = static_cast<double>(bytes) / static_cast<double>(small ? KiB : MiB);
    return fixed(value, std::trunc(value) == value ? 0 : 1) + (small ? " KiB" : " MiB");
}

}  // namespace rpixen
