#include "format/zboot.hpp"

namespace rpixen {

std::optional<ZbootHeader> parse_zboot(ByteView start) {
    if (start.size() < ZbootHeader::size) return std::nullopt;
    const std::string_view text = as_text(start.first(ZbootHeader::size));
    if (!text.starts_with("MZ") || text.substr(4, 4) != "zimg") return std::nullopt;
    // The name ends with a NUL, at the latest at LINUX_PE_MAGIC (byte 0x38).
    const std::string_view name = text.substr(24, 0x38 - 24);
    return ZbootHeader{load_le<std::uint32_t>(start.data() + 8), load_le<std::uint32_t>(start.data() + 12),
                       std::string(name.substr(0, name.find('\0')))};
}

}  // namespace rpixen
