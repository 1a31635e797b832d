#include <algorithm>

#include "report/picture.hpp"
#include "report/picture_marks.hpp"

namespace rpixen {
namespace {

constexpr double bar_height = 46;
constexpr double narrowest_partition = 90;
constexpr double narrowest_gap = 8;

/// A stretch of the card: a partition, or what lies between.
struct Piece {
    std::uint64_t size = 0;
    const ReportPartition* partition = nullptr;
    double drawn = 0;
};

std::vector<Piece> pieces_of(const Report& report, double width) {
    std::vector<Piece> pieces;
    std::uint64_t last = 0;
    for (const ReportPartition& partition : report.partitions) {
        if (partition.offset > last) pieces.push_back({partition.offset - last});
        pieces.push_back({partition.size, &partition});
        last = std::max(last, partition.offset + partition.size);
    }
    if (report.size > last) pieces.push_back({report.size - last});
    const auto size = static_cast<double>(std::max<std::uint64_t>(report.size, 1));
    double total = 0;
    for (Piece& piece : pieces) {
        const double least = piece.partition ? narrowest_partition : narrowest_gap;
        total += piece.drawn = std::max(static_cast<double>(piece.size) / size * width, least);
    }
    for (Piece& piece : pieces) piece.drawn *= width / total;
    return pieces;
}

const char* colour(const ReportPartition& partition) {
    return partition.file_system.starts_with("fat") ? "boot" : "root";
}

/// The card as a bar: what is not used of a partition is paler.
std::string bar(const Report& report, const PictureForm& form, double width) {
    std::string svg;
    double x = form.margin;
    for (const Piece& piece : pieces_of(report, width)) {
        if (!piece.partition) {
            svg += rectangle(x == form.margin ? "table" : "free", x, 0, piece.drawn, bar_height);
        } else {
            const ReportPartition& partition = *piece.partition;
            svg += rectangle(colour(partition), x, 0, piece.drawn, bar_height);
            const double full = partition.size ? static_cast<double>(std::min(partition.used, partition.size)) /
                                                     static_cast<double>(partition.size)
                                               : 0;
            svg += rectangle("unused", x + piece.drawn * full, 0, piece.drawn * (1 - full), bar_height);
        }
        x += piece.drawn;
    }
    return svg + stroke("M" + number(form.margin) + " 0H" + number(form.width - form.margin) + "V" +
                        number(bar_height) + "H" + number(form.margin) + "Z");
}

/// What a partition is, in lines of text.
std::vector<std::string> lines_of(const ReportPartition& partition, bool narrow) {
    const std::string system = partition.file_system + " " + partition.label;
    const std::string type = "type " + partition.type + (partition.active ? ", active" : "");
    std::vector<std::string> lines;
    if (narrow)
        lines = {system, type};
    else
        lines = {system + ", " + type};
    lines.push_back(size_text(partition.size) + " at " + size_text(partition.offset));
    lines.push_back(std::to_string(partition.entries) + " entries, " + size_text(partition.used) + " of data");
    return lines;
}

}  // namespace

Drawing draw_layout(const Report& report, const PictureForm& form) {
    if (report.partitions.empty()) return {};
    const double width = form.width - 2 * form.margin;
    std::string svg = bar(report, form, width);
    const double column = form.narrow ? 0 : width / static_cast<double>(report.partitions.size());
    double left = form.margin;
    double top = bar_height + 26;
    double bottom = top;
    for (const ReportPartition& partition : report.partitions) {
        svg += rectangle(colour(partition), left, top - 11, 12, 12, 2);
        const double room = (form.narrow ? width : column) - 24;
        const std::string& name = partition.name.empty() ? partition.label : partition.name;
        svg += words("name ink", left + 20, top,
                     cut(std::to_string(partition.number) + "  " + name, room, name_letter));
        double y = top;
        for (const std::string& line : lines_of(partition, form.narrow))
            svg += words("number quiet", left + 20, y += 17.5, cut(line, room, digit_letter));
        bottom = y;
        left += column;
        if (form.narrow) top = y + 30;
    }
    return {svg, bottom + 14};
}

}  // namespace rpixen
