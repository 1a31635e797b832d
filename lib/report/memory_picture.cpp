#include <algorithm>
#include <map>
#include <set>

#include "base/markup.hpp"
#include "base/size.hpp"
#include "report/picture.hpp"
#include "report/picture_marks.hpp"

namespace rpixen {
namespace {

constexpr double pixels_per_mib = 5;
constexpr double label_height = 38;
constexpr double remark_height = 15;  ///< where a remark has a line of its own

std::string colour(const ReportRegion& region) {
    if (region.kind == "reserved") return "reserved";
    if (region.role == "overlay") return "scratch";
    if (region.role == "device_tree") return "tree";
    if (region.role == "xsm_policy") return "xsm";
    if (region.role == "guest_memory") return "guest";
    return region.role;
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

/// What is written beside a place in memory.
struct Label {
    double wanted = 0;  ///< the middle of what it names
    double from = 0;    ///< where its line begins
    std::string kind;
    std::string name;
    std::string detail;
    std::string remark;
    double height = label_height;
    double y = 0;  ///< its middle line
};

/// Moves labels apart, each as near to its place as that allows. Returns how far down they reach.
double spread(std::vector<Label>& labels, double height) {
    std::stable_sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.wanted < b.wanted; });
    double end = 0;
    double needed = 0;
    for (Label& label : labels) {
        label.y = std::max(label.wanted, end + label_height / 2);
        end = label.y - label_height / 2 + label.height;
        needed += label.height;
    }
    const double bottom = std::max(height, needed);
    double next = bottom;
    for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
        label->y = std::min(label->y, next - label->height + label_height / 2);
        next = label->y - label_height / 2;
    }
    return bottom;
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
    return "<path class=\"gap\" d=\"" + upper + lower + "Z\"/>\n" + stroke(upper) + stroke("M" + lower.substr(2));
}

/// One picture of memory while it is drawn.
class MemoryPicture {
  public:
    MemoryPicture(const std::vector<ReportRegion>& regions, const PictureForm& form)
        : regions_(regions), form_(form), scale_(regions) {}

    Drawing draw() {
        svg_ = rectangle("free", form_.map_left, 0, form_.map_width, scale_.height());
        draw_regions();
        svg_ += guests_;
        draw_collisions();
        for (const double place : scale_.breaks()) svg_ += zigzag(place, form_.map_left - 5, form_.map_width + 10);
        if (!form_.narrow) draw_addresses();
        const double used = spread(labels_, scale_.height());
        for (const Label& label : labels_) draw_label(label);
        return {svg_ + windows_, std::max(used, scale_.height())};
    }

  private:
    double map_right() const { return form_.map_left + form_.map_width; }
    double window_left() const { return map_right() + 6; }
    double window_right() const { return window_left() + form_.window_width; }

    void draw_regions() {
        for (const ReportRegion& region : regions_) {
            if (region.kind == "ram") continue;
            const bool window = region.kind == "window";
            const double begin = scale_.at(region.begin);
            const double end = scale_.at(region.end);
            std::string& layer = window ? windows_ : region.role == "guest_memory" ? guests_ : svg_;
            layer += rectangle(window ? "window" : colour(region), window ? window_left() : form_.map_left, begin,
                               window ? form_.window_width : form_.map_width, end - begin, 2);
            std::string remark;
            if (region.pinned) remark = "pinned";
            if (!region.moved_by.empty())
                remark = (form_.narrow ? "from " : "moved from ") + format_address(region.wanted) + ": " +
                         region.moved_by;
            add_label({(begin + end) / 2, window ? window_right() : map_right(), window ? "quiet" : "ink", region.name,
                       format_address(region.begin) + " - " + format_address(region.end) + ", " +
                           size_text(region.end - region.begin),
                       remark});
        }
    }

    void draw_collisions() {
        for (std::size_t a = 0; a < regions_.size(); ++a)
            for (std::size_t b = a + 1; b < regions_.size(); ++b) draw_collision(regions_[a], regions_[b]);
    }

