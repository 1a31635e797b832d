#include "artifact/scan.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "base/size.hpp"

namespace rpixen {

void scan(const Content& content, std::span<const std::string_view> needles, const ScanFound& found) {
    if (content.size == 0) return;
    constexpr std::uint64_t step = MiB;
    using Searcher = std::boyer_moore_horspool_searcher<std::string_view::const_iterator>;
    std::vector<Searcher> searchers;
    for (const std::string_view needle : needles) searchers.emplace_back(needle.begin(), needle.end());
    std::vector<bool> done(needles.size());

    const std::unique_ptr<OpenContent> open = content.open();
    Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(step + scan_context, content.size)));
    for (std::uint64_t begin = 0; begin < content.size; begin += step) {
        const std::uint64_t left = content.size - begin;
        const MutableBytes bytes =
            MutableBytes(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left)));
        open->read(begin, bytes);
        const std::string_view text = as_text(bytes);
        for (std::size_t needle = 0; needle < needles.size(); ++needle) {
            auto place = text.begin();
            while (!done[needle]) {
                place = std::search(place, text.end(), searchers[needle]);
                const auto offset = static_cast<std::uint64_t>(place - text.begin());
                // What begins behind the step is found again, with more context, in the next piece.
                if (place == text.end() || offset >= step) break;
                const ByteView follower = ByteView(bytes).subspan(static_cast<std::size_t>(offset));
                done[needle] = found(needle, begin + offset, follower);
                ++place;
            }
        }
        if (std::all_of(done.begin(), done.end(), [](bool one) { return one; })) return;
    }
}

}  // namespace rpixen
