#include "format/uboot_script.hpp"
#include "follow/boot_script.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void uboot_script(ByteView input) {
    parse_uboot_script(input);
    read_script("boot.scr", content_of(input));
}

}  // namespace rpixen::fuzz
