#include "follow/efi/xen_config.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void xen_config(ByteView input) {
    parse_xen_config(as_text(input));
    xen_config_names(std::string(as_text(input)));
}

}  // namespace rpixen::fuzz
