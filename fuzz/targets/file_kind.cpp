#include "artifact/file_kind.hpp"
#include "artifact/apple_double.hpp"
#include "artifact/boot_binaries.hpp"
#include "artifact/foreign_kind.hpp"
#include "card/file_system.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "unpack/packing.hpp"

namespace rpixen::fuzz {

void file_kind(ByteView input) {
    describe(detect_file_kind(input), input);
    detect_foreign_kind(input);
    detect_packing(input);
    zstd_window(input);
    is_apple_double("._name", input.size(), input);
    firmware_build_date(content_of(input));
    detect_file_system(memory_content(Bytes(input.begin(), input.end()), "input").source, {0, input.size()});
}

}  // namespace rpixen::fuzz
