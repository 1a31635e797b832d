#include "artifact/scan.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "base/size.hpp"

namespace rpixen {

void scan(const Content& content, std::span<const std::string_view> needles, const ScanFound& found) {
    if (content.size == 0) return;
    constexpr std::uint64_t step = MiB;
    std::vector<bool> done(needles.size());

    const std::unique_ptr<OpenContent> open = content.open();
    Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(step + scan_context, content.size)));
    for (std::uint64_t begin = 0; begin < content.size; begin += step) {
        const std::uint64_t left = content.size - begin;
        const MutableBytes bytes = MutableBytes(piece).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left)));
        open->read(begin, bytes);
        const std::string_view text = as_text(bytes);
        for (std::size_t needle = 0; needle < needles.size(); ++needle) {
            // memchr for the first byte, then a look at the rest: three times as fast as a Boyer-Moore
            // searcher here.
            for (std::size_t place = 0; !done[needle]; ++place) {
                place = text.find(needles[needle], place);
                // What begins behind the step is found again, with more context, in the next piece.
                if (place == std::string_view::npos || place >= step) break;
                done[needle] = found(needle, begin + place, ByteView(bytes).subspan(place));
            }
        }
        if (std::all_of(done.begin(), done.end(), [](bool one) { return one; })) return;
    }
}

}  // namespace rpixen
