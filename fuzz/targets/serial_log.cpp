#include <rpixen/console.hpp>

#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void serial_log(ByteView input) {
    const auto file = file_of(input);
    read_boot_log("/proc/self/fd/" + std::to_string(file->descriptor())).text();
}

}  // namespace rpixen::fuzz
