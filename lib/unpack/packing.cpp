#include "unpack/packing.hpp"

namespace rpixen {

const char* name_of(Packing packing) noexcept {
    switch (packing) {
        case Packing::plain:
            return "none";
        case Packing::gzip:
            return "gzip";
        case Packing::xz:
            return "xz";
        case Packing::zstd:
            return "zstd";
        case Packing::bzip2:
            return "bzip2";
        case Packing::lz4:
            return "lz4";
    }
    return "none";
}

Packing detect_packing(ByteView start) {
    const std::string_view text = as_text(start);
    using namespace std::string_view_literals;
    if (text.starts_with("\x1f\x8b\x08"sv)) return Packing::gzip;
    if (text.starts_with("\xfd"
                         "7zXZ\0"sv))
        return Packing::xz;
    if (text.starts_with("BZh"sv) && text.size() >= 10 && text[3] >= '1' && text[3] <= '9' &&
        (text.substr(4, 6) == "1AY&SY"sv || text.substr(4, 6) == "\x17\x72\x45\x38\x50\x90"sv))
        return Packing::bzip2;
    if (start.size() < 4) return Packing::plain;
    const auto magic = load_le<std::uint32_t>(start.data());
    if (magic == 0xfd2fb528 || (magic & 0xfffffff0) == 0x184d2a50) return Packing::zstd;
    if (magic == 0x184d2204 || magic == 0x184c2102) return Packing::lz4;
    return Packing::plain;
}

std::uint64_t zstd_window(ByteView start) {
    if (start.size() < 6 || load_le<std::uint32_t>(start.data()) != 0xfd2fb528) return 0;
    constexpr unsigned single_segment = 0x20;  // the window is the content, whose size follows
    if ((std::to_integer<unsigned>(start[4]) & single_segment) != 0) return 0;
    const auto descriptor = std::to_integer<unsigned>(start[5]);
    const std::uint64_t base = std::uint64_t{1} << (10 + (descriptor >> 3));
    return base + base / 8 * (descriptor & 7U);
}

}  // namespace rpixen
