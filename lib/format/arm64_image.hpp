#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace rpixen {

/// The header of a raw arm64 Image (Linux and Xen), 64 bytes, little endian.
/// Facts: Linux Documentation/arch/arm64/booting.rst; Xen xen/arch/arm/arm64/head.S writes the same.
struct Arm64ImageHeader {
    static constexpr std::size_t size = 64;             ///< bytes
    static constexpr std::uint32_t magic = 0x644d5241;  ///< "ARM\x64" at byte 56
    enum class PageSize : std::uint8_t { unspecified = 0, kib4 = 1, kib16 = 2, kib64 = 3 };

    std::uint64_t text_offset = 0;  ///< byte 8: bytes from a 2 MiB aligned base to the load place
    std::uint64_t image_size = 0;   ///< byte 16: bytes in memory, .bss included; 0 in kernels before 3.17
    std::uint64_t flags = 0;        ///< byte 24
    std::uint32_t pe_offset = 0;    ///< byte 60: of the PE header where the Image is an EFI program, else 0

    /// Bit 0: the kernel's byte order.
    bool little_endian() const { return (flags & 1U) == 0; }
    /// Bits 1 and 2.
    PageSize page_size() const { return static_cast<PageSize>((flags >> 1) & 3U); }
    /// Bit 3: the 2 MiB aligned base may be anywhere in memory. Where it is clear, U-Boot's booti moves the
    /// Image to the start of RAM (arch/arm/lib/image.c booti_setup).
    bool anywhere_in_memory() const { return (flags & 8U) != 0; }

    friend bool operator==(const Arm64ImageHeader&, const Arm64ImageHeader&) = default;
};

/// Nothing where `start` is shorter than 64 bytes or does not carry the magic.
std::optional<Arm64ImageHeader> parse_arm64_image(ByteView start);

}  // namespace rpixen
