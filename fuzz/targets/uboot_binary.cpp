#include "follow/boot_files.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void uboot_binary(ByteView input) {
    survey_uboot("u-boot.bin", content_of(input));
}

}  // namespace rpixen::fuzz
