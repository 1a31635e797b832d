#include "flash/card_parts.hpp"

#include <algorithm>

#include "flash/page_buffer.hpp"
#include "format/bmap.hpp"

namespace rpixen {
namespace {

/// Whole pages, joined where next to nothing lies between them.
std::vector<Range> joined(const std::vector<Range>& ranges, std::uint64_t begin, std::uint64_t end) {
    std::vector<Range> result;
    for (const Range& range : ranges) {
        const Range pages{std::max(begin, align_down(range.begin, PageBuffer::page)),
                          std::min(end, align_up(range.end, PageBuffer::page))};
        if (range.empty() || pages.begin >= pages.end) continue;
        if (!result.empty() && pages.begin < result.back().end + Bmap::least_gap)
            result.back().end = std::max(result.back().end, pages.end);
        else
            result.push_back(pages);
    }
    return result;
}

}  // namespace

std::vector<Range> card_parts(const std::vector<Range>& ranges, std::uint64_t image_size, std::uint64_t device_size) {
    const std::uint64_t end = std::min(align_up(image_size, PageBuffer::page), device_size);
    std::vector<Range> parts{{0, std::min(card_head, end)}};
    for (const Range& range : joined(ranges, parts[0].end, end))
        for (std::uint64_t begin = range.begin; begin < range.end; begin = parts.back().end)
            parts.push_back({begin, std::min(range.end, align_down(begin, largest_part) + largest_part)});
    return parts;
}

}  // namespace rpixen
