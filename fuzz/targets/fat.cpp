#include "fs/fat/reader.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void fat(ByteView input) {
    std::vector<Problem> damages;
    const FatVolume volume = read_fat(file_of(input), {0, input.size()}, damages);
    read_every_file(volume.tree);
}

}  // namespace rpixen::fuzz
