#include "format/bmap.hpp"

#include <algorithm>

namespace rpixen {

std::vector<Range> bmap_blocks(const std::vector<Range>& mapped, std::uint64_t image_size) {
    constexpr std::uint64_t gap = Bmap::least_gap / Bmap::block_size;
    const std::uint64_t count = divide_up(image_size, Bmap::block_size);
    std::vector<Range> blocks;
    for (const Range& range : mapped) {
        if (range.empty()) continue;
        const std::uint64_t begin = std::min(range.begin / Bmap::block_size, count);
        const std::uint64_t end = std::min(divide_up(range.end, Bmap::block_size), count);
        if (begin == end) continue;
        if (!blocks.empty() && begin < blocks.back().end + gap)
            blocks.back().end = std::max(blocks.back().end, end);
        else
            blocks.push_back({begin, end});
    }
    return blocks;
}

std::string format_bmap(const Bmap& bmap) {
    std::uint64_t mapped = 0;
    for (const BmapRange& range : bmap.ranges) mapped += range.blocks.size();
    // The checksum is that of the text with zeros in its own place.
    const std::string zeros(64, '0');
    std::string text = "<?xml version=\"1.0\" ?>\n<bmap version=\"2.0\">\n";
    const auto line = [&](const std::string& name, const std::string& value) {
        text += "    <" + name + "> " + value + " </" + name + ">\n";
    };
    line("ImageSize", std::to_string(bmap.image_size));
    line("BlockSize", std::to_string(Bmap::block_size));
    line("BlocksCount", std::to_string(divide_up(bmap.image_size, Bmap::block_size)));
    line("MappedBlocksCount", std::to_string(mapped));
    line("ChecksumType", "sha256");
    line("BmapFileChecksum", zeros);
    text += "    <BlockMap>\n";
    for (const BmapRange& range : bmap.ranges) {
        text += "        <Range chksum=\"" + hex(range.digest) + "\"> " + std::to_string(range.blocks.begin);
        if (range.blocks.size() > 1) text += "-" + std::to_string(range.blocks.end - 1);
        text += " </Range>\n";
    }
    text += "    </BlockMap>\n</bmap>\n";
    const Sha256Digest checksum = sha256(as_bytes(text));
    return text.replace(text.find(zeros), zeros.size(), hex(checksum));
}

}  // namespace rpixen
