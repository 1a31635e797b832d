#include "format/arm64_image.hpp"

namespace rpixen {

std::optional<Arm64ImageHeader> parse_arm64_image(ByteView start) {
    if (start.size() < Arm64ImageHeader::size) return std::nullopt;
    const std::byte* header = start.data();
    if (load_le<std::uint32_t>(header + 56) != Arm64ImageHeader::magic) return std::nullopt;
    return Arm64ImageHeader{load_le<std::uint64_t>(header + 8), load_le<std::uint64_t>(header + 16),
                            load_le<std::uint64_t>(header + 24), load_le<std::uint32_t>(header + 60)};
}

}  // namespace rpixen
