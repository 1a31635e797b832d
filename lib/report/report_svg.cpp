#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>

#include <rpixen/report.hpp>

#include "base/size.hpp"
#include "format/utf16.hpp"

namespace rpixen {
namespace {

// Lengths are in the picture's own units, pixels at 100 %.
constexpr double width = 960;
constexpr double margin = 40;
constexpr double map_left = 150;
constexpr double map_width = 190;
constexpr double window_left = map_left + map_width + 6;
constexpr double window_width = 26;
constexpr double label_left = 470;
constexpr double label_height = 38;
constexpr double pixels_per_mib = 5;

constexpr const char* style = R"svg(<style>
  .paper { fill: #ffffff } .ink { fill: #1f2328 } .quiet { fill: #59636e } .line { stroke: #8c959f; fill: none }
  .free { fill: #f3f5f7; stroke: #8c959f } .reserved { fill: #d5dae0; stroke: #8c959f }
  .xen { fill: #8250df } .kernel { fill: #0969da } .initrd { fill: #1b7c83 } .xsm { fill: #9a6700 } .tree { fill: #1a7f37 }
  .scratch { fill: #6fa83c } .other { fill: #6e7781 } .boot { fill: #0969da } .root { fill: #1a7f37 } .table { fill: #6e7781 }
  .unused { fill: #ffffff; opacity: .55 } .hatch { stroke: #bc4c00 } .window { stroke: #bc4c00; fill: url(#hatch) }
  .red { fill: #cf222e } .clash { fill: #cf222e; stroke: #82071e; stroke-width: 2 } .gap { fill: #ffffff }
  text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; font-size: 14px }
  .title { font-size: 21px; font-weight: 600 } .head { font-size: 15px; font-weight: 600 } .name { font-weight: 600 }
  .number { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 12px } .small { font-size: 12px }
  .moved { fill: #bc4c00; font-weight: 400 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .quiet { fill: #9198a1 } .line { stroke: #656c76 }
    .free { fill: #161b22; stroke: #656c76 } .reserved { fill: #3d444d; stroke: #656c76 }
    .xen { fill: #a371f7 } .kernel { fill: #4493f8 } .initrd { fill: #39c5cf } .xsm { fill: #d29922 } .tree { fill: #3fb950 }
    .scratch { fill: #a2cf6e } .other { fill: #9198a1 } .boot { fill: #4493f8 } .root { fill: #3fb950 } .table { fill: #9198a1 }
    .unused { fill: #0d1117 } .hatch { stroke: #db6d28 } .window { stroke: #db6d28 } .red { fill: #ff7b72 } .moved { fill: #db6d28 }
    .clash { fill: #f85149; stroke: #ffdcd7 } .gap { fill: #0d1117 }
  }
</style>
<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V7" stroke-width="2.6"/></pattern></defs>
)svg";

std::string number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

/// For XML: bytes that are no UTF-8 and control characters become something harmless.
std::string escape(const std::string& text) {
    const bool unicode = utf16_from_utf8(text).has_value();
    std::string safe;
    for (const char letter : text) {
        switch (letter) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            default:
                if (static_cast<unsigned char>(letter) < 0x20)
                    safe += ' ';
                else
                    safe += static_cast<unsigned char>(letter) < 0x80 || unicode ? letter : '?';
        }
    }
    return safe;
}

std::string rectangle(const std::string& kind, double x, double y, double w, double h, double round = 0) {
    return "<rect class=\"" + kind + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(w) +
           "\" height=\"" + number(h) + (round > 0 ? "\" rx=\"" + number(round) : "") + "\"/>\n";
}

std::string words(const std::string& kind, double x, double y, const std::string& text, const char* anchor = "start") {
    return "<text class=\"" + kind + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor +
           "\">" + escape(text) + "</text>\n";
}

std::string colour(const ReportRegion& region) {
    if (region.kind == "reserved") return "reserved";
    if (region.role == "overlay") return "scratch";
    if (region.role == "device_tree") return "tree";
    if (region.role == "xsm_policy") return "xsm";
    return region.role;
}

/// 4.5 MiB reads better than 4718592 bytes.
std::string size_text(std::uint64_t bytes) {
    if (bytes < 10 * KiB) return std::to_string(bytes) + " B";
    const bool small = bytes < MiB;
    const double value = static_cast<double>(bytes) / static_cast<double>(small ? KiB : MiB);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(),
                  value == static_cast<double>(static_cast<long>(value)) ? "%.0f %s" : "%.1f %s", value,
                  small ? "KiB" : "MiB");
    return text.data();
}

/// Where an address is drawn: to scale, but nothing thinner than can be seen, and what is very long is cut
/// short.
class Scale {
  public:
    explicit Scale(const std::vector<ReportRegion>& regions) {
        std::set<std::uint64_t> borders{0};
        for (const ReportRegion& region : regions) {
            borders.insert(region.begin);
            borders.insert(region.end);
        }
        double y = 0;
        std::uint64_t last = 0;
        for (const std::uint64_t border : borders) {
            if (border > last) {
                const auto holds = [&](auto kind) {
                    return std::any_of(regions.begin(), regions.end(), [&](const ReportRegion& region) {
                        return kind(region.kind) && region.begin < border && last < region.end;
                    });
                };
                const bool placed = holds([](const std::string& kind) { return kind == "placed"; });
                const bool used = holds([](const std::string& kind) { return kind != "ram"; });
                const double natural = static_cast<double>(border - last) / static_cast<double>(MiB) * pixels_per_mib;
                const double drawn = std::clamp(natural, used ? 15.0 : 14.0, placed ? 170.0 : used ? 70.0 : 46.0);
                if (drawn < natural * 0.999) breaks_.push_back(y + drawn / 2);
                y += drawn;
            }
            places_[border] = y;
            last = border;
        }
        height_ = y;
    }

    double at(std::uint64_t border) const { return places_.at(border); }
    double height() const { return height_; }
    /// Where a stretch is cut short.
    const std::vector<double>& breaks() const { return breaks_; }

  private:
    std::map<std::uint64_t, double> places_;
    std::vector<double> breaks_;
    double height_ = 0;
};

struct Label {
    double wanted = 0;  ///< the middle of what it names
    double from = 0;    ///< where its line begins
    std::string kind;
    std::string name;
    std::string detail;
    std::string remark;
    double y = 0;
};

/// Moves labels apart, each as near to its place as that allows.
double spread(std::vector<Label>& labels, double height) {
    std::stable_sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.wanted < b.wanted; });
    double last = -label_height / 2;
    for (Label& label : labels) last = label.y = std::max(label.wanted, last + label_height);
    const double bottom = std::max(height, label_height * static_cast<double>(labels.size())) - label_height / 2;
    double next = bottom + label_height;
    for (auto label = labels.rbegin(); label != labels.rend(); ++label)
        next = label->y = std::min(label->y, next - label_height);
    return bottom + label_height / 2;
}

std::string zigzag(double y, double x, double w) {
    std::string upper;
    std::string lower;
    const int teeth = 10;
    for (int tooth = 0; tooth <= teeth; ++tooth) {
        const double place = x + w * tooth / teeth;
        const double offset = tooth % 2 ? 3 : -3;
        upper += (tooth ? " L" : "M") + number(place) + " " + number(y - 3 + offset);
        lower = " L" + number(place) + " " + number(y + 3 + offset) + lower;
    }
    return "<path class=\"gap\" d=\"" + upper + lower + "Z\"/>\n<path class=\"line\" d=\"" + upper +
           "\"/>\n<path class=\"line\" d=\"M" + lower.substr(2) + "\"/>\n";
}

/// Draws the memory map below `top` and moves it to the map's end.
std::string memory_map(const std::vector<ReportRegion>& regions, double& top) {
    std::string svg = words("head ink", margin, top, "Memory when Xen is started");
    top += 24;
    const Scale scale(regions);
    const auto y = [&](std::uint64_t border) { return top + scale.at(border); };
    svg += rectangle("free", map_left, top, map_width, scale.height());
    std::string windows;  // drawn over the lines that lead past them
    std::vector<Label> labels;
    for (const ReportRegion& region : regions) {
        if (region.kind == "ram" || region.begin >= region.end) continue;
        const bool window = region.kind == "window";
        const double begin = y(region.begin);
        const double end = y(region.end);
        (window ? windows : svg) += rectangle(window ? "window" : colour(region), window ? window_left : map_left,
                                              begin, window ? window_width : map_width, end - begin, 2);
        const std::string detail = format_address(region.begin) + " - " + format_address(region.end) + ", " +
                                   size_text(region.end - region.begin);
        std::string remark;
        if (region.pinned) remark = "pinned";
        if (!region.moved_by.empty()) remark = "moved from " + format_address(region.wanted) + ": " + region.moved_by;
        labels.push_back({(begin + end) / 2, window ? window_left + window_width : map_left + map_width,
                          window ? "quiet" : "ink", region.name, detail, remark, 0});
    }
    for (std::size_t a = 0; a < regions.size(); ++a)
        for (std::size_t b = a + 1; b < regions.size(); ++b) {
            const auto counts = [](const ReportRegion& region) {
                return region.kind == "placed" || region.kind == "reserved";
            };
            if (!counts(regions[a]) || !counts(regions[b]) ||
                (regions[a].kind == "reserved" && regions[b].kind == "reserved"))
                continue;
            const std::uint64_t begin = std::max(regions[a].begin, regions[b].begin);
            const std::uint64_t end = std::min(regions[a].end, regions[b].end);
            if (begin >= end) continue;
            svg += rectangle("clash", map_left, y(begin), map_width, y(end) - y(begin), 2);
            labels.push_back({(y(begin) + y(end)) / 2, map_left + map_width, "red", "collision",
                              regions[a].name + " and " + regions[b].name + ": " + format_address(begin) + " - " +
                                  format_address(end),
                              "", 0});
        }
    for (const double place : scale.breaks()) svg += zigzag(top + place, map_left - 5, map_width + 10);

    // Addresses on the left, as many as there is room for; beginnings come first.
    std::map<double, std::uint64_t> shown;
    const auto show = [&](std::uint64_t address) {
        const double place = y(address);
        const auto next = shown.lower_bound(place - 13);
        if (next == shown.end() || next->first > place + 13) shown[place] = address;
    };
    show(0);
    for (const ReportRegion& region : regions)
        if (region.kind == "placed") show(region.begin);
    for (const ReportRegion& region : regions) show(region.kind == "placed" ? region.end : region.begin);
    for (const ReportRegion& region : regions) show(region.end);
    for (const auto& [place, address] : shown) {
        svg += words("number quiet", map_left - 16, place + 4, format_address(address), "end");
        svg += "<path class=\"line\" d=\"M" + number(map_left - 10) + " " + number(place) + "H" + number(map_left) +
               "\"/>\n";
    }

    for (Label& label : labels) label.wanted -= top;
    const double used = spread(labels, scale.height());
    for (const Label& label : labels) {
        const double end = top + label.y;
        svg += "<path class=\"line\" d=\"M" + number(label.from) + " " + number(top + label.wanted) + "H" +
               number(window_left + window_width + 12) + "L" + number(label_left - 24) + " " + number(end) + "H" +
               number(label_left - 8) + "\"/>\n";
        svg += "<text class=\"name " + label.kind + "\" x=\"" + number(label_left) + "\" y=\"" + number(end - 2) +
               "\">" + escape(label.name) +
               (label.remark.empty() ? ""
                                     : "<tspan class=\"small moved\" dx=\"10\">" + escape(label.remark) + "</tspan>") +
               "</text>\n";
        svg += words("number " + std::string(label.kind == "red" ? "red" : "quiet"), label_left, end + 14,
                     label.detail);
    }
    svg += windows;
    top += std::max(used, scale.height()) + 26;
    svg += words("small quiet", margin, top,
                 "To scale but for zigzags, and nothing is thinner than a line of text. "
                 "Hatched: U-Boot's own places, free to be written over.");
    top += 40;
    return svg;
}

std::string card_layout(const Report& report, double& top) {
    std::string svg = words("head ink", margin, top,
                            "Card, " + size_text(report.size) +
                                (report.table == "mbr"   ? ", MBR"
                                 : report.table == "gpt" ? ", GPT"
                                                         : ""));
    if (!report.disk_signature.empty())
        svg += words("number quiet", width - margin, top, "disk signature " + report.disk_signature, "end");
    top += 14;
    constexpr double bar_height = 46;
    const double bar_width = width - 2 * margin;
    struct Piece {
        std::uint64_t size;
        const ReportPartition* partition;
        double drawn;
    };
    std::vector<Piece> pieces;
    std::uint64_t last = 0;
    for (const ReportPartition& partition : report.partitions) {
        if (partition.offset > last) pieces.push_back({partition.offset - last, nullptr, 0});
        pieces.push_back({partition.size, &partition, 0});
        last = std::max(last, partition.offset + partition.size);
    }
    if (report.size > last) pieces.push_back({report.size - last, nullptr, 0});
    double total = 0;
    for (Piece& piece : pieces) {
        piece.drawn = std::max(
            static_cast<double>(piece.size) / static_cast<double>(std::max<std::uint64_t>(report.size, 1)) * bar_width,
            piece.partition ? 90.0 : 8.0);
        total += piece.drawn;
    }
    double x = margin;
    for (Piece& piece : pieces) {
        piece.drawn *= bar_width / total;
        if (!piece.partition) {
            svg += rectangle(x == margin ? "table" : "free", x, top, piece.drawn, bar_height);
        } else {
            const ReportPartition& partition = *piece.partition;
            const bool boot = partition.file_system.starts_with("fat");
            svg += rectangle(boot ? "boot" : "root", x, top, piece.drawn, bar_height);
            const double full = partition.size ? static_cast<double>(std::min(partition.used, partition.size)) /
                                                     static_cast<double>(partition.size)
                                               : 0;
            svg += rectangle("unused", x + piece.drawn * full, top, piece.drawn * (1 - full), bar_height);
        }
        x += piece.drawn;
    }
    svg += "<path class=\"line\" d=\"M" + number(margin) + " " + number(top) + "H" + number(width - margin) + "V" +
           number(top + bar_height) + "H" + number(margin) + "Z\"/>\n";
    top += bar_height + 26;
    const double column = bar_width / static_cast<double>(std::max<std::size_t>(report.partitions.size(), 1));
    for (std::size_t index = 0; index < report.partitions.size(); ++index) {
        const ReportPartition& partition = report.partitions[index];
        const double left = margin + column * static_cast<double>(index);
        svg += rectangle(partition.file_system.starts_with("fat") ? "boot" : "root", left, top - 11, 12, 12, 2);
        svg += words(
            "name ink", left + 20, top,
            std::to_string(partition.number) + "  " + (partition.name.empty() ? partition.label : partition.name));
        svg += words("number quiet", left + 20, top + 18,
                     partition.file_system + " " + partition.label + ", type " + partition.type +
                         (partition.active ? ", active" : ""));
        svg += words("number quiet", left + 20, top + 35,
                     size_text(partition.size) + " at " + size_text(partition.offset));
        svg += words("number quiet", left + 20, top + 52,
                     std::to_string(partition.entries) + " entries, " + size_text(partition.used) + " of data");
    }
    top += 68;
    return svg;
}

}  // namespace

std::string Report::svg() const {
    double top = 52;
    std::string body = words("title ink", margin, top, name.empty() ? "Raspberry Pi 4 with Xen" : name);
    top += 34;
    // Only what ends behind its beginning can be drawn.
    std::vector<ReportRegion> regions;
    for (const ReportRegion& region : memory)
        if (region.begin < region.end) regions.push_back(region);
    if (!regions.empty()) body += memory_map(regions, top);
    if (!partitions.empty()) body += card_layout(*this, top);
    const std::string height = number(top + 10);
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + height + "\" width=\"" +
           number(width) + "\" height=\"" + height + "\" role=\"img\" aria-label=\"Memory map and card layout\">\n" +
           style + rectangle("paper", 0, 0, width, top + 10, 8) + body + "</svg>\n";
}

}  // namespace rpixen
