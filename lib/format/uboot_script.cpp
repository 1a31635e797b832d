#include "format/uboot_script.hpp"

#include <algorithm>

#include "base/size.hpp"
#include "format/crc32.hpp"

namespace rpixen {
namespace {

/// Reads the table of sizes and the texts; names what is cut short.
void read_texts(ByteView data, UbootScript& script) {
    std::vector<std::uint32_t> sizes;
    std::size_t place = 0;
    for (;; place += 4) {
        if (data.size() - place < 4) {
            script.faults.push_back("its table of sizes has no end");
            return;
        }
        const auto size = load_be<std::uint32_t>(data.data() + place);
        if (size == 0) break;
        sizes.push_back(size);
    }
    place += 4;
    if (sizes.empty()) script.faults.push_back("it is empty");
    for (const std::uint32_t size : sizes) {
        const ByteView rest = data.subspan(std::min(place, data.size()));
        script.texts.emplace_back(as_text(rest.first(std::min<std::size_t>(size, rest.size()))));
        if (size > rest.size()) {
            script.faults.push_back("its text ends after " + std::to_string(rest.size()) + " of " +
                                    std::to_string(size) + " bytes");
            return;
        }
        place += align_up(size, 4);
    }
}

}  // namespace

std::optional<UbootScript> parse_uboot_script(ByteView file) {
    const auto image = parse_uboot_image(file);
    if (!image || image->type != UbootImage::Type::script) return std::nullopt;
    UbootScript script;
    script.image = *image;
    if (!image->header_crc_matches) script.faults.push_back("the CRC of its header is wrong");
    const ByteView rest = file.subspan(UbootImage::header_size);
    const ByteView data = rest.first(std::min<std::size_t>(rest.size(), image->data_size));
    script.data_crc_matches = data.size() == image->data_size && crc32(data) == image->data_crc;
    if (data.size() < image->data_size)
        script.faults.push_back("it ends after " + std::to_string(data.size()) + " of " +
                                std::to_string(image->data_size) + " bytes of data");
    else if (!script.data_crc_matches)
        script.faults.push_back("the CRC of its data is wrong");
    if (image->compression != UbootImage::Compression::none) script.faults.push_back("it claims to be compressed");
    read_texts(data, script);
    return script;
}

Bytes make_uboot_script(std::string_view text, std::uint32_t time, std::string_view name) {
    Bytes data(8);
    store_be(data.data(), narrow<std::uint32_t>(text.size()));
    const ByteView body = as_bytes(text);
    data.insert(data.end(), body.begin(), body.end());
    UbootImage image;
    image.time = time;
    image.name = name;
    return make_uboot_image(image, data);
}

}  // namespace rpixen
