#include "boot/config_txt.hpp"
#include "board/board_model.hpp"
#include "follow/boot_files.hpp"
#include "follow/firmware/firmware_tree.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void config_txt(ByteView input) {
    parse_config_txt(as_text(input), "config.txt");
    const FileTree boot = tree_of(files_of(input));
    firmware_tree(boot, survey_firmware(boot, &raspberry_pi_4b()));
    survey_firmware(boot, nullptr);
}

}  // namespace rpixen::fuzz
