#pragma once

#include <string>

#include "base/bytes.hpp"
#include "devicetree/device_tree.hpp"
#include "support/run.hpp"

namespace rpixen::test {

/// Compiles device tree source with dtc; `symbols` as dtc -@.
inline Bytes dtc(const std::string& source, bool symbols = false) {
    std::vector<std::string> argv{"dtc", "-q", "-I", "dts", "-O", "dtb"};
    if (symbols) argv.emplace_back("-@");
    return to_bytes(run_ok(argv, source));
}

inline DeviceTree tree_of(const std::string& source, bool symbols = false) {
    return DeviceTree::parse(dtc(source, symbols), "test.dtb");
}

/// The other way round: what dtc reads.
inline std::string source_of(const DeviceTree& tree) {
    return run_ok({"dtc", "-q", "-I", "dtb", "-O", "dts"}, std::string(as_text(tree.bytes())));
}

/// A Raspberry Pi 4's tree in small, as Linux up to 7.0 has it.
inline const char* const old_board = R"(/dts-v1/;
/memreserve/ 0x0 0x1000;
/ {
    compatible = "raspberrypi,4-model-b", "brcm,bcm2711";
    model = "Raspberry Pi 4 Model B";
    #address-cells = <2>;
    #size-cells = <1>;
    aliases { serial1 = "/soc/serial@7e215040"; pcie0 = "/scb/pcie@7d500000"; emmc2bus = "/emmc2bus"; };
    chosen { stdout-path = "serial1:115200n8"; };
    reserved-memory {
        #address-cells = <2>;
        #size-cells = <1>;
        ranges;
        linux,cma { size = <0x4000000>; };
        nvram@0 { reg = <0 0 0>; status = "disabled"; };
        fixed@10000000 { reg = <0 0x10000000 0x100000>; };
    };
    soc {
        #address-cells = <1>;
        #size-cells = <1>;
        uart1: serial@7e215040 { compatible = "brcm,bcm2835-aux-uart"; reg = <0x7e215040 0x40>; };
    };
    emmc2bus { };
    scb {
        #address-cells = <2>;
        #size-cells = <2>;
        pcie0: pcie@7d500000 { compatible = "brcm,bcm2711-pcie"; reg = <0 0x7d500000 0 0x9310>; };
        gpu@7ec00000 { reg = <0 0x7ec00000 0 0x1000>; };
    };
};
)";

}  // namespace rpixen::test
