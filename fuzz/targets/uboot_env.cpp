#include "format/uboot_env.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void uboot_env(ByteView input) {
    parse_uboot_env(input);
    find_default_env(input);
    const Bytes file(input.begin(), input.end());
    run_script({{"env", file}},
               "load mmc 0:1 100000 env; env import -t 100000 ${filesize}; printenv; run bootcmd; run a");
    run_script({{"env", file}}, "load mmc 0:1 100000 env; env import -b 100000 ${filesize}; printenv");
    run_script({{"env", file}}, "load mmc 0:1 100000 env; env import -c 100000 ${filesize} a b; printenv");
}

}  // namespace rpixen::fuzz
