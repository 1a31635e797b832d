#include "compose/flash_content.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/size.hpp"
#include "card/image_file.hpp"
#include "card/mapped_ranges.hpp"
#include "card/plan_card.hpp"
#include "card/read_card.hpp"
#include "compose/decide.hpp"
#include "compose/write_card.hpp"
#include "format/parse_bmap.hpp"

namespace rpixen {
namespace {

/// The block map beside an image; empty where there is none.
std::string block_map_beside(const std::string& image, Packing packing) {
    std::vector<std::string> names{image + ".bmap"};
    const std::size_t dot = image.rfind('.');
    if (packing != Packing::plain && dot != std::string::npos) names.push_back(image.substr(0, dot) + ".bmap");
    for (const std::string& name : names)
        if (::access(name.c_str(), F_OK) == 0) return name;
    return {};
}

std::optional<BlockMap> read_block_map(const std::string& path) {
    return parse_bmap(read_text_file(path, BlockMap::most_bytes, "a block map", "remove it to flash without it"), path);
}

/// False where the map is of a form that proves nothing.
bool take_block_map(const std::string& path, FlashContent& content) {
    const auto map = read_block_map(path);
    if (!map) {
        content.notes.push_back(path + " is not used: a block map of version 2 with SHA-256 would be");
        return false;
    }
    if (map->image_size != content.card.image.size)
        throw Error(ErrorCode::artifact, path + " is the block map of another image",
                    std::to_string(map->image_size) + " bytes", std::to_string(content.card.image.size),
                    "fetch or make it again, or remove it to flash without it");
    for (const DigestedRange& range : map->ranges) content.card.ranges.push_back(range.bytes);
    content.card.known = map->ranges;
    content.known_by = "block map";
    return true;
}

void ask_file_systems(FlashContent& content, const Supervision& supervision) {
    const Content& image = content.card.image;
    try {
        content.card.ranges = mapped_ranges_of_image(read_card(image.source, image.size, supervision));
        content.known_by = "file systems";
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        content.card.ranges = {{0, image.size}};
        content.known_by = "whole image";
        content.notes.push_back(error.what() + std::string("; all of it is written"));
    }
}

}  // namespace

FlashContent content_of_image(const std::string& path, const Supervision& supervision) {
    const ImageFile image = open_image_file(path, scratch_folder, supervision);
    FlashContent content;
    content.card.image = image.file->content();
    const std::string map = block_map_beside(path, image.packing);
    if (map.empty() || !take_block_map(map, content)) ask_file_systems(content, supervision);
    return content;
}

FlashContent content_of_manifest(const ManifestSource& manifest, const FlashRequest& request, std::uint64_t card_size,
                                 const Supervision& supervision) {
    ComposeRequest wish;
    static_cast<PlanRequest&>(wish) = request;
    wish.manifest = manifest;
    wish.output = std::string(scratch_folder) + "/rpixen-flash.img";
    wish.digest_inputs = false;
    wish.list_root = false;
    wish.list_extents = true;
    OutputFile output(wish.output);
    Report report = write_card(wish, manifest.load(largest_image(card_size)), output, nullptr, supervision);
    FlashContent content;
    content.card.image = output.written("the composed card")->content();
    for (const ReportExtent& extent : report.extents) content.card.ranges.push_back({extent.begin, extent.end});
    content.known_by = "plan";
    content.diagnostics = std::move(report.diagnostics);
    content.notes = std::move(report.notes);
    return content;
}

}  // namespace rpixen