    void draw_collision(const ReportRegion& a, const ReportRegion& b) {
        const auto counts = [](const ReportRegion& region) {
            return region.kind == "placed" || region.kind == "reserved";
        };
        if (!counts(a) || !counts(b) || (a.kind == "reserved" && b.kind == "reserved")) return;
        // It is used when U-Boot's own is free again.
        const bool later = a.role == "guest_memory" || b.role == "guest_memory";
        if (later && (a.kind == "reserved" || b.kind == "reserved")) return;
        const std::uint64_t begin = std::max(a.begin, b.begin);
        const std::uint64_t end = std::min(a.end, b.end);
        if (begin >= end) return;
        const double from = scale_.at(begin);
        const double to = scale_.at(end);
        svg_ += rectangle("clash", form_.map_left, from, form_.map_width, to - from, 2);
        add_label({(from + to) / 2, map_right(), "red", "collision",
                   a.name + " and " + b.name + ": " + format_address(begin) + " - " + format_address(end), ""});
    }

    /// On the left, as many as there is room for; beginnings come first.
    void draw_addresses() {
        std::map<double, std::uint64_t> shown;
        const auto show = [&](std::uint64_t address) {
            const double place = scale_.at(address);
            const auto next = shown.lower_bound(place - 13);
            if (next == shown.end() || next->first > place + 13) shown[place] = address;
        };
        show(0);
        for (const ReportRegion& region : regions_)
            if (region.kind == "placed") show(region.begin);
        for (const ReportRegion& region : regions_) show(region.kind == "placed" ? region.end : region.begin);
        for (const ReportRegion& region : regions_) show(region.end);
        for (const auto& [place, address] : shown) {
            svg_ += words("number quiet", form_.map_left - 16, place + 4, format_address(address), "end");
            svg_ += stroke("M" + number(form_.map_left - 10) + " " + number(place) + "H" + number(form_.map_left));
        }
    }

    void add_label(Label label) {
        if (form_.narrow && !label.remark.empty()) label.height += remark_height;
        labels_.push_back(std::move(label));
    }

    void draw_label(const Label& label) {
        const double left = form_.label_left;
        const double room = form_.width - form_.margin - left;
        svg_ += stroke("M" + number(label.from) + " " + number(label.wanted) + "H" + number(window_right() + 4) + "L" +
                       number(left - 14) + " " + number(label.y) + "H" + number(left - 6));
        const double remark_room = form_.narrow ? room : room - static_cast<double>(label.name.size()) * name_letter;
        const std::string remark = cut(label.remark, remark_room, remark_letter);
        std::string beside;
        if (!remark.empty() && !form_.narrow)
            beside = "<tspan class=\"small moved\" dx=\"10\">" + escape_markup(remark) + "</tspan>";
        svg_ += "<text class=\"name " + label.kind + "\" x=\"" + number(left) + "\" y=\"" + number(label.y - 2) +
                "\">" + escape_markup(cut(label.name, room, name_letter)) + beside + "</text>\n";
        svg_ += words("number " + std::string(label.kind == "red" ? "red" : "quiet"), left, label.y + 14,
                      cut(label.detail, room, digit_letter));
        if (!remark.empty() && form_.narrow) svg_ += words("small moved", left, label.y + 14 + remark_height, remark);
    }

    const std::vector<ReportRegion>& regions_;
    const PictureForm& form_;
    Scale scale_;
    std::vector<Label> labels_;
    std::string svg_;
    std::string guests_;   ///< their memory, over what is free again when Xen starts
    std::string windows_;  ///< drawn over the lines that lead past them
};

}  // namespace

std::string_view memory_legend() {
    return "To scale but for zigzags, and nothing is thinner than a line of text. "
           "Hatched: U-Boot's own places, free to be written over.";
}

Drawing draw_memory(const std::vector<ReportRegion>& regions, const PictureForm& form) {
    // Only what ends behind its beginning can be drawn.
    std::vector<ReportRegion> drawable;
    for (const ReportRegion& region : regions)
        if (region.begin < region.end) drawable.push_back(region);
    return drawable.empty() ? Drawing() : MemoryPicture(drawable, form).draw();
}

}  // namespace rpixen
