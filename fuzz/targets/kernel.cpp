#include "artifact/boot_binaries.hpp"
#include "follow/boot_files.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void kernel(ByteView input) {
    survey_kernel("Image", content_of(input));
    can_be_program(content_of(input));
    parse_kernel_config(as_text(input));
}

}  // namespace rpixen::fuzz
