#include "rules/config_keys.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

TEST(ConfigKeys, are_those_of_the_documentation_and_of_the_firmware) {
    for (const char* key : {"arm_64bit",
                            "kernel",
                            "enable_uart",
                            "dtoverlay",
                            "dtparam",
                            "initramfs",
                            "gpu_mem",
                            "gpu_mem_1024",
                            "hdmi_group",
                            "hdmi_group:1",
                            "awb_auto_is_greyworld",
                            "pwm_sample_bits",
                            "power_force_3v3_pwm",
                            "over_voltage_sdram_p",
                            "display_auto_detect",
                            "uart_2ndstage",
                            "auto_initramfs",
                            "boot_ramdisk",
                            "force_mac_address",
                            "decode_MPG2",
                            "sdram_freq_min"})
        EXPECT_TRUE(is_config_key(key)) << key;
}

TEST(ConfigKeys, that_are_misspelt_are_none) {
    for (const char* key :
         {"enable_uart1", "enable_uarts", "disable_bt", "device_tree_adress", "dtoverlays", "dt_overlay",
          "kernel_adress", "uart_2ndstages", "boot_dely", "arm64bit", "xen_cmdline", "ramdisk_address", "Kernel"})
        EXPECT_FALSE(is_config_key(key)) << key;
}

}  // namespace
}  // namespace rpixen
