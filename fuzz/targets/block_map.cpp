#include <string>

#include "format/parse_bmap.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {
namespace {

/// With its own checksum made right, which no fuzzer guesses.
std::string repaired(std::string text) {
    constexpr std::string_view element = "<BmapFileChecksum>";
    constexpr std::size_t digits = 64;
    const std::size_t place = text.find_first_not_of(' ', text.find(element) + element.size());
    if (text.find(element) == std::string::npos || place > text.size() - std::min(digits, text.size())) return text;
    text.replace(place, digits, digits, '0');
    return text.replace(place, digits, hex(sha256(as_bytes(text))));
}

/// What users of a block map rely on.
void expect_ranges_in_order(const BlockMap& map) {
    std::uint64_t end = 0;
    for (const DigestedRange& range : map.ranges) {
        if (range.bytes.begin < end || range.bytes.begin >= range.bytes.end || range.bytes.end > map.image_size)
            throw Error(ErrorCode::internal, "ranges that do not ascend inside the image");
        end = range.bytes.end;
    }
}

}  // namespace

void block_map(ByteView input) {
    const std::string text(as_text(input));
    if (const auto map = parse_bmap(repaired(text), "input")) expect_ranges_in_order(*map);
    parse_bmap(text, "input");
}

}  // namespace rpixen::fuzz
