#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void uboot_shell(ByteView input) {
    const auto files = files_of(input);
    run_script(files, std::string(as_text(files.at("/"))));
}

}  // namespace rpixen::fuzz
