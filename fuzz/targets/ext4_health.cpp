#include "fs/ext4/health.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void ext4_health(ByteView input) {
    std::vector<Problem> problems;
    std::vector<std::string> unproven;
    check_ext4(file_of(input), {0, input.size()}, problems, unproven, {});
}

}  // namespace rpixen::fuzz
