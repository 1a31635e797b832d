#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <rpixen/report.hpp>

// The pictures of a report as SVG, for a file of their own (Report::svg()) and for pages that have a style of theirs.

namespace rpixen {

/// How wide a picture is and where its columns stand, in the picture's own units: pixels at 100 %.
struct PictureForm {
    double width = 0;
    double margin = 0;    ///< on both sides
    double map_left = 0;  ///< of the column that stands for memory
    double map_width = 0;
    double window_width = 0;
    double label_left = 0;
    bool narrow = false;  ///< addresses stand only in the labels, and remarks and partitions have lines of their own
};

inline constexpr PictureForm wide_picture{960, 40, 150, 190, 26, 470, false};
/// For a phone: its text can be read where it is 330 pixels wide.
inline constexpr PictureForm narrow_picture{360, 4, 6, 56, 12, 104, true};

/// A part of a picture: SVG elements from y = 0 down to `height`. Without elements there is nothing to draw.
struct Drawing {
    std::string elements;
    double height = 0;
};

/// What lies where in memory when Xen is started; to scale but for what is very small or very large.
Drawing draw_memory(const std::vector<ReportRegion>& regions, const PictureForm& form);
/// What the zigzags and hatches of that drawing mean.
std::string_view memory_legend();
/// The memory of each domain, to scale, with what Xen sets aside for its page tables; for wide pictures.
Drawing draw_domains(const std::vector<ReportDomain>& domains, const PictureForm& form);
/// The card from its first byte to its last, with its partitions.
Drawing draw_layout(const Report& report, const PictureForm& form);

/// The rules of CSS that drawings are coloured by, in the light and in the dark.
std::string_view picture_style();
/// The definitions that drawings refer to: once in a document, inside an <svg>.
std::string_view picture_definitions();

/// A drawing as an <svg> of the class "picture", without style and definitions. `name` tells those who cannot see it
/// what it shows.
std::string svg_of(const Drawing& drawing, const PictureForm& form, std::string_view name);

}  // namespace rpixen
