#include "artifact/boot_binaries.hpp"
#include "follow/boot_files.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void xen(ByteView input) {
    survey_xen("xen", content_of(input));
    xen_build_config(content_of(input));
}

}  // namespace rpixen::fuzz
