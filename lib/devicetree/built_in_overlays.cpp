#include "devicetree/built_in_overlays.hpp"

#include <span>

extern "C" {
extern const unsigned char rpixen_embedded_pi4_64_xen_dtbo[];
extern const unsigned long rpixen_embedded_pi4_64_xen_dtbo_size;
}

namespace rpixen {

std::optional<ByteView> built_in_overlay(std::string_view name) {
    if (name == "pi4-64-xen")
        return std::as_bytes(std::span(rpixen_embedded_pi4_64_xen_dtbo, rpixen_embedded_pi4_64_xen_dtbo_size));
    return std::nullopt;
}

}  // namespace rpixen
