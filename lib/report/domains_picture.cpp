#include <algorithm>

#include "report/picture.hpp"
#include "report/picture_marks.hpp"

namespace rpixen {
namespace {

constexpr double row_height = 26;
constexpr double bar_height = 16;
constexpr double thinnest_bar = 2;

std::string remark_of(const ReportDomain& domain) {
    if (domain.memory == 0) return domain.name == "dom0" ? "chosen by the board" : "not known";
    std::string text = size_text(domain.memory);
    if (domain.page_tables != 0) text += " and " + size_text(domain.page_tables);
    if (domain.name != "dom0") text += domain.started_by == "xl" ? ", by xl" : ", by Xen";
    return text;
}

}  // namespace

Drawing draw_domains(const std::vector<ReportDomain>& domains, const PictureForm& form) {
    std::uint64_t largest = 1;
    for (const ReportDomain& domain : domains) largest = std::max(largest, domain.memory + domain.page_tables);
    const double left = form.margin + 150;
    const double width = form.label_left - left - 14;
    const auto scaled = [&](std::uint64_t bytes) {
        return static_cast<double>(bytes) / static_cast<double>(largest) * width;
    };
    Drawing drawing;
    for (const ReportDomain& domain : domains) {
        const double y = drawing.height;
        drawing.elements += words("name ink", form.margin, y + 13, cut(domain.name, 140, name_letter));
        if (domain.memory != 0)
            drawing.elements += rectangle(domain.name == "dom0"       ? "kernel"
                                          : domain.started_by == "xl" ? "initrd"
                                                                      : "guest",
                                          left, y, std::max(scaled(domain.memory), thinnest_bar), bar_height, 2) +
                                rectangle("reserved", left + scaled(domain.memory), y, scaled(domain.page_tables),
                                          bar_height);
        drawing.elements += words("number quiet", form.label_left, y + 13, remark_of(domain));
        drawing.height += row_height;
    }
    return drawing;
}

}  // namespace rpixen
