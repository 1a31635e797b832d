#include "fs/ext4/reader.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void ext4(ByteView input) {
    std::vector<Problem> damages;
    read_every_file(read_ext4(file_of(input), {0, input.size()}, damages));
}

}  // namespace rpixen::fuzz
