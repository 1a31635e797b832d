#include "format/uboot_image.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void uboot_image(ByteView input) {
    parse_uboot_image(input);
    const Bytes file(input.begin(), input.end());
    run_script({{"image", file}},
               "load mmc 0:1 1000000 image; imxtract 1000000 0 2000000; source 1000000; bootm 1000000");
    run_script({{"image", file}}, "load mmc 0:1 1000000 image; bootm 1000000 1000000 2600000");
}

}  // namespace rpixen::fuzz
