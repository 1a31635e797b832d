#include "emulator/raspi4b_gaps.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace rpixen {
namespace {

/// A device of the BCM2711 that QEMU 9.0 to 10.0 do not model (hw/arm/bcm2838_peripherals.c, raspi4b.c).
/// Named by what its driver binds to, because node names change between releases (/scb became
/// /scb-bus@fc000000).
struct MissingDevice {
    std::string_view compatible;
    std::string_view what;
};
constexpr std::array missing_devices = {
    MissingDevice{"brcm,bcm2711-l2-intc", "no HDMI interrupt controller"},
    MissingDevice{"brcm,brcm2711-dvp", "no HDMI clock"},
    MissingDevice{"brcm,bcm2711-hdmi-i2c", "no HDMI"},
    MissingDevice{"brcm,bcm2711-hdmi0", "no HDMI"},
    MissingDevice{"brcm,bcm2711-hdmi1", "no HDMI"},
    MissingDevice{"brcm,bcm2711-hvs", "no video scaler"},
    MissingDevice{"brcm,bcm2711-vec", "no composite video"},
    MissingDevice{"brcm,bcm2835-txp", "no video write-back"},
    MissingDevice{"brcm,bcm2835-dsi0", "no DSI"},
    MissingDevice{"brcm,bcm2711-dsi1", "no DSI"},
    MissingDevice{"brcm,bcm2711-vc5", "no graphics"},
    MissingDevice{"brcm,2711-v3d", "no graphics"},
    MissingDevice{"brcm,bcm2711-pcie", "no PCIe, so no USB"},
    MissingDevice{"brcm,bcm2711-genet-v5", "no Ethernet"},
    MissingDevice{"brcm,bcm2711-rng200", "no random number generator"},
    MissingDevice{"brcm,bcm2711-thermal", "no temperature sensor"},
    // QEMU puts the card on the SDIO controller; without this one dom0 calls that mmcblk0, as on a board.
    MissingDevice{"brcm,bcm2711-emmc2", "the card is on the SDIO controller"},
};

/// A reference that leads nowhere in the emulator: its cell becomes 0, which is no phandle.
struct DeadReference {
    std::string_view compatible;
    std::string_view property;
    std::string_view what;
};
constexpr std::array dead_references = {
    // The power sequence belongs to the Wi-Fi chip that a board has on this controller.
    DeadReference{"brcm,bcm2835-sdhci", "mmc-pwrseq", "the card needs no power sequence"},
};

constexpr std::string_view nobody = "none";

}  // namespace

std::vector<std::string> apply_raspi4b_gaps(DeviceTree& tree) {
    std::vector<std::string> edits;
    for (const MissingDevice& device : missing_devices) {
        for (const std::string& path : tree.compatible_nodes(device.compatible)) {
            // Names that no driver knows, as long as the old ones: "brcm,bcm2711-hvs" becomes
            // "none,bcm2711-hvs".
            std::string names(as_text(*tree.property(path, "compatible")));
            for (std::size_t at = 0, end = 0; (end = names.find('\0', at)) != std::string::npos; at = end + 1) {
                const std::size_t length = std::min(nobody.size(), end - at);
                names.replace(at, length, nobody.substr(0, length));
            }
            tree.set_property(path, "compatible", as_bytes(names));
            edits.push_back(path + ": " + std::string(device.what));
        }
    }
    for (const DeadReference& reference : dead_references) {
        for (const std::string& path : tree.compatible_nodes(reference.compatible)) {
            const auto value = tree.property(path, reference.property);
            if (!value) continue;
            const Bytes nothing(value->size());
            tree.set_property(path, reference.property, nothing);
            edits.push_back(path + "/" + std::string(reference.property) + ": " + std::string(reference.what));
        }
    }
    return edits;
}

}  // namespace rpixen
