#include <rpixen/report.hpp>

#include "report/picture.hpp"
#include "report/picture_marks.hpp"

namespace rpixen {
namespace {

constexpr const PictureForm& form = wide_picture;

/// Puts a drawing below what is there already.
void add(Drawing& whole, const Drawing& part, double space_after) {
    if (part.elements.empty()) return;
    whole.elements += "<g transform=\"translate(0 " + number(whole.height) + ")\">\n" + part.elements + "</g>\n";
    whole.height += part.height + space_after;
}

std::string heading(const Report& report) {
    std::string text = "Card, " + size_text(report.size);
    if (report.table == "mbr") text += ", MBR";
    if (report.table == "gpt") text += ", GPT";
    return text;
}

}  // namespace

std::string Report::svg() const {
    Drawing body{words("title ink", form.margin, 52, name.empty() ? "Raspberry Pi 4 with Xen" : name), 86};
    if (const Drawing map = draw_memory(memory, form); !map.elements.empty()) {
        body.elements += words("head ink", form.margin, body.height, "Memory when Xen is started");
        body.height += 24;
        add(body, map, 26);
        body.elements += words("small quiet", form.margin, body.height, std::string(memory_legend()));
        body.height += 40;
    }
    if (const Drawing rows = draw_domains(domains, form); !rows.elements.empty()) {
        body.elements += words("head ink", form.margin, body.height, "Memory of dom0 and its guests");
        body.height += 16;
        add(body, rows, 36);
    }
    if (const Drawing layout = draw_layout(*this, form); !layout.elements.empty()) {
        body.elements += words("head ink", form.margin, body.height, heading(*this));
        if (!disk_signature.empty())
            body.elements += words("number quiet", form.width - form.margin, body.height,
                                   "disk signature " + disk_signature, "end");
        body.height += 14;
        add(body, layout, 0);
    }
    body.height += 10;
    body.elements = "<style>\n" + std::string(picture_style()) + "</style>\n" + std::string(picture_definitions()) +
                    rectangle("paper", 0, 0, form.width, body.height, 8) + body.elements;
    return svg_of(body, form, "Memory map and card layout");
}

}  // namespace rpixen
